"""deploy/runpod/pod.py against a fake of RunPod's REST API: https://docs.runpod.io/api-reference/pods/GET/pods/podId"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from server.wake.calls import WakeCommand, WakeError
from tests.support.servers.server_process import ROOT

SCRIPT = ROOT / "deploy" / "runpod" / "pod.py"
KEY, POD = "rpa_0123456789abcdef", "xedezhzb9la3ye"


class FakeRunPod(ThreadingHTTPServer):
    """One pod. `refusal`: status and text with which it answers a start."""

    def __init__(self) -> None:
        self.status = "EXITED"
        self.calls: list[str] = []
        self.refusal: tuple[int, str] | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: FakeRunPod

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer({"start": "RUNNING", "stop": "EXITED"})

    def _answer(self, actions: dict[str, str]) -> None:
        fake, parts = self.server, self.path.split("/")
        fake.calls.append(f"{self.command} {self.path}")
        action = parts[4] if len(parts) > 4 else None
        if self.headers["authorization"] != f"Bearer {KEY}":
            return self._send(401, {"error": "Unauthorized"})
        if parts[1:4] != ["v1", "pods", POD] or (action is not None and action not in actions):
            return self._send(404, {"error": "pod not found"})
        if action == "start" and fake.refusal is not None:
            return self._send(fake.refusal[0], {"error": fake.refusal[1]})
        if action is not None:
            fake.status = actions[action]
        return self._send(200, {"id": POD, "desiredStatus": fake.status, "costPerHr": "0.34"})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("location", f"{self.server.url}/pods/{POD}")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def runpod() -> Iterator[FakeRunPod]:
    fake = FakeRunPod()
    thread = threading.Thread(target=fake.serve_forever, args=(0.02,))
    thread.start()
    yield fake
    fake.shutdown()
    thread.join()
    fake.server_close()


def pod(runpod: FakeRunPod, *arguments: str, **changes: str) -> tuple[int, str]:
    """Exit code and output."""
    environment = {"RUNPOD_REST_URL": runpod.url, "RUNPOD_API_KEY": KEY, "RUNPOD_POD_ID": POD, **changes}
    command = [sys.executable, "-S", str(SCRIPT), *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=30)
    assert KEY not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_pod_is_started_and_stopped_once(runpod: FakeRunPod) -> None:
    assert pod(runpod, "status") == (0, "EXITED\n")
    assert pod(runpod, "start") == (0, f"pod {POD}: start requested\n")
    assert pod(runpod, "start") == (0, f"pod {POD} is RUNNING already\n")
    assert pod(runpod, "stop") == (0, f"pod {POD}: stop requested\n")
    assert runpod.status == "EXITED"
    assert [call for call in runpod.calls if call.startswith("POST")] == [
        f"POST /v1/pods/{POD}/start",
        f"POST /v1/pods/{POD}/stop",
    ]


def test_refusals_are_said_without_the_key(runpod: FakeRunPod) -> None:
    runpod.refusal = (500, f"There are not enough free GPUs on the host machine; key {KEY}")
    code, output = pod(runpod, "start")
    assert code == 1 and "answers 500: " in output and "not enough free GPUs" in output
    runpod.refusal = (307, "elsewhere")
    assert pod(runpod, "start")[0] == 1
    assert runpod.calls[-1].startswith("POST"), "no redirect was followed"
    code, output = pod(runpod, "start", RUNPOD_API_KEY="rpa_wrong")
    assert (code, "answers 401" in output) == (1, True)
    code, output = pod(runpod, "start", RUNPOD_REST_URL="http://127.0.0.1:9/v1")
    assert (code, "does not answer" in output) == (1, True)


def test_wrong_use_is_refused_before_a_call(runpod: FakeRunPod) -> None:
    wrong = [pod(runpod), pod(runpod, "restart"), pod(runpod, "start", RUNPOD_POD_ID="../user")]
    assert [code for code, _ in wrong] == [2, 2, 2]
    assert runpod.calls == []


async def test_it_is_a_wake_command(runpod: FakeRunPod, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RUNPOD_REST_URL", runpod.url), ("RUNPOD_API_KEY", KEY), ("RUNPOD_POD_ID", POD)):
        monkeypatch.setenv(name, value)
    await WakeCommand((sys.executable, str(SCRIPT), "start"))(1)
    assert runpod.status == "RUNNING"
    runpod.status, runpod.refusal = "EXITED", (500, "no GPU")
    with pytest.raises(WakeError, match=r"ended with code 1: pod .* answers 500"):
        await WakeCommand((sys.executable, str(SCRIPT), "start"))(2)
