"""The wake call: a program without a shell, or a signed POST that follows no redirect."""

import asyncio
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.wake.calls import WakeCommand, WakeError, WakePost, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def program(text: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text, *arguments)


async def test_a_program_gets_its_arguments_as_they_are_and_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_ADMIN_KEY", "secret-of-the-server")
    monkeypatch.setenv("RUNPOD_API_KEY", "key-of-the-program")
    text = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[1], 'w'))"
    await WakeCommand(program(text, str(tmp_path / "seen"), "$HOME; echo 'x'"))(1)
    arguments, environment = json.loads((tmp_path / "seen").read_text())
    assert arguments[1] == "$HOME; echo 'x'"
    assert environment["RUNPOD_API_KEY"] == "key-of-the-program" and "STUDIO_ADMIN_KEY" not in environment


async def test_a_program_that_fails_is_quoted_at_its_end() -> None:
    with pytest.raises(WakeError, match=r"ended with code 3: x+ no GPU is free$") as caught:
        await WakeCommand(program("import sys; print('x' * 9999, 'no GPU is free'); sys.exit(3)"))(1)
    assert len(str(caught.value)) < 500
    with pytest.raises(WakeError, match="cannot be run: No such file"):
        await WakeCommand(("/nowhere/start",))(1)


async def test_what_a_program_leaves_behind_is_not_waited_for_and_a_slow_one_is_killed(tmp_path: Path) -> None:
    begun_s = time.monotonic()
    await WakeCommand(program("import subprocess; subprocess.Popen(['sleep', '3'])"))(1)
    slow = "import subprocess, sys; subprocess.run(['sleep', '30']); open(sys.argv[1], 'w')"
    with pytest.raises(WakeError, match="has not ended after"):
        await WakeCommand(program(slow, str(tmp_path / "ended")), timeout_s=0.3)(1)
    assert time.monotonic() - begun_s < 2.5
    assert not (tmp_path / "ended").exists()


class Receiver(ThreadingHTTPServer):
    """Records requests; answers `status`, or not at all where that is 0."""

    def __init__(self) -> None:
        self.status = 204
        self.requests: list[tuple[dict[str, str], str]] = []
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/wake"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
        if self.server.status == 0:
            self.server.ended.wait(5)
            return
        self.send_response(self.server.status)
        self.send_header("location", self.server.url + "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_post_is_signed(receiver: Receiver) -> None:
    post = WakePost(receiver.url, SECRET)
    await post(1)
    await post(2)
    (headers, body), (_, second) = receiver.requests
    sent = json.loads(body)
    assert (sent["type"], sent["data"], json.loads(second)["data"]) == ("worker.wanted", {"call": 1}, {"call": 2})
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    expected = signature(SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected
    assert receiver.requests[0][0]["webhook-id"] != receiver.requests[1][0]["webhook-id"]


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of its documentation: https://docs.svix.com/receiving/verifying-payloads/how-manual"""
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_redirects_refusals_and_silence_are_failures(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (307, 500):
        receiver.status = status
        with pytest.raises(WakeError, match=f"answers {status}"):
            await WakePost(receiver.url, SECRET)(1)
    assert len(receiver.requests) == 2, "no redirect was followed"
    receiver.status = 0
    with pytest.raises(WakeError, match="does not answer"):
        await WakePost(receiver.url, SECRET, timeout_s=0.2)(1)
    receiver.ended.set()
    with pytest.raises(WakeError, match="does not answer: ConnectError"):
        await WakePost("http://127.0.0.1:9/wake", SECRET)(1)
    await asyncio.sleep(0)
    assert SECRET not in caplog.text
