"""Bodies: the before_request hook checks them, and the handler gets what the hook has made."""

from typing import Annotated, Any

from litestar import Litestar, Request, post
from litestar.testing import TestClient
from msgspec import Meta, Struct

from server.api.http.error_handlers import exception_handlers
from server.api.http.validation import CheckedRequest, body_like, json_body


class Wish(Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=8)]
    count: int = 1


EXAMPLE = Wish("jade")


@post("/", before_request=body_like(EXAMPLE))
async def handler(request: Request[Any, Any, Any], data: Annotated[Wish, json_body(EXAMPLE)]) -> dict[str, Any]:
    return {"name": data.name, "is_the_checked_one": data is request.state.checked_body}


def test_a_body_is_parsed_once() -> None:
    app = Litestar([handler], request_class=CheckedRequest, exception_handlers=exception_handlers())
    with TestClient(app) as client:
        assert client.post("/", json={"name": "ruby"}).json() == {"name": "ruby", "is_the_checked_one": True}
        wrong = client.post("/", json={"name": "", "count": "2", "size": 1}).json()
        assert [error["field"] for error in wrong["errors"]] == ["size", "name", "count"]
        assert client.post("/", json={"name": "ruby", "count": 2.0}).status_code == 201
        for coding in ("identity", "Identity", ""):
            assert client.post("/", json={"name": "ruby"}, headers={"Content-Encoding": coding}).status_code == 201
        assert client.post("/", json={"name": "ruby"}, headers={"Content-Encoding": "gzip"}).status_code == 415
        assert "is empty" in client.post("/", content=b"").json()["detail"]
