"""A role of the server in a process of its own, for a replica of Ray Serve.

`python -m deploy.ray.role MODULE` runs MODULE. Its stdin is a pipe that the replica holds: when the replica ends, in
whatever way, the pipe closes, and the process gets SIGTERM: its jobs go back to the queue.
"""

import http.client
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALIVE_S = 300.0
CHECK_S = 5.0


class RoleEnded(Exception):
    """The process has ended, or does not answer. Ray replaces the replica."""


def environment_of(role: str, data_dir: str, **more: str) -> dict[str, str]:
    """The variables of a process with a role: this process's own, but for what Ray decides."""
    decided = {
        "STUDIO_ROLE": role,
        "STUDIO_DATA_DIR": data_dir,
        "STUDIO_IDLE_EXIT_MIN": "",  # Ray ends what is idle
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    return {"STUDIO_LORA_DIR": str(ROOT / "loras"), **os.environ, **decided, **more}


class RoleProcess:
    """Starts when it is made. `host`: the address at which other nodes reach it."""

    def __init__(self, role: str, host: str, module: str = "server") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=f"studio-{role}-", ignore_cleanup_errors=True)
        self._host, self._port = host, _free_port(host)
        environment = environment_of(
            role,
            str(Path(self._folder.name) / "data"),
            STUDIO_HOST=host,
            STUDIO_PORT=str(self._port),
            STUDIO_WORKER_URL=f"http://{host}:{self._port}",
        )
        command = (sys.executable, "-m", "deploy.ray.role", module)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, env=environment, cwd=self._folder.name, start_new_session=True
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_alive(self) -> None:
        """Until /healthz answers; the model may be loading then. Blocks. Raises RoleEnded."""
        end_s = time.monotonic() + ALIVE_S
        while True:
            try:
                return self.check()
            except RoleEnded:
                if self._process.poll() is not None or time.monotonic() > end_s:
                    self.stop(0)
                    raise
            time.sleep(0.1)

    def check(self) -> None:
        """Blocks for up to CHECK_S. Raises RoleEnded."""
        if (code := self._process.poll()) is not None:
            raise RoleEnded(f"the process ended with {code}")
        connection = http.client.HTTPConnection(self._host, self._port, timeout=CHECK_S)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"{self._host}:{self._port}"})
            if (status := connection.getresponse().status) != 200:
                raise RoleEnded(f"/healthz answers {status}")
        except (OSError, http.client.HTTPException) as error:
            raise RoleEnded(f"/healthz does not answer: {error}") from error
        finally:
            connection.close()

    def stop(self, timeout_s: float) -> None:
        """SIGTERM, and after `timeout_s` SIGKILL. Blocks. Does nothing the second time."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._folder.cleanup()


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return probe.getsockname()[1]


def _end_with_the_parent() -> None:
    os.read(0, 1)  # returns when the pipe closes: nothing is ever written
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
