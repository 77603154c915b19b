"""Drain refused bodies: before a refusal is sent, the rest of the request body is read and discarded.

A client that is still uploading does not read; without this it sees a closed connection instead of the refusal.
"""

from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

MAX_DRAINED_BYTES = 128_000_000
REFUSED = (400, 401, 403, 413, 415, 429, 503)


class DrainRefusedBodies:
    """Wraps the whole app: Litestar renders an error of a middleware outside of all middlewares."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = True

        async def receive_and_note() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal more
            message = await receive()
            more = message["type"] == "http.request" and message["more_body"]
            return message

        async def send_when_drained(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in REFUSED:
                await drain()
            await send(message)

        async def drain() -> None:
            num_bytes = 0
            while more and num_bytes < MAX_DRAINED_BYTES:
                message = await receive_and_note()
                num_bytes += len(message["body"]) if message["type"] == "http.request" else 0

        await self._app(scope, receive_and_note, send_when_drained)
