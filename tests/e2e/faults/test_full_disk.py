"""kill -9 on a full disk: the next start is refused in one line, and what was accepted is made once there is room."""

import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import httpx
from PIL import Image

from tests.e2e.conftest import NewServer
from tests.support.event_reader import EventReader
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ServerProcess


def limit_files(server: ServerProcess, max_bytes: int) -> None:
    """The kernel lets the server write no file beyond this size, which it takes as a full disk."""
    assert server.process is not None
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (max_bytes, hard))


@contextmanager
def limited_from_the_start(max_bytes: int) -> Iterator[None]:
    """Processes that begin meanwhile inherit it; this one writes nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def is_unready(server: ServerProcess) -> bool:
    try:
        return server.http.get("/readyz").status_code == 503
    except httpx.TransportError:
        return False


def test_kill_9_on_a_full_disk(new_painting_server: NewServer) -> None:
    with new_painting_server("full") as server:
        server.is_preloaded = False
        server.start()
        jobs = [submit(server, steps=60, num_images=2, format="png", seed=10 * n) for n in range(3)]
        EventReader(server.url, jobs[0]).wait_until(lambda reader: len(reader.named("image")) >= 1)
        limit_files(server, 0)
        refused = server.http.post("/api/generate", json={"prompt": "a" * 2000})
        assert refused.status_code in (503, 507), refused.text
        until(lambda: is_unready(server))
        server.kill()

        with limited_from_the_start(0):
            starting = subprocess.Popen(
                server.command,
                cwd=server.folder,
                env=server.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        output, _ = starting.communicate(timeout=60)
        assert starting.returncode == 1, output
        assert "the server cannot start: the database" in output and "does not answer" in output
        assert "Traceback" not in output

        server.start()
        for job_id in jobs:
            assert ended(server, job_id)["status"] == "completed"
            assert [Image.open(BytesIO(data)).format for data in pictures(server, job_id)] == ["PNG", "PNG"]
        names = [event.name for event in EventReader(server.url, jobs[-1]).finish() if event.id]
        assert names == ["image", "image", "completed"]
        assert server.stop() == 0
        database = sqlite3.connect(server.folder / "data" / "studio.db")
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
