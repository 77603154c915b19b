"""Previews of the jobs that this worker makes, for api processes: one JSON document a line, until the job ends."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from server.errors import UNAUTHORIZED, StudioError
from server.events.hub import EventHub
from server.events.previews import Preview
from server.events.progress import ProgressTracker

PING_S = 10.0


@dataclass(frozen=True, slots=True)
class WorkerToken:
    """What an api process must send; it reads it from the worker's row."""

    value: str

    def check(self, authorization: str | None) -> None:
        """Raises StudioError (401)."""
        if not compare_digest(f"Bearer {self.value}".encode(), (authorization or "").encode()):
            raise StudioError(UNAUTHORIZED, "the token of this worker is missing or wrong")


class PreviewController(Controller):
    path = "/internal"

    @get("/jobs/{job_id:str}/previews", include_in_schema=False)
    async def previews(
        self,
        request: Request[Any, Any, Any],
        job_id: FromPath[str],
        hub: NamedDependency[EventHub],
        progress: NamedDependency[ProgressTracker],
        worker_token: NamedDependency[WorkerToken],
    ) -> Stream:
        worker_token.check(request.headers.get("authorization"))
        hub.check_room()
        return Stream(stream_previews(hub, progress, job_id), media_type="application/x-ndjson")


async def stream_previews(hub: EventHub, progress: ProgressTracker, job_id: str) -> AsyncGenerator[bytes]:
    """Previews as they are made; an empty line where there is none for a while, so that a broken connection is
    noticed."""
    loop = asyncio.get_running_loop()
    with hub.stream(job_id) as subscriber:
        while not subscriber.closed and job_id in progress.active:
            await subscriber.wait(loop.time() + PING_S)
            subscriber.progressed = subscriber.rows_changed = False
            previews = [Preview(index, image) for index, image in subscriber.take_previews()]
            yield b"".join(msgspec.json.encode(preview) + b"\n" for preview in previews) or b"\n"
