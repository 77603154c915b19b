"""A reader of a job's event stream that does what a browser does: it comes back with the last id it saw."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Event:
    id: str | None
    name: str
    data: dict[str, Any]


class EventReader:
    """Reads in a thread of its own until the job has ended or `timeout_s` has passed. `events` is what it got, over all
    connections; `num_connections` counts them. `told_to_come_back`: the server ended a stream by itself."""

    def __init__(self, url: str, job_id: str, timeout_s: float = 300.0, retry_s: float = 0.02) -> None:
        self.events: list[Event] = []
        self.num_connections = 0
        self.told_to_come_back = False
        self._address = f"{url}/api/jobs/{job_id}/events"
        self._deadline = time.monotonic() + timeout_s
        self._last_id: str | None = None
        self._retry_s = retry_s
        self._thread = threading.Thread(target=self._read_all, daemon=True)
        self._thread.start()

    @property
    def durable(self) -> list[Event]:
        return [event for event in self.events if event.id is not None]

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]

    def wait_until(self, reached: Callable[["EventReader"], bool]) -> None:
        while not reached(self):
            assert time.monotonic() < self._deadline, f"got {[event.name for event in self.events]}"
            time.sleep(0.005)

    def finish(self) -> list[Event]:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        assert self._ended, f"the stream did not end; got {[event.name for event in self.events]}"
        return self.events

    @property
    def _ended(self) -> bool:
        return bool(self.events) and self.events[-1].name in ENDS

    def _read_all(self) -> None:
        while not self._ended and time.monotonic() < self._deadline:
            with suppress(httpx.TransportError):  # the server is gone: a browser tries again too
                self._read_one_connection()
            time.sleep(self._retry_s)

    def _read_one_connection(self) -> None:
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        timeout = httpx.Timeout(10, read=60)
        with httpx.stream("GET", self._address, headers=headers, timeout=timeout, verify=False) as answer:
            answer.raise_for_status()
            self.num_connections += 1
            block: dict[str, str] = {}
            for line in answer.iter_lines():
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    block[name] = value
                elif block:
                    if "event" in block:
                        self._take(block)
                    else:
                        self.told_to_come_back = "retry" in block
                    block = {}

    def _take(self, block: dict[str, str]) -> None:
        self._last_id = block.get("id", self._last_id)
        self.events.append(Event(block.get("id"), block["event"], json.loads(block["data"])))
