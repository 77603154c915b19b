"""scripts/setup.sh before it downloads anything: which torch is installed, with an NVIDIA driver made of a few lines
and a pip that only takes notes."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

PYTHON = """#!/usr/bin/env bash
echo "python $*" >>calls
case "$*" in
*--report*) cat ;;                                       # pip's answer
*json.load*) echo cuda ;;                                # the build that pip would take
*m.version*) exit 1 ;;                                    # torch is not installed
*metadata.requires*) exit 1 ;;                           # and then it is not the CPU build
esac
"""
UV = """#!/usr/bin/env bash
echo "uv $*" >>calls
exit "${UV_EXIT:-0}"
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout with a driver, a Python and a uv that write down how they are called."""
    for name, text in {".venv/bin/python": PYTHON, "bin/uv": UV, "constraints.txt": "torch==2.13.0\n"}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    return tmp_path


def drive(machine: Path, version: str) -> None:
    smi = machine / "bin" / "nvidia-smi"
    smi.write_text(f"#!/usr/bin/env bash\necho '{version}'\n")
    smi.chmod(0o755)


def install_torch(machine: Path, **environment: str) -> tuple[int, str, str]:
    """Exit code, messages, and how pip and uv were called."""
    script = f"source {ROOT}/scripts/setup.sh; install_torch cuda"
    path = f"{machine / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=machine,
        env={"PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.returncode, done.stderr, (machine / "calls").read_text()


@pytest.mark.parametrize("version", ["580.65.06", "590.12", "[N/A]"])
def test_a_new_driver_gets_the_build_of_pypi(machine: Path, version: str) -> None:
    drive(machine, version)
    code, messages, calls = install_torch(machine)
    assert (code, "uv" in calls) == (0, False)
    assert "about 3 GB to download (torch with CUDA)" in messages


@pytest.mark.parametrize("version", ["535.183.01", "570.133.07", "579.99"])
def test_an_old_driver_gets_a_build_for_its_own_cuda(machine: Path, version: str) -> None:
    drive(machine, version)
    code, messages, calls = install_torch(machine)
    assert code == 0
    assert f"The NVIDIA driver here is {version}" in messages and "580 or newer" in messages
    assert "--torch-backend auto" in calls


def test_without_such_a_build_it_ends_before_the_download(machine: Path) -> None:
    drive(machine, "550.54.14")
    code, messages, calls = install_torch(machine, UV_EXIT="1")
    assert code == 1
    assert "STUDIO_DEVICE=cpu" in messages and "nvidia-driver-580" in messages
    assert "pip install -c" not in calls


def test_a_gpu_that_is_not_wanted_is_left_alone(machine: Path) -> None:
    drive(machine, "550.54.14")
    code, _, calls = install_torch(machine, STUDIO_DEVICE="cpu")
    assert code == 0
    assert "--torch-backend cpu" in calls


def test_xformers_is_installed_on_request_only() -> None:
    """Its newest wheel is built for another torch: it cannot load its kernels next to ours."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [name for name, packages in extras.items() if any("xformers" in each for each in packages)] == ["xformers"]
    for script in ("scripts/serve", "scripts/setup.sh", "Dockerfile.cuda", ".ci/run"):
        assert "xformers" not in (ROOT / script).read_text()


def test_the_image_is_for_the_cuda_and_the_driver_of_torch() -> None:
    """The number of the driver is that of the first for this CUDA: NVIDIA's table of minor version compatibility."""
    dockerfile = (ROOT / "Dockerfile.cuda").read_text()
    assert "nvidia/cuda:13.0." in dockerfile and "STUDIO_DEVICE=cuda" in dockerfile
    assert "OLDEST_DRIVER=580 " in (ROOT / "scripts" / "setup.sh").read_text()
