"""The LoRA table and the copies: one atomic switch, and no copy deleted that a job needs."""

import asyncio
import hashlib
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from pipelines.lora.files.library import LoraLibrary
from pipelines.model.info import DEMO_LORA_BASE, SDXL_LORA_BASE
from server.db.models import LoraRow
from server.db.session import Database
from server.loras.errors import UnknownLora
from server.loras.registry import LoraRegistry, LoraSync
from server.queue.model import LoraChoice
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, metadata
from tests.support.loras.file_bytes import lora_bytes, pair
from tests.support.tiny_model import write_lora


class Shelf:
    """A folder of LoRA files and the registry that reads it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder / "loras"
        self.copies = folder / "copies"
        self._database = database

    def write(self, label: str, value: float, trigger: str | None = None) -> str:
        """The file's sha256."""
        path = write_lora(self.folder / f"{label}.safetensors", trigger=trigger, value=value)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    async def sync(self, lora_base: str = DEMO_LORA_BASE) -> LoraSync:
        scan = LoraLibrary(self.folder, lora_base).scan()
        return await LoraRegistry(self._database, self.copies, lora_base).sync(scan)

    async def served(self) -> dict[str, str]:
        views = await LoraRegistry(self._database, self.copies, DEMO_LORA_BASE).list()
        return {view.label: view.sha256 for view in views}

    def copied(self) -> set[str]:
        return {path.stem for path in self.copies.iterdir()}


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path)


async def test_a_sync_reports_its_changes(shelf: Shelf):
    jade, amber = shelf.write("jade-v1", 0.1), shelf.write("amber", 0.2)
    assert await shelf.sync() == LoraSync(("amber", "jade-v1"), (), (), (), ())
    assert await shelf.served() == {"amber": amber, "jade-v1": jade}
    jade = shelf.write("jade-v1", 0.3)
    newer = shelf.write("jade-v2", 0.4)
    (shelf.folder / "amber.safetensors").unlink()
    assert await shelf.sync() == LoraSync(("jade-v2",), ("jade-v1",), ("amber",), (), ())
    assert await shelf.sync() == LoraSync((), (), (), ("jade-v1", "jade-v2"), ())
    assert await shelf.served() == {"jade-v1": jade, "jade-v2": newer}
    assert shelf.copied() == {jade, newer}


async def test_the_list_is_by_name_with_the_newest_version_first(shelf: Shelf):
    for i, label in enumerate(("jade-v2", "jade-v10", "jade-v9", "amber", "jade")):
        shelf.write(label, 0.1 + i)
    await shelf.sync()
    assert list(await shelf.served()) == ["amber", "jade-v10", "jade-v9", "jade-v2", "jade"]


async def test_the_copy_is_the_file_as_it_was_checked(shelf: Shelf):
    sha256 = shelf.write("jade-v1", 0.1)
    await shelf.sync()
    copy = shelf.copies / f"{sha256}.safetensors"
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == sha256
    shelf.write("jade-v1", 0.9)
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == sha256


async def test_a_damaged_replacement_leaves_the_last_good_version_serving(shelf: Shelf):
    good = shelf.write("jade-v1", 0.1)
    await shelf.sync()
    (shelf.folder / "jade-v1.safetensors").write_bytes(b"half an upload")
    for _ in range(2):
        report = await shelf.sync()
        assert report.unchanged == ("jade-v1",)
        assert [file for file, _ in report.rejected] == ["jade-v1.safetensors"]
        assert await shelf.served() == {"jade-v1": good}
        assert shelf.copied() == {good}


async def test_a_file_that_changes_between_check_and_copy_is_pending(shelf: Shelf, database: Database):
    shelf.write("jade-v1", 0.1)
    scan = LoraLibrary(shelf.folder, DEMO_LORA_BASE).scan()
    shelf.write("jade-v1", 0.2)
    report = await LoraRegistry(database, shelf.copies, DEMO_LORA_BASE).sync(scan)
    assert report.added == ()
    assert [file for file, _ in report.pending] == ["jade-v1.safetensors"]
    assert await shelf.served() == {}


