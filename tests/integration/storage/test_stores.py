"""What every store of pictures does, shown over a folder and over a bucket of a real S3 server."""

from pathlib import Path

import pytest

from server.storage.local import LocalStore
from server.storage.s3 import S3Options, S3Store
from server.storage.store import ImageStore, InvalidKey, MissingObject
from tests.fixtures.s3_server import S3Server, credentials

KEY = "generations/0123/0123-1.jpg"
BAD_KEYS = ["", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", ".hidden", "a\\b", "a/b\0", "a b", "ä", "a\n"]


@pytest.fixture(params=["folder", "bucket", "bucket-prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageStore:
    if request.param == "folder":
        return LocalStore(tmp_path / "pictures")
    for name, value in credentials().items():
        monkeypatch.setenv(name, value)
    server: S3Server = request.getfixturevalue("s3_server")
    bucket: str = request.getfixturevalue("s3_bucket")
    prefix = "studio/a" if request.param == "bucket-prefix" else ""
    return S3Store(S3Options(bucket, endpoint_url=server.url, prefix=prefix))


async def test_it_can_be_written_and_says_so(store: ImageStore) -> None:
    await store.check()
    await store.check()


async def test_what_was_put_is_got(store: ImageStore) -> None:
    data = bytes(range(256)) * 8_000
    assert not await store.exists(KEY)
    await store.put(KEY, data, "image/jpeg", {"seed": "7"})
    assert await store.exists(KEY)
    assert await store.get(KEY) == data


async def test_put_again_replaces(store: ImageStore) -> None:
    await store.put(KEY, b"first", "image/jpeg")
    await store.put(KEY, b"second", "image/jpeg")
    assert await store.get(KEY) == b"second"


async def test_an_empty_object_is_an_object(store: ImageStore) -> None:
    await store.put(KEY, b"", "image/jpeg")
    assert await store.exists(KEY)
    assert await store.get(KEY) == b""


async def test_what_is_missing_is_told(store: ImageStore) -> None:
    await store.put(KEY, b"picture", "image/jpeg")
    for missing in ("generations/0123/0123-2.jpg", "generations/0123", "generations"):
        assert not await store.exists(missing)
        with pytest.raises(MissingObject):
            await store.get(missing)


async def test_deleted_is_gone_and_deleting_again_is_no_error(store: ImageStore) -> None:
    await store.put(KEY, b"picture", "image/jpeg")
    await store.delete(KEY)
    await store.delete(KEY)
    assert not await store.exists(KEY)
    with pytest.raises(MissingObject):
        await store.get(KEY)


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_name_that_is_none_is_refused(store: ImageStore, key: str) -> None:
    for attempt in (store.put(key, b"", "image/png"), store.get(key), store.exists(key), store.delete(key)):
        with pytest.raises(InvalidKey):
            await attempt
    with pytest.raises(InvalidKey):
        store.url(key)


async def test_an_address_is_the_same_when_it_is_asked_for_again(store: ImageStore) -> None:
    assert store.url(KEY) == store.url(KEY) != store.url(KEY.replace("-1", "-2"))
