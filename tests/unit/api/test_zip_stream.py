"""The zip of a job's pictures: the stored bytes, as large as announced, and never finished without a picture."""

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from server.api.gallery.zip_stream import archive_bytes, each, stream_archive
from server.queue.model import ImageView
from server.storage.local import LocalStore
from server.storage.store import MissingObject

DATA_DESCRIPTOR = 1 << 3
"""Flag of a member whose size comes behind it: readers that do not wait for the end cannot read it when it is stored
as it is."""


async def stored(store: LocalStore, pictures: list[bytes]) -> list[ImageView]:
    images: list[ImageView] = []
    for n, data in enumerate(pictures, 1):
        key = f"generations/a/a-{n}.png"
        await store.put(key, data, "image/png")
        images.append(
            ImageView(
                id=f"a-{n}",
                index=n - 1,
                url="",
                thumbnail_url="",
                seed=n,
                width=8,
                height=8,
                content_type="image/png",
                num_bytes=len(data),
                filename=f"red-dress-{n}.png",
                storage_key=key,
                finished_at_s=1_800_000_000.5 + n,
            )
        )
    return images


async def test_every_picture_is_in_it_byte_for_byte_and_in_order(tmp_path: Path) -> None:
    store, pictures = LocalStore(tmp_path), [b"first" * 50_000, b"", b"third"]
    images = await stored(store, pictures)
    chunks = [chunk async for chunk in stream_archive(each(images), store)]
    assert len(chunks) == len(pictures) + 1, "one picture at a time"
    data = b"".join(chunks)
    assert len(data) == archive_bytes(images)
    with ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [image.filename for image in images]
        assert [archive.read(name) for name in archive.namelist()] == pictures
        for info in archive.infolist():
            assert info.compress_type == ZIP_STORED
            assert not info.flag_bits & DATA_DESCRIPTOR
            assert info.external_attr >> 16 == 0o644
        assert archive.infolist()[0].date_time == (2027, 1, 15, 8, 0, 0)
    assert [chunk async for chunk in stream_archive(each(images), store)] == chunks


async def test_a_picture_that_vanishes_meanwhile_breaks_it_off(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    images = await stored(store, [b"first", b"second"])
    stream = stream_archive(each(images), store)
    begun = await anext(stream)
    await store.delete(images[1].storage_key)
    with pytest.raises(MissingObject):
        await anext(stream)
    assert b"first" in begun
    assert b"PK\x05\x06" not in begun, "no zip without its end can be taken for a whole one"
