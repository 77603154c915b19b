"""The recipes of docs/recipes.md, run as they stand there."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from PIL import Image

from scripts.npm import find_node
from tests.e2e.conftest import PAINTING
from tests.support.servers.server_process import ROOT, ServerProcess
from tests.support.tiny_model import write_lora, write_tiny_model

ORIGIN = "https://app.example.org"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEXT = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def recipe(title: str, language: str) -> str:
    """The first block in `language` under the heading."""
    chapter = next(part for part in TEXT.split("\n## ") if part.startswith(title))
    return next(code for name, code in BLOCK.findall(chapter) if name == language)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A key of an account; other origins may call with it."""
    folder = tmp_path_factory.mktemp("recipes")
    write_lora(folder / "loras" / "jade-v1.safetensors", "jade woman")
    settings = {
        "STUDIO_BASE_MODEL": str(write_tiny_model(folder / "model")),
        "STUDIO_LORA_DIR": str(folder / "loras"),
        "STUDIO_CORS_ORIGINS": ORIGIN,
    }
    with ServerProcess(folder, settings, module=PAINTING, is_watched=True) as process:
        process.start()
        account = {"email": "ada@example.org", "password": "a long password of the tests"}
        assert process.http.post("/api/auth/register", json=account).status_code == 202
        assert process.http.post("/api/auth/login", json=account).status_code == 200
        yield process


def run(server: ServerProcess, command: Sequence[str], folder: Path) -> str:
    """What it prints. It gets a key of its own."""
    csrf = {"x-csrftoken": server.http.cookies["csrftoken"]}
    wish = {"name": "recipes", "scopes": ["generate", "read", "on_behalf"]}
    key = server.http.post("/api/keys", json=wish, headers=csrf).json()["key"]
    environment = {**os.environ, "STUDIO_URL": server.url, "STUDIO_KEY": key}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_curl(server: ServerProcess, tmp_path: Path) -> None:
    output = run(server, ["bash", "-euo", "pipefail", "-c", recipe("curl", "sh")], tmp_path)
    assert '"status":"completed"' in output
    (file,) = tmp_path.iterdir()
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert names == ["jade-woman-red-dress-beach-sunset-7.jpg", "jade-woman-red-dress-beach-sunset-8.jpg"]
        assert Image.open(io.BytesIO(archive.read(names[0]))).size == (64, 64)


def test_python(server: ServerProcess, tmp_path: Path) -> None:
    output = run(server, [sys.executable, "-c", recipe("Python", "python")], tmp_path)
    assert output.splitlines()[1] == "jade-woman-red-dress-beach-sunset-8.jpg seed 8"
    assert sorted(path.name for path in tmp_path.iterdir()) == [line.split()[0] for line in output.splitlines()]


def test_the_next_js_route_handler(server: ServerProcess, tmp_path: Path) -> None:
    node = find_node(lambda command, folder, environment: subprocess.call(command, cwd=folder, env=environment))
    (tmp_path / "route.mjs").write_text(recipe("A Next.js route handler", "js"), encoding="utf-8")
    script = """
        import { POST } from "./route.mjs";
        const ask = (body) => POST(new Request("http://page/api/pictures", {
            method: "POST", headers: { "x-visitor": "bo" }, body: JSON.stringify(body) }));
        const [made, refused] = [await ask({ prompt: "red dress" }), await ask({ prompt: "" })];
        console.log(JSON.stringify([made.status, await made.json(), refused.status, await refused.json()]));
    """
    (tmp_path / "try.mjs").write_text(script, encoding="utf-8")
    command = [str(node.folder / "node"), "try.mjs"]
    status, job, refused_status, refused = json.loads(run(server, command, tmp_path))
    assert (status, refused_status) == (200, 400)
    assert refused["errors"][0]["field"] == "prompt"
    with httpx.stream("GET", job["events_url"], headers={"Origin": ORIGIN}, timeout=60) as events:
        assert events.headers["access-control-allow-origin"] == ORIGIN
        output = "".join(events.iter_text())
    assert re.findall(r"^event: (image|completed)$", output, re.MULTILINE) == ["image", "completed"]
    assert httpx.get(f"{server.url}/api/result/{job['job_id']}").status_code == 404  # the visitor's


def test_a_page_of_another_host_is_let_in(server: ServerProcess, tmp_path: Path) -> None:
    command = recipe("The page on a host of its own", "sh")
    assert ORIGIN in run(server, ["bash", "-euo", "pipefail", "-c", command], tmp_path)
    with pytest.raises(AssertionError):
        run(server, ["bash", "-euo", "pipefail", "-c", command.replace("app.example", "evil.example")], tmp_path)
