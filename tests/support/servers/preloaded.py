"""Processes that have imported torch, diffusers and the server already: a server starts in half a second where
`python -m server` takes five. `python -m tests.support.servers.preloaded` imports them once and forks a process for
each order; the process runs its module as `python -m` does, in its own folder and environment, and ends by itself.

What libraries read while they are imported (LIBRARY_VARIABLES) is the same for all of them, and `sys.modules` is full
from the start: a test of either starts a process of its own.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]
LIBRARY_VARIABLES = ("HF_", "MKL_", "OMP_", "PYTHON", "PYTORCH_", "TORCH", "TRANSFORMERS_")
MAX_ORDER_BYTES = 1_000_000


class PreloadedProcess:
    """The part of `subprocess.Popen` that the tests use. The exit code arrives through `answers`."""

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self._lines = answers.makefile("rb")
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        returncode = self._wait(timeout)
        if returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._answers, selectors.EVENT_READ)
                if selector.select(timeout):
                    self.returncode = int(self._lines.readline())
                    self._lines.close()
                    self._answers.close()
        return self.returncode


class Preloader:
    """The process that forks the others; it ends them and itself when its starter ends."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **os.environ}  # as in ServerProcess
            command = (sys.executable, "-m", "tests.support.servers.preloaded", str(theirs.fileno()))
            self._environment = environment
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=(theirs.fileno(),))

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether libraries would be imported with the same variables."""
        names = {*environment, *self._environment}
        changed = (name for name in names if environment.get(name) != self._environment.get(name))
        return not any(name.startswith(LIBRARY_VARIABLES) for name in changed)

    def start(
        self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> PreloadedProcess:
        """`python -m *arguments`."""
        ours, theirs = socket.socketpair()
        with theirs:
            order = json.dumps({"arguments": arguments, "folder": str(folder), "environment": dict(environment)})
            socket.send_fds(self._orders, [order.encode()], [log.fileno(), theirs.fileno()])
        return PreloadedProcess(ours)


@cache
def preloader() -> Preloader:
    """One in each process of pytest."""
    return Preloader()


def preload() -> None:
    """All modules of the server and the pipelines, with what they import; then the model's classes."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # as server/worker/runner.py does
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    gc.disable()
    for package in ("pipelines", "server"):
        path = [str(ROOT / package)]
        for module in pkgutil.walk_packages(path, package + "."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)
    for name in ("uvicorn", "tests.support.fake_runner"):
        importlib.import_module(name)
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel  # noqa: F401
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer  # noqa: F401

    gc.freeze()
    gc.enable()
    assert threading.active_count() == 1  # a fork takes no other thread along


def fork_by_orders(orders: socket.socket) -> tuple[str, ...]:
    """Returns in the processes that were ordered, with what they run; the loop itself ends with its starter."""
    running: dict[int, tuple[int, socket.socket]] = {}  # by pidfd
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd != orders.fileno():
                    pid, answers = running.pop(key.fd)
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    with answers:
                        _tell(answers, os.waitstatus_to_exitcode(status))
                    continue
                data, fds, _, _ = socket.recv_fds(orders, MAX_ORDER_BYTES, 2)
                if not data:
                    for pid, _ in running.values():
                        os.kill(pid, signal.SIGKILL)
                    sys.exit()
                order, answers = json.loads(data), socket.socket(fileno=fds[1])
                pid = os.fork()
                if pid == 0:
                    for fd, (_, others) in running.items():
                        os.close(fd)
                        others.close()
                    answers.close()
                    orders.close()
                    return _become(order, fds[0])
                os.close(fds[0])
                _tell(answers, pid)
                pidfd = os.pidfd_open(pid)
                running[pidfd] = (pid, answers)
                selector.register(pidfd, selectors.EVENT_READ)


def _tell(answers: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # the test waits no longer
        answers.sendall(b"%d\n" % number)


def _become(order: dict[str, object], log: int) -> tuple[str, ...]:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(str(order["folder"]))
    libraries = {name: value for name, value in os.environ.items() if name.startswith(LIBRARY_VARIABLES)}
    environment: dict[str, str] = order["environment"]  # type: ignore[assignment]
    os.environ.clear()
    os.environ.update(libraries | environment)
    time.tzset()
    return tuple(order["arguments"])  # type: ignore[arg-type]


if __name__ == "__main__":
    control = socket.socket(fileno=int(sys.argv[1]))
    preload()
    sys.argv = list(fork_by_orders(control))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
