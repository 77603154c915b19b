"""Files over HTTP: ranges and validators as RFC 9110 has them, and little memory whatever the size."""

import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import Headers

from server.api.http.file_response import CHUNK_BYTES, FileResponse, requested_part
from server.errors import NOT_FOUND, StudioError

ETAG = '"picture.png-a"'
DATA = b"0123456789"
MISSING = StudioError(NOT_FOUND, "no picture is stored at this address")


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    chunks: list[bytes] = field(default_factory=list[bytes])
    keep: bool = True

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.chunks.append(message["body"] if self.keep else b"x" * 0)
            assert len(message["body"]) <= CHUNK_BYTES

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


async def ask(path: Path, method: str = "GET", keep: bool = True, **headers: str) -> tuple[Answer, int]:
    """The answer, and how often it was counted as a download."""
    counted: list[None] = []

    async def count() -> None:
        counted.append(None)

    async def receive() -> Any:
        raise AssertionError("a GET has no body")

    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    response = FileResponse(path, "image/png", {"Cache-Control": "no-cache"}, MISSING, count)
    scope: Any = {"type": "http", "method": method, "headers": fields}
    answer = Answer(keep=keep)
    await response(scope, receive, answer.send)
    return answer, len(counted)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(DATA)
    return path


async def test_a_whole_file(picture: Path) -> None:
    answer, counted = await ask(picture)
    assert (answer.status, answer.body, counted) == (200, DATA, 1)
    assert answer.headers == {
        "content-type": "image/png",
        "content-length": "10",
        "accept-ranges": "bytes",
        "etag": ETAG,
        "cache-control": "no-cache",
    }


async def test_head_has_the_headers_of_get_and_no_body(picture: Path) -> None:
    whole, _ = await ask(picture)
    head, counted = await ask(picture, "HEAD", range="bytes=2-3")
    assert (head.status, head.headers, head.body, counted) == (200, whole.headers, b"", 0)


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-5", b"2345", "bytes 2-5/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", DATA, "bytes 0-9/10"),
        ("bytes=4-99", b"456789", "bytes 4-9/10"),
    ],
)
async def test_one_range(picture: Path, asked: str, body: bytes, told: str) -> None:
    answer, counted = await ask(picture, range=asked)
    assert (answer.status, answer.body) == (206, body)
    assert (answer.headers["content-range"], answer.headers["content-length"]) == (told, str(len(body)))
    assert counted == (1 if body.startswith(b"0") else 0), "a download that goes on is one download"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bits=0-1", "bytes=0-1,4-5", "0-1"])
async def test_a_range_that_cannot_be_read_is_ignored(picture: Path, asked: str) -> None:
    answer, _ = await ask(picture, range=asked)
    assert (answer.status, answer.body) == (200, DATA)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
async def test_a_range_behind_the_end_is_a_416(picture: Path, asked: str) -> None:
    with pytest.raises(StudioError) as refused:
        await ask(picture, range=asked)
    assert refused.value.kind.status == 416
    assert refused.value.headers == {"Content-Range": "bytes */10"}


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(ETAG, 206), ('"another"', 200), (f"W/{ETAG}", 200), ("Sun, 22 Nov 2026 10:00:00 GMT", 200)],
)
async def test_a_range_of_other_bytes_gets_the_whole_file(picture: Path, if_range: str, status: int) -> None:
    answer, _ = await ask(picture, range="bytes=2-3", if_range=if_range)
    assert (answer.status, answer.body) == (status, b"23" if status == 206 else DATA)


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
async def test_what_the_reader_has_is_not_sent_again(picture: Path, tags: str) -> None:
    answer, counted = await ask(picture, if_none_match=tags, range="bytes=2-3")
    assert (answer.status, answer.body, counted) == (304, b"", 0)
    assert answer.headers["etag"] == ETAG
    assert (await ask(picture, if_none_match='"x"'))[0].status == 200


async def test_a_file_that_is_not_there_is_the_given_error(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.png", tmp_path, tmp_path / "nothing" / "a.png"):
        with pytest.raises(StudioError) as raised:
            await ask(path)
        assert raised.value is MISSING


async def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    answer, _ = await ask(path)
    assert (answer.status, answer.headers["content-length"], answer.chunks) == (200, "0", [b""])


async def test_a_large_file_takes_a_few_chunks_of_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    try:
        answer, _ = await ask(path, keep=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.headers["content-length"] == "100000000"
    assert len(answer.chunks) == -(-100_000_000 // CHUNK_BYTES)
    assert peak < 8 * CHUNK_BYTES


@given(st.text("bytes=-, 0123456789", max_size=20), st.integers(0, 50))
def test_whatever_is_asked_lies_in_the_file(asked: str, size: int) -> None:
    try:
        part = requested_part(Headers({"range": asked}), size, ETAG)
    except StudioError:
        return
    assert part is None or 0 <= part.start < part.stop <= size
