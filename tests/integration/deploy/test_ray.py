"""The parts of deploy/ray that are not Ray: the policy over a real database, and a role's process. What Ray does with
them: scripts/fleet/ray_fleet.py."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from deploy.ray.options import Options
from deploy.ray.policy import WorkersWanted
from deploy.ray.role import ROOT, RoleEnded, RoleProcess, environment_of
from tests.fixtures.databases import PostgresServer

SERVER = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
def end(*_):
    Path("../ended").write_text(os.environ["STUDIO_ROLE"])
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
address = os.environ["STUDIO_HOST"], int(os.environ["STUDIO_PORT"])
HTTPServer(address, Handler).serve_forever()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that answers /healthz, and notes in the folder above its own that it was asked to end."""
    (tmp_path / "small_role.py").write_text(SERVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return "small_role"


def test_a_role_answers_until_it_is_stopped_and_is_asked_to_end(module: str, tmp_path: Path) -> None:
    role = RoleProcess("worker", "127.0.0.1", module)
    role.wait_until_alive()
    role.check()
    role.stop(10)
    assert (tmp_path / "ended").read_text() == "worker"
    with pytest.raises(RoleEnded, match="ended with 0"):
        role.check()
    role.stop(10)


def test_a_role_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RoleEnded, match="ended with"):
        RoleProcess("worker", "127.0.0.1", "no_such_module").wait_until_alive()


def test_a_role_ends_with_its_parent_however_that_ends(module: str, tmp_path: Path) -> None:
    parent = """
        import time
        from deploy.ray.role import RoleProcess
        role = RoleProcess("worker", "127.0.0.1", "small_role")
        role.wait_until_alive()
        print(role.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(parent)]
    environment = environment_of("worker", str(tmp_path))
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < deadline, f"{pid} does not end"
        time.sleep(0.02)


def test_ray_decides_the_role_and_nothing_ends_an_idle_worker_but_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_ROLE", "all")
    monkeypatch.setenv("STUDIO_IDLE_EXIT_MIN", "15")
    monkeypatch.setenv("STUDIO_LORA_DIR", "/models/loras")
    found = environment_of("worker", "/data", STUDIO_PORT="1")
    names = ("STUDIO_ROLE", "STUDIO_IDLE_EXIT_MIN", "STUDIO_LORA_DIR", "STUDIO_PORT")
    assert [found[name] for name in names] == ["worker", "", "/models/loras", "1"]


async def test_the_policy_asks_the_view_and_keeps_the_number_while_the_database_is_away(
    postgres_server: PostgresServer, migrated_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"policy_{os.getpid()}"
    await postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    context = SimpleNamespace(target_num_replicas=2)
    policy = WorkersWanted(poll_s=0.0)

    async def settled() -> int:
        policy(context)
        assert policy._polling is not None
        await policy._polling
        return policy(context)[0]

    monkeypatch.setenv("STUDIO_DATABASE_URL", postgres_server.url(name))
    assert policy(context)[0] == 2  # not known yet
    assert await settled() == 0  # an empty queue wants none
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql+asyncpg://studio@127.0.0.1:1/none")
    await asyncio.sleep(0)
    assert await settled() == 2
    await asyncio.gather(*(each for each in (policy._polling,) if each is not None))
    await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_wrong_argument_is_named() -> None:
    assert Options.model_validate({"max_workers": "3", "gpus": "0.5"}).gpus == 0.5
    with pytest.raises(ValidationError, match=r"max_worker\b"):
        Options.model_validate({"max_worker": "3"})
