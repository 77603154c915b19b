"""A client that is still sending its body does not read the answer: a body that is refused unread is first read to its
end and dropped, so that the refusal arrives."""

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

MAX_DRAINED_BYTES = 128_000_000
REFUSED = (400, 401, 403, 413, 415)


class DrainRefusedBodies(ASGIMiddleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
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

        await next_app(scope, receive_and_note, send_when_drained)
