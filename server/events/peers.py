"""What the processes on one PostgreSQL tell each other, so that each can answer for jobs that another one makes.

    here       I am alive, and somebody here watches these jobs
    queue      a job was accepted
    rows       rows of a job have changed: its readers look at once
    ended      a job has ended or was taken away: whoever makes it stops
    progress   how far my jobs are, a few times a second, while there are others
    preview    a part of a picture in the making, of a job that somebody elsewhere watches
    loras      the table of LoRAs was switched

All of it only makes things faster: what a process misses it reads from the tables within a second. With SQLite there is
no channel, and nothing is sent.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from server.db.channel import MAX_BYTES
from server.db.session import Database
from server.events.progress import ProgressTracker, RemoteProgress

TICK_S = 0.25
HERE_S = 3.0
GONE_S = 10.0
"""A process that has not been heard for so long is gone, and so are its watchers."""
MAX_IDS = 150  # in one text
MAX_JOBS = 40
PART_BYTES = 7000


class Ears(Protocol):
    """What happens here when another process tells something."""

    def wake(self) -> None: ...
    def rows_changed(self, job_id: str) -> None: ...
    def stop_making(self, job_id: str) -> None: ...
    def progressed(self, job_id: str) -> None: ...
    def show_preview(self, job_id: str, index: int, address: str) -> None: ...
    def watched_jobs(self) -> Collection[str]: ...
    def loras_changed(self) -> None: ...


class PeerBus:
    """Runs on the event loop. Silent until `run`, and wherever the database has no channel."""

    def __init__(self, database: Database, outlook: ProgressTracker) -> None:
        self._name = secrets.token_hex(4)
        self._outlook = outlook
        self._channel = database.channel(self._on_message, self._connected)
        self._ears: Ears | None = None
        self._peers: dict[str, float] = {}  # name -> until when it counts as here
        self._watched: dict[str, float] = {}  # job id -> until when somebody elsewhere watches it
        self._parts: dict[tuple[str, int], list[str]] = {}

    def listen_with(self, ears: Ears) -> None:
        self._ears = ears

    @property
    def has_peers(self) -> bool:
        return any(until_s > time.monotonic() for until_s in self._peers.values())

    def watched(self, job_id: str) -> bool:
        """Does somebody watch the job in another process?"""
        return self._watched.get(job_id, 0.0) > time.monotonic()

    async def run(self) -> None:
        """Until it is cancelled."""
        if self._channel is not None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._channel.run())
                tasks.create_task(self._tell_regularly())

    # ---- to the others

    def accepted(self) -> None:
        self._tell("queue")

    def rows_changed(self, job_id: str) -> None:
        self._tell("rows", job=job_id)

    def ended(self, job_id: str) -> None:
        self._tell("ended", job=job_id)

    def loras_changed(self) -> None:
        self._tell("loras")

    def preview(self, job_id: str, index: int, address: str) -> None:
        if self.watched(job_id):
            parts = [address[at : at + PART_BYTES] for at in range(0, len(address), PART_BYTES)]
            for number, part in enumerate(parts):
                self._tell("preview", job=job_id, index=index, part=number, parts=len(parts), image=part)

    def _tell(self, kind: str, **facts: Any) -> None:
        if self.has_peers:
            self._send(kind, **facts)

    def _send(self, kind: str, **facts: Any) -> None:
        text = json.dumps({"from": self._name, "kind": kind, **facts}, separators=(",", ":"))
        if self._channel is not None and len(text) <= MAX_BYTES:
            self._channel.send(text)

    async def _tell_regularly(self) -> None:
        watched: frozenset[str] = frozenset()
        told: Mapping[str, Any] = {}
        here_at_s = 0.0
        while True:
            now_s = time.monotonic()
            wanted = frozenset(self._ears.watched_jobs() if self._ears else ())
            if now_s >= here_at_s or not wanted <= watched:
                here_at_s, watched = now_s + HERE_S, wanted
                for some in _chunks(sorted(wanted), MAX_IDS) or [[]]:
                    self._send("here", jobs=some)
            if self.has_peers:
                standing = self._outlook.standing()
                news = {job_id: each for job_id, each in standing.items() if told.get(job_id) != each}
                for ids in _chunks(news, MAX_JOBS):
                    self._send("progress", jobs={job_id: news[job_id] for job_id in ids})
                told = standing if now_s < here_at_s - TICK_S else {}  # all of it once in a while
            await asyncio.sleep(TICK_S)

    # ---- from the others

    def _connected(self) -> None:
        self._send("here", jobs=[])
        if self._ears is not None:
            self._ears.loras_changed()

    def _on_message(self, text: str) -> None:
        said = json.loads(text)
        if said["from"] == self._name or self._ears is None:
            return
        now_s = time.monotonic()
        if self._peers.get(said["from"], 0.0) < now_s:
            self._send("here", jobs=sorted(self._ears.watched_jobs())[:MAX_IDS])  # so that it knows of us at once
        self._peers = {name: until_s for name, until_s in self._peers.items() if until_s > now_s}
        self._peers[said["from"]] = now_s + GONE_S
        self._dispatch(said, self._ears, now_s)

    def _dispatch(self, said: dict[str, Any], ears: Ears, now_s: float) -> None:
        match said["kind"]:
            case "here":
                self._watched = {job_id: until_s for job_id, until_s in self._watched.items() if until_s > now_s}
                self._watched |= dict.fromkeys(said["jobs"], now_s + GONE_S)
            case "queue":
                ears.wake()
            case "rows":
                ears.rows_changed(said["job"])
            case "ended":
                ears.stop_making(said["job"])
                ears.rows_changed(said["job"])
            case "progress":
                for job_id, (progress, remaining_s, waiting) in said["jobs"].items():
                    self._outlook.update_remote(job_id, RemoteProgress(progress, remaining_s, waiting, now_s))
                    ears.progressed(job_id)
            case "preview":
                if (address := self._whole(said)) is not None:
                    ears.show_preview(said["job"], said["index"], address)
            case "loras":
                ears.loras_changed()
            case _:  # of a newer version
                pass

    def _whole(self, said: dict[str, Any]) -> str | None:
        """Parts come in order; a preview that lost one is never shown."""
        key = (said["job"], said["index"])
        parts = [*(self._parts.pop(key, []) if said["part"] else []), said["image"]]
        if len(parts) != said["part"] + 1:
            return None
        if len(parts) == said["parts"]:
            return "".join(parts)
        self._parts[key] = parts
        return None


class HereEars:
    """The ears of a process: its dispatcher, its feed, and what it does about LoRAs."""

    def __init__(self, dispatcher: "Maker", feed: "Readers", loras_changed: Callable[[], None] = lambda: None) -> None:
        self.wake = dispatcher.wake
        self.stop_making = dispatcher.stop_making
        self.rows_changed = feed.rows_changed
        self.progressed = feed.progressed
        self.show_preview = feed.show_preview
        self.watched_jobs = feed.watched_jobs
        self.loras_changed = loras_changed


class Maker(Protocol):
    def wake(self) -> None: ...
    def stop_making(self, job_id: str) -> None: ...


class Readers(Protocol):
    def rows_changed(self, job_id: str) -> None: ...
    def progressed(self, job_id: str) -> None: ...
    def show_preview(self, job_id: str, index: int, address: str) -> None: ...
    def watched_jobs(self) -> Collection[str]: ...


def _chunks(ids: Iterable[str], size: int) -> list[list[str]]:
    every = list(ids)
    return [every[at : at + size] for at in range(0, len(every), size)]
