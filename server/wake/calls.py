"""The call that starts a worker: a program of this machine, or a signed POST to the operator's address."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import signal
import tempfile
import time
from contextlib import suppress
from typing import IO, Protocol

log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 120.0
POST_TIMEOUT_S = 10.0
MAX_OUTPUT = 300
"""Characters of a failed program's output that are logged."""
EVENT = "worker.wanted"


class WakeError(Exception):
    """The call failed; the text says why, without secrets."""


class WakeCall(Protocol):
    async def __call__(self, num_calls: int) -> None:
        """Make the call with this number since a worker was ready last, from 1. Raises WakeError."""
        ...


class WakeCommand:
    """Runs a program without a shell, and without this server's settings in its environment: they hold its secrets. It
    may leave processes behind; a program that does not end in time is killed."""

    def __init__(self, words: tuple[str, ...], timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        self._words = words
        self._timeout_s = timeout_s

    async def __call__(self, num_calls: int) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
        with tempfile.TemporaryFile() as output:  # a pipe would stay open for what the program leaves behind
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._words,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise WakeError(f"{self._words[0]} cannot be run: {error.strerror or error}") from error
            try:
                async with asyncio.timeout(self._timeout_s):
                    code = await process.wait()
            except (TimeoutError, asyncio.CancelledError) as error:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                if isinstance(error, asyncio.CancelledError):
                    raise
                raise WakeError(f"{self._words[0]} has not ended after {self._timeout_s:.0f} s") from error
            if code != 0:
                raise WakeError(f"{self._words[0]} ended with code {code}: {_end_of(output)}")


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 4 * MAX_OUTPUT))
    return " ".join(output.read().decode(errors="replace").split())[-MAX_OUTPUT:]


class WakePost:
    """Posts JSON, signed as Standard Webhooks has it, and follows no redirect. Any 2xx is a success; the body of the
    answer is not read. https://www.standardwebhooks.com"""

    def __init__(self, url: str, secret: str, timeout_s: float = POST_TIMEOUT_S) -> None:
        import httpx  # its import takes a while, and most processes make no such call

        self._http = httpx
        self._url = url
        self._secret = secret
        self._timeout_s = timeout_s

    async def __call__(self, num_calls: int) -> None:
        at_s = int(time.time())
        body = json.dumps({"type": EVENT, "timestamp": at_s, "data": {"call": num_calls}}, separators=(",", ":"))
        message_id = f"wake_{secrets.token_hex(12)}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(self._secret, message_id, at_s, body),
        }
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._http.AsyncClient(follow_redirects=False, timeout=self._timeout_s) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                status = answer.status_code
        except (self._http.HTTPError, TimeoutError) as error:
            raise WakeError(f"STUDIO_WAKE_URL does not answer: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise WakeError(f"STUDIO_WAKE_URL answers {status}")


def signature(secret: str, message_id: str, at_s: int, body: str) -> str:
    """Header `webhook-signature`; `secret` is `whsec_` and base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{at_s}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
