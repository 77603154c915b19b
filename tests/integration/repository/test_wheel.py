"""The wheel carries the page that was built in the checkout."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from scripts.build_page import Build
from tests.support.servers.server_process import ROOT


def wheel_of(checkout: Path) -> list[str]:
    """Its files."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (checkout / "dist").glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_the_built_page(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("server", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("page", "*.safetensors"))
    assert [name for name in wheel_of(tmp_path) if name.startswith("server/page/")] == []
    shutil.rmtree(tmp_path / "dist")

    build = Build(tmp_path)
    built = build.folder / "page-0"
    (built / "_next" / "static").mkdir(parents=True)
    (built / "index.html").touch()
    (built / "_next" / "static" / "app.js.br").touch()
    build.switch(built)
    assert {"server/page/index.html", "server/page/_next/static/app.js.br", "server/app.py"} <= set(wheel_of(tmp_path))
