"""The LoRA folder without reload calls: watched, or mirrored from a bucket."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipelines.lora.files.library import LoraLibrary
from pipelines.model.info import DEMO_LORA_BASE
from server.db.session import Database
from server.loras.bucket_sync import LoraBucket
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry
from server.storage.s3_client import Bucket
from server.storage.store import StoreError
from tests.fixtures.s3_server import STUDIO, S3Server, credentials
from tests.support.tiny_model import write_lora

PREFIX = "studio/loras"


class Shelf:
    """A LoRA folder and the registry that serves it."""

    def __init__(self, folder: Path, bucket: LoraBucket | None = None) -> None:
        self.loras = folder / "loras"
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'studio.db'}")
        self.registry = LoraRegistry(self.database, folder / "copies", DEMO_LORA_BASE)
        library = LoraLibrary(self.loras, DEMO_LORA_BASE)
        self.folder = LoraFolder(library, self.registry, lambda views: None, bucket=bucket)

    async def served(self) -> dict[str, str]:
        return {view.label: view.sha256 for view in await self.registry.list()}

    async def serves(self, wanted: dict[str, str]) -> None:
        """Wait up to 10 s for label → hash."""
        for _ in range(500):
            if await self.served() == wanted:
                return
            await asyncio.sleep(0.02)
        assert await self.served() == wanted


@asynccontextmanager
async def opened(shelf: Shelf) -> AsyncIterator[Shelf]:
    await shelf.database.migrate()
    try:
        yield shelf
    finally:
        await shelf.database.close()


def lora_bytes(folder: Path, value: float) -> bytes:
    return write_lora(folder / "made.safetensors", value=value).read_bytes()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_a_watched_folder_needs_no_reload(tmp_path: Path) -> None:
    async with opened(Shelf(tmp_path)) as shelf:
        await shelf.folder.start()
        watching = asyncio.create_task(shelf.folder.watch(0.02))
        try:
            for value in (0.1, 0.2):
                data = lora_bytes(tmp_path, value)
                write_lora(shelf.loras / "jade-v1.safetensors", value=value)
                await shelf.serves({"jade-v1": sha256(data)})
            (shelf.loras / "jade-v1.safetensors").unlink()
            await shelf.serves({})
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


@pytest.fixture
def lora_bucket(
    s3_server: S3Server, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[LoraBucket, Path]:
    for name, value in credentials(STUDIO).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "loras"
    index_file = tmp_path / "index.json"
    return LoraBucket(lambda: Bucket(s3_bucket, s3_server.url), PREFIX, folder, index_file, 100_000), folder


async def test_a_reload_mirrors_the_bucket_s_loras(
    lora_bucket: tuple[LoraBucket, Path], s3_server: S3Server, s3_bucket: str, tmp_path: Path
) -> None:
    bucket, folder = lora_bucket
    client = s3_server.client()
    old, new = lora_bytes(tmp_path, 0.1), lora_bytes(tmp_path, 0.2)

    def put(name: str, data: bytes) -> None:
        client.put_object(Bucket=s3_bucket, Key=f"{PREFIX}/{name}", Body=data)

    async with opened(Shelf(tmp_path, bucket)) as shelf:
        write_lora(folder / "amber.safetensors", value=0.5)
        put("jade-v1.safetensors", old)
        put("notes.txt", b"notes")
        put("deeper/jade-v9.safetensors", old)
        put("People (v2).SafeTensors", old)
        put("line\nbreak.safetensors", old)
        put(".hidden.safetensors", old)
        put("huge.safetensors", b"x" * 100_001)
        report = await shelf.folder.reload()
        assert report.added == ("People-v2", "amber", "jade-v1")
        assert sorted(key for key, _ in report.rejected) == [
            f"{PREFIX}/{name}.safetensors" for name in (".hidden", "huge", "line\nbreak")
        ]
        files = ["People (v2).SafeTensors", "amber.safetensors", "jade-v1.safetensors"]
        assert sorted(path.name for path in folder.iterdir()) == files
        put("jade-v1.safetensors", new)
        assert (await shelf.folder.reload()).updated == ("jade-v1",)
        assert (await shelf.served())["jade-v1"] == sha256(new)
        assert (await shelf.folder.reload()).unchanged == ("People-v2", "amber", "jade-v1")
        client.delete_object(Bucket=s3_bucket, Key=f"{PREFIX}/jade-v1.safetensors")
        assert (await shelf.folder.reload()).removed == ("jade-v1",)
        assert sorted(path.name for path in folder.iterdir()) == files[:2]


async def test_an_unavailable_bucket_fails_a_reload_but_no_start(tmp_path: Path) -> None:
    def away() -> Bucket:
        raise StoreError("https://s3.example.org does not answer")

    bucket = LoraBucket(away, PREFIX, tmp_path / "loras", tmp_path / "index.json", 100_000)
    async with opened(Shelf(tmp_path, bucket)) as shelf:
        write_lora(shelf.loras / "amber.safetensors", value=0.5)
        with pytest.raises(StoreError):
            await shelf.folder.reload()
        assert await shelf.served() == {}
        await shelf.folder.start()
        assert list(await shelf.served()) == ["amber"]


async def test_names_in_the_index_file_cannot_lead_out_of_the_folder(
    lora_bucket: tuple[LoraBucket, Path], tmp_path: Path
) -> None:
    bucket, _ = lora_bucket
    precious = tmp_path / "precious.safetensors"
    precious.write_bytes(b"notes")
    (tmp_path / "index.json").write_text(json.dumps({"../precious.safetensors": "1"}))
    await asyncio.to_thread(bucket.sync)
    assert precious.read_bytes() == b"notes"
