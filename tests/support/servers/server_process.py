"""A real server: `python -m server` in a process of its own on loopback, killed and started again at will."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

from tests.support.servers.ports import free_port
from tests.support.servers.preloaded import PreloadedProcess, preloader

ROOT = Path(__file__).parents[3]
START_S = 300.0
STOP_S = 60.0


class ServerProcess:
    """`with` ends it at the latest. `folder` is its working folder and takes its log; `settings` are variables of
    its environment. `module` is what runs. `is_preloaded`: its process has imported the libraries already
    (tests/support/servers/preloaded.py), unless `command` is another than that of a module. `is_watched`: a callback
    that holds the event loop of the ready server for too long fails the test (tests/support/servers/watched.py)."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        module: str = "server",
        *,
        is_watched: bool = False,
        is_preloaded: bool = True,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        watcher = ("tests.support.servers.watched",) if is_watched else ()
        self.command: tuple[str, ...] = (sys.executable, "-m", *watcher, module)
        self._starts: list[tuple[float, float]] = []  # launched, ready
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
        self.environment = {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **inherited,
            "STUDIO_PORT": str(self.port),
            "STUDIO_DATA_DIR": str(folder / "data"),
            "STUDIO_RATE_LIMIT_PER_HOUR": "0",
            "STUDIO_MAX_STREAMS_PER_CALLER": "0",
            **settings,
        }
        self.is_preloaded = is_preloaded
        self.process: subprocess.Popen[bytes] | PreloadedProcess | None = None
        self.http = httpx.Client(base_url=self.url, timeout=120)

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is not None:
            print(self.log.read_text(errors="replace"))
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.http.close()
        if kind is None:
            assert self.stalls() == []

    def stalls(self) -> list[str]:
        """What has held the event loop of the ready server for too long."""
        file = self.folder / "stalls.jsonl"
        stalls = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [
            f"{stall['held_s']:.3f} s: {stall['callback']}\n{stall['stack']}"
            for stall in stalls
            if not any(launched_s <= stall["at_s"] <= ready_s for launched_s, ready_s in self._starts)
        ]

    def start(self) -> None:
        """Returns once it is ready to make pictures."""
        self.launch()
        self.wait_for("/readyz")
        self._starts[-1] = (self._starts[-1][0], time.time())

    def launch(self) -> None:
        self._starts.append((time.time(), math.inf))
        python, option, *module = self.command
        with self.log.open("ab") as log:
            if self.is_preloaded and (python, option) == (sys.executable, "-m") and preloader().suits(self.environment):
                self.process = preloader().start(tuple(module), self.folder, self.environment, log)
            else:
                self.process = subprocess.Popen(
                    self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
                )

    def wait_for(self, path: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                if self.http.get(path).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise TimeoutError(f"{path} is not 200 after {START_S} s:\n{self.log.read_text()}")

    def kill(self) -> None:
        """kill -9: no goodbye."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def modules(self) -> set[str]:
        """Top-level names of sys.modules, of a server that paints: it writes them at SIGUSR1. All are there
        where `is_preloaded`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)
        file, deadline = self.folder / "modules.json", time.monotonic() + STOP_S
        while not file.exists():
            assert time.monotonic() < deadline, "it writes no modules.json"
            time.sleep(0.05)
        return {name.partition(".")[0] for name in json.loads(file.read_text())}

    def stop(self) -> int:
        """Ask it to end, as an operator does; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
