"""Pub/sub between the processes on one PostgreSQL, over LISTEN/NOTIFY (server/db/channel.py).

Delivery is best effort. Every process also polls the tables once a second, so a lost message costs latency, never
correctness. With SQLite there is no channel, and nothing is sent. Previews do not travel here:
server/events/previews.py."""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from server.db.channel import MAX_BYTES
from server.db.session import Database
from server.engine.requests import Candidate
from server.events.messages import (
    AnyMessage,
    Here,
    JobAccepted,
    JobEnded,
    LorasChanged,
    Progress,
    RowsChanged,
    decode,
    encode,
)
from server.events.progress import ProgressTracker, RemoteProgress

TICK_S = 0.25
HERE_S = 3.0
GONE_S = 10.0
"""A process that has sent no message for this long is gone."""
MAX_JOBS = 40
"""Of one progress message."""
MAX_LORAS = 20
"""Of one message of acceptance."""


class PeerHandler(Protocol):
    """What this process does about the messages of others."""

    def job_accepted(self, job_id: str | None, loras: Collection[str]) -> None: ...
    def rows_changed(self, job_id: str) -> None: ...
    def job_ended(self, job_id: str) -> None: ...
    def progressed(self, job_id: str) -> None: ...
    def loras_changed(self) -> None: ...


class PeerBus:
    """Runs on the event loop. Silent until `run`, and wherever the database has no channel. `handler` is set before
    `run`."""

    handler: PeerHandler

    def __init__(self, database: Database, progress: ProgressTracker) -> None:
        self._name = secrets.token_hex(4)
        self._progress = progress
        self._channel = database.channel(self._on_message, self._connected)
        self._peers: dict[str, float] = {}  # name → until when it counts as alive

    @property
    def has_peers(self) -> bool:
        return any(until_s > time.monotonic() for until_s in self._peers.values())

    async def run(self) -> None:
        """Until it is cancelled."""
        if self._channel is not None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._channel.run())
                tasks.create_task(self._publish_regularly())

    # ---- to the others

    def job_accepted(self, job_id: str | None = None, loras: Collection[str] = ()) -> None:
        named = tuple(sorted(loras)) if len(loras) <= MAX_LORAS else ()
        self._publish(JobAccepted(sender=self._name, job_id=job_id, loras=named))

    def rows_changed(self, job_id: str) -> None:
        self._publish(RowsChanged(sender=self._name, job_id=job_id))

    def job_ended(self, job_id: str) -> None:
        self._publish(JobEnded(sender=self._name, job_id=job_id))

    def loras_changed(self) -> None:
        self._publish(LorasChanged(sender=self._name))

    def _publish(self, message: AnyMessage) -> None:
        if self.has_peers:
            self._send(message)

    def _send(self, message: AnyMessage) -> None:
        text = encode(message)
        if self._channel is not None and len(text) <= MAX_BYTES:
            self._channel.send(text)

    async def _publish_regularly(self) -> None:
        sent: dict[str, tuple[float, float, str | None]] = {}
        here_at_s = 0.0
        while True:
            now_s = time.monotonic()
            if now_s >= here_at_s:
                here_at_s = now_s + HERE_S
                self._send(Here(sender=self._name))
                sent = {}  # progress is sent in full once in a while
            if self.has_peers:
                snapshot = self._progress.snapshot()
                changed = {job_id: numbers for job_id, numbers in snapshot.items() if sent.get(job_id) != numbers}
                for ids in _chunks(changed, MAX_JOBS):
                    self._send(Progress(sender=self._name, jobs={job_id: changed[job_id] for job_id in ids}))
                sent = snapshot
            await asyncio.sleep(TICK_S)

    # ---- from the others

    def _connected(self) -> None:
        self._send(Here(sender=self._name))
        self.handler.loras_changed()

    def _on_message(self, text: str) -> None:
        message = decode(text)
        if message is None or message.sender == self._name:
            return
        now_s = time.monotonic()
        if self._peers.get(message.sender, 0.0) < now_s:
            self._send(Here(sender=self._name))  # so that a new process knows of this one immediately
        self._peers = {name: until_s for name, until_s in self._peers.items() if until_s > now_s}
        self._peers[message.sender] = now_s + GONE_S
        self._dispatch(message, now_s)

    def _dispatch(self, message: AnyMessage, now_s: float) -> None:
        match message:
            case Here():
                pass
            case JobAccepted():
                self.handler.job_accepted(message.job_id, message.loras)
            case RowsChanged():
                self.handler.rows_changed(message.job_id)
            case JobEnded():
                self.handler.job_ended(message.job_id)
            case Progress():
                for job_id, (progress, remaining_s, waiting) in message.jobs.items():
                    self._progress.update_remote(job_id, RemoteProgress(progress, remaining_s, waiting, now_s))
                    self.handler.progressed(job_id)
            case LorasChanged():
                self.handler.loras_changed()


class LocalPeer:
    """The handler of a process: its hub always, its worker and its LoRA folder where it has them."""

    def __init__(self, hub: "Hub", loras_changed: Callable[[], None], worker: "Worker | None" = None) -> None:
        self._hub = hub
        self._worker = worker
        self.loras_changed = loras_changed
        self.rows_changed = hub.rows_changed
        self.progressed = hub.progressed

    def job_accepted(self, job_id: str | None, loras: Collection[str]) -> None:
        if self._worker is not None:
            self._worker.queue_changed(job_id, loras)

    def job_ended(self, job_id: str) -> None:
        if self._worker is not None:
            self._worker.stop_making(job_id)
        self._hub.rows_changed(job_id)


class Hub(Protocol):
    def rows_changed(self, job_id: str) -> None: ...
    def progressed(self, job_id: str) -> None: ...


class Worker(Protocol):
    """The dispatcher of this process, or the observer of one without."""

    def job_accepted(self, candidate: Candidate, loras: Collection[str]) -> None: ...
    def queue_changed(self, job_id: str | None, loras: Collection[str]) -> None: ...
    def stop_making(self, job_id: str) -> bool: ...


def _chunks(ids: Iterable[str], size: int) -> list[list[str]]:
    every = list(ids)
    return [every[at : at + size] for at in range(0, len(every), size)]
