"""Previews of jobs that another process makes, read from its HTTP server (server/api/internal/preview_routes.py).

PostgreSQL's NOTIFY takes a lock over all commits, so that images do not travel there: docs/decisions/0011.
"""

import asyncio
import contextlib
import logging

import httpx
import msgspec

from server.db.session import DATABASE_ERRORS, Database
from server.events.hub import EventHub
from server.events.peers import PeerBus
from server.events.progress import ProgressTracker
from server.queue import workers

log = logging.getLogger(__name__)

LOOK_S = 0.5
MAX_STREAMS = 64
"""At the same time; further jobs have no previews until one ends."""
TIMEOUT = httpx.Timeout(5.0, read=30.0)
MAX_LINE_BYTES = 1_000_000


class Preview(msgspec.Struct, frozen=True):
    """One line of the stream. `image` is a `data:` URL."""

    index: int
    image: str


class RemotePreviews:
    """Runs on the event loop. Follows the jobs that have open streams here and are made elsewhere."""

    def __init__(self, database: Database, hub: EventHub, progress: ProgressTracker, peers: PeerBus) -> None:
        self._database = database
        self._hub = hub
        self._progress = progress
        self._peers = peers
        self._following: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            try:
                while True:
                    await asyncio.sleep(LOOK_S)
                    wanted = self._wanted()
                    for job_id in self._following.keys() - wanted:
                        self._following.pop(job_id).cancel()
                    for job_id in list(wanted - self._following.keys())[: MAX_STREAMS - len(self._following)]:
                        self._following[job_id] = asyncio.create_task(self._follow(client, job_id))
            finally:
                for task in self._following.values():
                    task.cancel()

    def _wanted(self) -> set[str]:
        return set(self._hub.streamed_jobs()) - self._progress.active if self._peers.has_peers else set()

    async def _follow(self, client: httpx.AsyncClient, job_id: str) -> None:
        """Until the worker ends the stream or cannot be reached; the next look tries again."""
        try:
            async with self._database.read() as session:
                worker = await workers.maker_of(session, job_id)
            if worker is not None and worker.url is not None:
                await self._show(client, f"{worker.url}/internal/jobs/{job_id}/previews", worker.token, job_id)
        except (httpx.HTTPError, msgspec.MsgspecError, *DATABASE_ERRORS) as error:
            log.debug("no previews of job %s: %r", job_id, error)
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(LOOK_S)
            if self._following.get(job_id) is asyncio.current_task():
                del self._following[job_id]

    async def _show(self, client: httpx.AsyncClient, url: str, token: str, job_id: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with client.stream("GET", url, headers=headers) as response:
            if not response.is_success:
                return
            async for line in response.aiter_lines():
                if line and len(line) <= MAX_LINE_BYTES:
                    preview = msgspec.json.decode(line, type=Preview)
                    self._hub.show_preview(job_id, preview.index, preview.image)
