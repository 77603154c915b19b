"""The server that is measured: a process of its own on loopback, or one that runs already."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.benchmark.report import say

ROOT = Path(__file__).resolve().parents[2]
START_S = 900.0
STOP_S = 60.0
LOG_CHARACTERS = 40000


@contextmanager
def started_server(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of a server whose data and log are in `folder`, ready to make pictures. Ends it afterwards. Raises
    RuntimeError where it does not start; whatever goes wrong, the end of its log is shown."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    own = {"STUDIO_HOST": "127.0.0.1", "STUDIO_PORT": str(port), "STUDIO_DATA_DIR": str(folder / "data")}
    own["STUDIO_RATE_LIMIT_PER_HOUR"] = own["STUDIO_MAX_STREAMS_PER_CALLER"] = "0"
    environment = {**inherited, "PYTHONPATH": str(ROOT), **own, **settings}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            (sys.executable, "-m", "server"), cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(url, process)
        yield url
    except BaseException:
        say(f"the end of the server's log:\n{(folder / 'server.log').read_text(errors='replace')[-LOG_CHARACTERS:]}")
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/readyz", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server is not ready after {START_S:.0f} s")