async def test_the_file_and_what_is_ignored_follow_the_folder(shelf: Shelf, database: Database):
    shelf.folder.mkdir()
    data = lora_bytes(pair() | {"bundle_emb.jade.clip_l": np.ones((2, 8), np.float16)})
    (shelf.folder / "Jade v1.safetensors").write_bytes(data)
    registry = LoraRegistry(database, shelf.copies, DEMO_LORA_BASE)
    await shelf.sync()
    async with database.write() as session:  # as a release before these columns left it
        await session.execute(update(LoraRow).values(file="Jade-v1.safetensors", ignored=None, loaded_at_s=7.0))
    for name in ("Jade v1", "Jade-v1"):
        for file in shelf.folder.iterdir():
            file.rename(shelf.folder / f"{name}.safetensors")
        report = await shelf.sync()
        assert (report.unchanged, report.updated) == (("Jade-v1",), ())
        (view,) = await registry.list()
        assert (view.file, [(part.keys, part.count) for part in view.ignored]) == (
            f"{name}.safetensors",
            [("bundle_emb.jade.clip_l", 1)],
        )
    assert (await registry.record("Jade")).loaded_at_s == 7.0  # the same bytes


async def test_a_good_file_serves_next_to_a_part_of_its_replacement(shelf: Shelf):
    shelf.write("jade-v1", 0.1)
    await shelf.sync()
    newer = shelf.write("jade-v1", 0.2)
    (shelf.folder / "jade-v1.safetensors.part").write_bytes(b"half")
    assert (await shelf.sync()).updated == ("jade-v1",)
    assert await shelf.served() == {"jade-v1": newer}


async def test_loras_of_another_base_model_do_not_serve_on(shelf: Shelf):
    shelf.write("jade-v1", 0.1)
    await shelf.sync()
    report = await shelf.sync(SDXL_LORA_BASE)
    assert report.removed == ("jade-v1",)
    assert await shelf.served() == {}


async def test_bytes_stay_while_an_unfinished_job_names_them(shelf: Shelf, database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    old = shelf.write("jade-v1", 0.1)
    await shelf.sync()
    view = await shop.accept(draft(model=LoraChoice("jade", 0.9, "model_name")))
    new = shelf.write("jade-v1", 0.2)
    await shelf.sync()
    assert shelf.copied() == {old, new}
    again = await shop.service.get(view.job_id)
    assert again is not None and metadata(again)["loras"][0]["sha256"] == old
    await shop.service.cancel(view.job_id)
    await shelf.sync()
    assert shelf.copied() == {new}


async def test_jobs_accepted_during_a_switch_find_their_bytes(shelf: Shelf, database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    shelf.write("jade-v1", 0.1)
    await shelf.sync()
    choice = LoraChoice("jade", 0.9, "model_name")
    for i in range(5):
        shelf.write("jade-v1", 1.0 + i)
        accepted = await asyncio.gather(
            *(shop.accept(draft(model=choice)) for _ in range(3)),
            shelf.sync(),
            *(shop.accept(draft(model=choice)) for _ in range(3)),
        )
        for view in accepted:
            if not isinstance(view, LoraSync):
                assert metadata(view)["loras"][0]["sha256"] in shelf.copied()


async def test_loras_in_the_prompt_leave_its_text_and_unknown_ones_name_the_prompt(
    shelf: Shelf, database: Database, tmp_path: Path
) -> None:
    shelf.write("amber-v1", 0.2, trigger="amber light")
    await shelf.sync()
    workshop = JobsHarness(database, tmp_path)
    wanted = draft(prompt="red dress <lora:amber:0.4>", loras=(LoraChoice("amber", 0.4, "prompt"),))
    made = metadata(await workshop.accept(wanted))
    assert (made["prompt"], made["final_prompt"]) == ("red dress <lora:amber:0.4>", "red dress")
    assert [(lora["name"], lora["weight"]) for lora in made["loras"]] == [("amber-v1", 0.4)]
    with pytest.raises(UnknownLora) as refused:
        await workshop.accept(draft(loras=(LoraChoice("nobody", None, "prompt"),)))
    assert refused.value.field == "prompt"
