"""In-process pub/sub for job events: the worker publishes, streams and waits subscribe."""

import asyncio
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager

from pipelines.plan import RawImage
from server.events.subscriber import Subscriber
from server.queue.errors import TooManyReaders
from server.storage.encoding import preview_data_url

MAX_READERS = 1000
"""Streams and waits open at the same time."""

Subscribers = dict[str, set[Subscriber]]


class EventHub:
    """Runs on the event loop. `on_rows_changed` forwards a change to the other processes."""

    def __init__(self, on_rows_changed: Callable[[str], None] = lambda job_id: None) -> None:
        self._on_rows_changed = on_rows_changed
        self.on_change: Callable[[str], None] = lambda job_id: None
        """Called before the readers of a changed job are woken."""
        self._closed = False
        self._num_readers = 0
        self._streams: Subscribers = {}
        self._waits: Subscribers = {}
        self._previews: dict[tuple[str, int], tuple[RawImage, bool]] = {}
        self._encoding: asyncio.Task[None] | None = None

    # ---- subscribers

    @contextmanager
    def stream(self, job_id: str) -> Generator[Subscriber]:
        """A subscriber of progress and previews, too. Raises TooManyReaders."""
        with self._member(self._streams, job_id) as subscriber:
            yield subscriber

    @contextmanager
    def waiting(self, job_id: str) -> Generator[Subscriber]:
        """A subscriber of changed rows. Raises TooManyReaders."""
        with self._member(self._waits, job_id) as subscriber:
            yield subscriber

    @property
    def num_readers(self) -> int:
        """Open streams and waits in this process."""
        return self._num_readers

    def check_room(self) -> None:
        """Raises TooManyReaders where no further stream or wait is admitted."""
        if self._num_readers >= MAX_READERS:
            raise TooManyReaders(MAX_READERS)

    def streamed_jobs(self) -> Collection[str]:
        """Jobs with open streams in this process."""
        return self._streams.keys()

    def close(self) -> None:
        """End all streams and waits, now and from now on."""
        self._closed = True
        self._previews.clear()
        for members in (self._streams, self._waits):
            for subscriber in [member for subscribers in members.values() for member in subscribers]:
                subscriber.closed = True
                subscriber.wake()

    # ---- publishers

    def notify(self, job_id: str) -> None:
        """The job's rows changed: subscribers read them now, in other processes too."""
        self.rows_changed(job_id)
        self._on_rows_changed(job_id)

    def rows_changed(self, job_id: str) -> None:
        """The same, for the subscribers of this process."""
        self.on_change(job_id)
        for subscriber in (*self._streams.get(job_id, ()), *self._waits.get(job_id, ())):
            subscriber.rows_changed = True
            subscriber.wake()

    def progressed(self, job_id: str) -> None:
        """One of the job's images took a step."""
        for subscriber in self._streams.get(job_id, ()):
            subscriber.progressed = True
            subscriber.wake()

    def wants_preview(self, job_id: str) -> bool:
        """True if a stream of the job is open."""
        return bool(self._streams.get(job_id))

    def preview(self, job_id: str, index: int, image: RawImage, is_blurred: bool = False) -> None:
        """Encode the preview on a thread and show it. A newer one replaces one that waits for the thread."""
        if self.wants_preview(job_id) and not self._closed:
            self._previews[job_id, index] = image, is_blurred
            if self._encoding is None or self._encoding.done():
                self._encoding = asyncio.create_task(self._encode_previews())

    def show_preview(self, job_id: str, index: int, url: str) -> None:
        """`url` is a `data:` URL."""
        for subscriber in self._streams.get(job_id, ()):
            subscriber.previews[index] = url
            subscriber.wake()

    # ---- inside

    @contextmanager
    def _member(self, members: Subscribers, job_id: str) -> Generator[Subscriber]:
        """Among `members` while the block lasts."""
        self.check_room()
        subscriber = Subscriber(self._closed)
        members.setdefault(job_id, set()).add(subscriber)
        self._num_readers += 1
        try:
            yield subscriber
        finally:
            self._num_readers -= 1
            members[job_id].discard(subscriber)
            if not members[job_id]:
                del members[job_id]

    async def _encode_previews(self) -> None:
        while self._previews:
            job_id, index = key = next(iter(self._previews))
            url = await asyncio.to_thread(preview_data_url, *self._previews.pop(key))
            self.show_preview(job_id, index, url)
