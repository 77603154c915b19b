"""A bucket that is slow, or says what is not so. Others: test_s3_store.py."""

import asyncio
import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from server.storage.s3 import S3Options, S3Store
from tests.chaos.fault_proxy import FaultProxy
from tests.fixtures.s3_server import STUDIO, S3Server, credentials

KEY = "generations/0123/0123-1.jpg"


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    proxy = FaultProxy(urlsplit(s3_server.url).port or 0)
    proxy.share = 1.0
    yield proxy
    proxy.close()


@pytest.fixture
def store(proxy: FaultProxy, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """Behind the proxy; it connects at its first request."""
    for name, value in credentials(STUDIO).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("server.storage.s3_client.READ_TIMEOUT_S", 2)
    monkeypatch.setattr("server.storage.s3_client.LARGE_BYTES", 1000)
    return S3Store(S3Options(s3_bucket, endpoint_url=proxy.url))


async def test_a_bucket_at_1_kb_a_second_stores_and_holds_up_nothing(store: S3Store, proxy: FaultProxy) -> None:
    """The answer to a large put comes long after its last byte was handed to the kernel."""
    proxy.faults = ("slow",)
    held_s, begun_s = 0.0, time.monotonic()
    data = os.urandom(1800)
    work = asyncio.gather(store.put(KEY, data, "image/jpeg"), store.check())
    while not work.done():
        before_s = time.monotonic()
        await asyncio.sleep(0.01)
        held_s = max(held_s, time.monotonic() - before_s)
    await work
    assert await store.get(KEY) == data
    assert time.monotonic() - begun_s > 4  # there and back at 1 KB/s
    assert held_s < 0.5


async def test_a_bucket_that_names_other_etags_loses_nothing(store: S3Store, proxy: FaultProxy, s3_bucket: str) -> None:
    """An ETag need not be a hash of the bytes: what was stored counts."""
    proxy.faults = ("etag",)
    for data in (b"picture", b"another under the same key"):
        await store.put(KEY, data, "image/jpeg")
        assert await store.get(KEY) == data
        assert await store.exists(KEY)
    head = store._bucket._client.head_object(Bucket=s3_bucket, Key=KEY)
    assert head["ETag"] == f'"{"0" * 32}"', "the proxy did not lie"
    await store.check()
