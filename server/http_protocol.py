"""The HTTP/1.1 protocol of the server's connections: uvicorn's own with h11, bounded and stricter.

- A connection without a whole request is closed: a head after `timeout_s`, a body as soon as less than
  MIN_BODY_BYTES_PER_S came in a period of `timeout_s`. Uploads that make progress and streams go on.
- Beyond `max_connections` the connection that has waited longest for a head gives way to a new one.
- Content-Length together with Transfer-Encoding is refused (RFC 9112, 6.3), so is a Host that is no host (3.2), and an
  absolute-form target is served as origin-form (3.2.2).
"""

import asyncio
import re
import resource
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import h11
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

REQUEST_TIMEOUT_S = 20.0
MIN_BODY_BYTES_PER_S = 500
BODY_CHECKS = 4
"""Of a body in each `timeout_s`: a client that had to wait for the server has three quarters of it afterwards."""

RESERVED_DESCRIPTORS = 96
"""For the database, files and the store: connections leave them."""

LISTEN_BACKLOG = 2048
MAX_DESCRIPTORS = 65_536
HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z!$&'()*+,;=._~%-]*)(:[0-9]*)?")
ABSOLUTE_FORM = re.compile(rb"https?://([^/?#]+)([^#]*)", re.IGNORECASE)


class Awaited(Enum):
    """What a connection waits for."""

    HEAD = auto()
    BODY = auto()


@dataclass(slots=True)
class Bounds:
    """Shared by the connections of one server. `without_head`: the connections that wait for a request, the longest
    first."""

    max_connections: int
    timeout_s: float = REQUEST_TIMEOUT_S
    without_head: "dict[BoundedProtocol, None]" = field(default_factory=dict["BoundedProtocol", None])


class StrictConnection(h11.Connection):
    """h11's parser with the rules on requests that it lacks."""

    def next_event(self) -> Any:
        """Raises RemoteProtocolError."""
        event = super().next_event()
        if not isinstance(event, h11.Request):
            return event
        names = {name for name, _ in event.headers}
        if names >= {b"content-length", b"transfer-encoding"}:
            raise h11.RemoteProtocolError("Content-Length together with Transfer-Encoding")
        request = origin_form(event)
        if not all(is_host(value) for name, value in request.headers if name == b"host"):
            raise h11.RemoteProtocolError("Host is no host")
        return request


def is_host(value: bytes) -> bool:
    """True if the value of a Host header can be read: `a.example:8000`, `[::1]`, or empty."""
    if HOST.fullmatch(value) is None:
        return False
    try:
        urlsplit(b"//" + value).port  # noqa: B018  # checks the port and an address in brackets
    except ValueError:
        return False
    return True


def origin_form(request: h11.Request) -> h11.Request:
    """The request with a path as its target; the authority of an absolute-form target replaces Host."""
    target = ABSOLUTE_FORM.fullmatch(request.target)
    if target is None:
        return request
    authority, rest = target.groups()
    headers = [(name, value) for name, value in request.headers if name != b"host"]
    path = rest if rest.startswith(b"/") else b"/" + rest
    return h11.Request(
        method=request.method,
        target=path,
        headers=[(b"host", authority), *headers],
        http_version=request.http_version,
    )


class BoundedProtocol(H11Protocol):
    """One connection. Runs on the event loop."""

    bounds: Bounds

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection(h11.SERVER)
        self._awaited: Awaited | None = None
        self._num_bytes = self._num_checks = 0  # since `_expect`
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.bounds.max_connections:
            oldest = next(iter(self.bounds.without_head), None)
            if oldest is None:
                self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "all connections are in use; try again in a few seconds")
                return
            oldest.drop()
        self._follow()

    def data_received(self, data: bytes) -> None:
        self._num_bytes += len(data)
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._follow()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, "this is no valid HTTP/1.1 request (RFC 9112)")

    def refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer with a problem document, unless an answer has begun, and close."""
        self._expect(None)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
            cycle.disconnected = True  # the app's receive() returns
            cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            problem = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
            body = msgspec.json.encode(problem)
            headers = [
                ("Content-Type", "application/problem+json"),
                ("Content-Length", str(len(body))),
                ("X-Content-Type-Options", "nosniff"),
                ("Connection", "close"),
            ]
            head = h11.Response(status_code=int(status), headers=headers, reason=status.phrase.encode())
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def drop(self) -> None:
        """Close without an answer."""
        self._expect(None)
        self.transport.abort()

    def _follow(self) -> None:
        """Start the timer of what is awaited now, if that has changed."""
        state = self.conn.their_state
        awaited = Awaited.HEAD if state is h11.IDLE else Awaited.BODY if state is h11.SEND_BODY else None
        if self.transport.is_closing():
            awaited = None
        if awaited is not self._awaited:
            self._expect(awaited)

    def _expect(self, awaited: Awaited | None) -> None:
        self._awaited = awaited
        self.bounds.without_head.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._num_bytes = self._num_checks = 0
        if awaited is Awaited.HEAD:
            self.bounds.without_head[self] = None
            self._timer = self.loop.call_later(self.bounds.timeout_s, self._on_timeout)
        elif awaited is Awaited.BODY:
            self._timer = self.loop.call_later(self.bounds.timeout_s / BODY_CHECKS, self._check_body)

    def _check_body(self) -> None:
        self._num_checks += 1
        if self._is_busy() or self._num_bytes >= MIN_BODY_BYTES_PER_S * self.bounds.timeout_s:
            self._expect(Awaited.BODY)
        elif self._num_checks < BODY_CHECKS:
            self._timer = self.loop.call_later(self.bounds.timeout_s / BODY_CHECKS, self._check_body)
        else:
            self._on_timeout()

    def _on_timeout(self) -> None:
        if self._awaited is Awaited.HEAD and not self._num_bytes:
            self.drop()
        else:
            detail = f"the request was not complete after {self.bounds.timeout_s:g} s"
            self.refuse(HTTPStatus.REQUEST_TIMEOUT, detail)

    def _is_busy(self) -> bool:
        """True if the body waits for the server, not for the client."""
        return self.flow.read_paused or self.cycle.waiting_for_100_continue


def bounded_protocol(bounds: Bounds) -> type[BoundedProtocol]:
    """The protocol class of one server."""
    return type("StudioProtocol", (BoundedProtocol,), {"bounds": bounds})


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one, at most MAX_DESCRIPTORS. Returns the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS allows less than it says
        return soft
    return wanted


def connections_within(num_descriptors: int, max_connections: int) -> tuple[int, int]:
    """The connections that fit into these descriptors, `max_connections` at most, and how many to accept in one turn of
    the event loop. One beyond the bound is closed three turns later: four turns of them may be open."""
    max_connections = min(max_connections, max(16, num_descriptors * 3 // 4 - RESERVED_DESCRIPTORS))
    max_accepted = (num_descriptors - RESERVED_DESCRIPTORS - max_connections) // 4
    return max_connections, min(LISTEN_BACKLOG, max(1, max_accepted))
