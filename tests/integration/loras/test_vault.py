"""LoRAs in the bucket: processes with folders of their own share them, wrong bytes are not used, unneeded ones go."""

from pathlib import Path

import pytest

from pipelines.lora.files.library import LoraLibrary
from pipelines.model.info import DEMO_LORA_BASE
from server.db.models import LoraRow
from server.db.session import Database
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry
from server.loras.vault import HeldLabels, LoraVault, WrongBytes
from server.storage.s3 import S3Options, S3Store
from server.storage.store import StoreError
from tests.fixtures.s3_server import STUDIO, S3Server, credentials
from tests.support.tiny_model import write_lora


class Process:
    """The LoRAs of a process with folders of its own."""

    def __init__(self, database: Database, store: S3Store, folder: Path, is_follower: bool = False) -> None:
        folder.mkdir()
        self.loras = folder / "loras"
        self.registry = LoraRegistry(database, folder / "copies", DEMO_LORA_BASE)
        self.vault = LoraVault(database, store)
        library, held = LoraLibrary(self.loras, DEMO_LORA_BASE), HeldLabels(folder / "lora_labels.json")
        self.folder = LoraFolder(
            library, self.registry, lambda views: None, vault=self.vault, held=held, is_follower=is_follower
        )

    async def labels(self) -> list[str]:
        return [view.label for view in await self.registry.list()]

    def write(self, label: str, value: float) -> None:
        self.loras.mkdir(exist_ok=True)
        write_lora(self.loras / f"{label}.safetensors", value=value)


async def test_processes_without_a_common_folder_share_loras(
    database: Database, s3_server: S3Server, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in credentials(STUDIO).items():
        monkeypatch.setenv(variable, value)
    store = S3Store(S3Options(s3_bucket, s3_server.url, prefix="studio"))
    api, other = (Process(database, store, tmp_path / name) for name in ("api", "other"))
    worker = Process(database, store, tmp_path / "worker", is_follower=True)
    api.write("jade-v1", 1.0)
    api.write("ink-v1", 2.0)
    await api.folder.reload()
    other.write("other-v1", 3.0)
    assert (await other.folder.reload()).removed == ()  # it has never held them
    await worker.folder.reload()
    assert await api.labels() == await other.labels() == ["ink-v1", "jade-v1", "other-v1"]

    async with database.read() as session:
        hashes = {label: (await session.get_one(LoraRow, label)).sha256 for label in await api.labels()}
    jade = hashes["jade-v1"]
    assert not worker.registry.has(jade)
    assert await worker.vault.fetch(jade, worker.registry.path(jade))
    assert worker.registry.path(jade).read_bytes() == (api.loras / "jade-v1.safetensors").read_bytes()
    assert not await worker.vault.fetch("0" * 64, tmp_path / "none")

    bucket = s3_server.client()
    listed = bucket.list_objects_v2(Bucket=s3_bucket, Prefix="studio/private/loras/").get("Contents", [])
    keys = {key.rpartition("/")[2].partition("-")[0]: key for key in (each.get("Key", "") for each in listed)}
    assert set(keys) == set(hashes.values())
    bucket.put_object(Bucket=s3_bucket, Key=keys[hashes["ink-v1"]], Body=b"something else")
    with pytest.raises(WrongBytes):
        await worker.vault.fetch(hashes["ink-v1"], worker.registry.path(hashes["ink-v1"]))
    assert not worker.registry.has(hashes["ink-v1"])

    (api.loras / "jade-v1.safetensors").unlink()
    assert (await api.folder.reload()).removed == ("jade-v1",)  # it has held it
    assert (await api.folder.delete("other-v1")).removed == ("other-v1",)  # by name: another process's file
    assert not await worker.vault.fetch(jade, tmp_path / "gone")
    await worker.folder.reload()
    assert not worker.registry.has(jade)


async def test_a_reload_that_cannot_store_says_so_and_the_next_one_does(
    database: Database, s3_server: S3Server, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in credentials(STUDIO).items():
        monkeypatch.setenv(variable, value)
    refusing = S3Store(S3Options(f"{s3_bucket}-missing", s3_server.url))
    api = Process(database, refusing, tmp_path / "api")
    api.write("jade-v1", 1.0)
    await api.folder.start()  # the bucket may be away
    with pytest.raises(StoreError):
        await api.folder.reload()
    again = Process(database, S3Store(S3Options(s3_bucket, s3_server.url)), tmp_path / "again")
    again.write("jade-v1", 1.0)
    await again.folder.reload()
    async with database.read() as session:
        sha256 = (await session.get_one(LoraRow, "jade-v1")).sha256
    assert await again.vault.fetch(sha256, tmp_path / "fetched")
