"""LocalStore: whole files or none, and no name that leads out of its folder."""

import asyncio
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.storage.local import LocalStore
from server.storage.store import InvalidKey, MissingObject, StoreError

KEY = "generations/0123/0123-1.jpg"


async def test_what_was_put_is_got_and_put_again_replaces_it(tmp_path: Path):
    store = LocalStore(tmp_path / "pictures")
    await store.put(KEY, b"first", "image/jpeg")
    await store.put(KEY, b"second", "image/jpeg")
    assert await store.get(KEY) == b"second"
    assert store.url(KEY) == f"/files/{KEY}"
    assert [path.name for path in (tmp_path / "pictures" / "generations" / "0123").iterdir()] == ["0123-1.jpg"]


async def test_deleted_is_gone_and_deleting_again_is_no_error(tmp_path: Path):
    store = LocalStore(tmp_path)
    await store.put(KEY, b"picture", "image/jpeg")
    assert await store.exists(KEY)
    await store.delete(KEY)
    await store.delete(KEY)
    assert not await store.exists(KEY)
    with pytest.raises(MissingObject):
        await store.get(KEY)
    with pytest.raises(MissingObject):
        await store.get("generations")


BAD_KEYS = ["", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/./b", ".hidden", "a/.b", "a\\b", "a/b\0"]
BAD_KEYS += ["a b", "ä", "a/" * 9 + "b", "x" * 101, "a\n"]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, key: str):
    store = LocalStore(tmp_path / "pictures")
    for attempt in (store.put(key, b"", "image/png"), store.get(key), store.delete(key)):
        with pytest.raises(InvalidKey):
            await attempt
    with pytest.raises(InvalidKey):
        store.url(key)


@given(st.text(alphabet="ab./\\\0-_ ~%", max_size=30))
def test_every_accepted_name_lies_below_the_folder(key: str):
    folder = Path("/pictures")
    try:
        path = LocalStore(folder).path(key)
    except InvalidKey:
        return
    assert path.resolve().is_relative_to(folder) and path != folder


def test_a_folder_that_cannot_be_is_found_by_a_look(tmp_path: Path):
    asyncio.run(LocalStore(tmp_path / "pictures").check())
    assert (tmp_path / "pictures").is_dir()
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"cannot make the folder .*taken"):
        asyncio.run(LocalStore(tmp_path / "taken").check())


def test_a_folder_that_cannot_be_written_is_a_store_error_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "generations").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot write"):
        asyncio.run(LocalStore(tmp_path).put(KEY, b"picture", "image/jpeg"))
    assert [path.name for path in tmp_path.iterdir()] == ["generations"]


def test_a_disk_that_takes_no_more_is_found_by_a_look(tmp_path: Path):
    """A limit of the kernel on the size of files, which refuses the write as a full disk does."""
    store = LocalStore(tmp_path / "pictures")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write to the folder .*pictures: File too large"):
            asyncio.run(store.check())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    asyncio.run(store.check())
    assert list((tmp_path / "pictures").iterdir()) == []
