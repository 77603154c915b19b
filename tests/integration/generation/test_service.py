"""Accepting an order: exact LoRAs, trigger words, the limit of the queue, an answer only for what is stored."""

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipelines.lora.files.library import LoraLibrary
from pipelines.model.info import DEMO_LORA_BASE
from pipelines.spec import EmbeddingRef
from server.db.models import JobLoraRow, JobRow
from server.db.session import Database
from server.errors import InvalidRequest
from server.generation.resolution import with_trigger
from server.loras.errors import UnknownLora
from server.loras.registry import LoraRegistry
from server.queue.errors import QueueFull
from server.queue.model import JobStatus, LoraChoice
from server.storage.data_folder import DataFolder, DataFolderInUse
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, job_row, metadata
from tests.support.tiny_model import write_lora


@pytest.fixture
async def loras(database: Database, tmp_path: Path) -> LoraRegistry:
    folder = tmp_path / "loras"
    for i, version in enumerate(("2", "9", "10")):
        write_lora(folder / f"jade-v{version}.safetensors", trigger="jade woman", value=0.1 + i)
    write_lora(folder / "amber.safetensors", value=0.5)
    registry = LoraRegistry(database, tmp_path / "copies", DEMO_LORA_BASE)
    await registry.sync(LoraLibrary(folder, DEMO_LORA_BASE).scan())
    return registry


def jade(weight: float = 0.9, name: str = "jade") -> LoraChoice:
    return LoraChoice(name, weight, "model_name")


async def test_an_accepted_job_is_stored_and_told_in_full(database: Database, tmp_path: Path, loras: LoraRegistry):
    shop = JobsHarness(database, tmp_path)
    extra = LoraChoice("amber", -0.5, "loras[0].name")
    fields = {"seed": 2**32 - 1, "guidance_scale": 4.5, "style": "sketch"}
    view = await shop.accept(draft(model=jade(), loras=(extra,), **fields))
    assert re.fullmatch("[0-9a-f]{32}", view.job_id)
    assert (view.status, view.progress, view.error, view.images) == (JobStatus.QUEUED, 0.0, None, ())
    assert view.remaining_s > 0 and view.queue_position == 1
    sha256s = {each.label: each.sha256 for each in await loras.list()}
    assert metadata(view) == {
        "prompt": "red dress, beach sunset",
        "final_prompt": "jade woman, red dress, beach sunset, sketch",
        "negative_prompt": "",
        **dict.fromkeys(("init", "mask", "extend", "hires")),
        "model": "jade-v10",
        "loras": [
            {"name": "jade-v10", "weight": 0.9, "sha256": sha256s["jade-v10"]},
            {"name": "amber", "weight": -0.5, "sha256": sha256s["amber"]},
        ],
        "style": "sketch",
        "quality": "low",
        "num_images": 2,
        "steps": 3,
        "guidance_scale": 4.5,
        "guidance_start": 0.0,
        "guidance_end": 1.0,
        "clip_skip": 0,
        "prompt_syntax": "plain",
        "width": 16,
        "height": 16,
        "seed": 2**32 - 1,
        "sampler": "euler",
        "format": "png",
        "embed_parameters": "full",
        "base_model": {"name": "painted", "sha256": "c" * 64},
    }
    assert await shop.service.get(view.job_id) == view
    assert await shop.service.get("0" * 32) is None


@pytest.mark.parametrize(
    ("name", "label"), [("jade", "jade-v10"), ("jade-v9", "jade-v9"), ("jade-v2", "jade-v2"), ("amber", "amber")]
)
async def test_a_bare_name_means_the_newest_version(
    database: Database, tmp_path: Path, loras: LoraRegistry, name: str, label: str
):
    view = await JobsHarness(database, tmp_path).accept(draft(model=jade(name=name)))
    assert metadata(view)["model"] == label


async def test_an_unknown_lora_is_refused_with_what_there_is(database: Database, tmp_path: Path, loras: LoraRegistry):
    shop = JobsHarness(database, tmp_path)
    for bad in (
        draft(model=LoraChoice("jade-v3", 0.9, "model_name")),
        draft(model=jade(), loras=(LoraChoice("ruby", 0.9, "loras[0].name"),)),
    ):
        with pytest.raises(UnknownLora) as raised:
            await shop.accept(bad)
        assert raised.value.allowed == ("amber", "jade", "jade-v10", "jade-v2", "jade-v9")
    assert raised.value.field == "loras[0].name"
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(JobRow)) == 0


async def test_one_lora_named_twice_counts_once_with_both_weights(
    database: Database, tmp_path: Path, loras: LoraRegistry
):
    twice = draft(model=jade(0.75), loras=(LoraChoice("jade-v10", 0.5, "loras[0].name"),))
    view = await JobsHarness(database, tmp_path).accept(twice)
    assert [(lora["name"], lora["weight"]) for lora in metadata(view)["loras"]] == [("jade-v10", 1.25)]


async def test_the_sum_of_the_weights_of_one_lora_is_bounded(database: Database, tmp_path: Path, loras: LoraRegistry):
    shop = JobsHarness(database, tmp_path)
    others = (LoraChoice("jade-v10", 8.5, "loras[0].name"), LoraChoice("jade-v2", 20.0, "loras[1].name"))
    with pytest.raises(InvalidRequest, match=r"loras\[0\].name: jade-v10 gets a weight of 20.5, allowed"):
        await shop.accept(draft(model=jade(12.0), loras=others))
    view = await shop.accept(draft(model=jade(12.0), loras=(LoraChoice("jade-v10", 8.0, "loras[0].name"),)))
    assert metadata(view)["loras"][0]["weight"] == 20.0


@pytest.mark.parametrize(
    ("prompt", "trigger", "final"),
    [
        ("red dress", "jade woman", "jade woman, red dress"),
        ("a Jade  Woman in red", "jade woman", "a Jade  Woman in red"),
        ("jade womanly art", "jade woman", "jade woman, jade womanly art"),
        ("a (c++) b", "(c++)", "a (c++) b"),
        ("red dress", None, "red dress"),
        ("red dress", "  ", "red dress"),
    ],
)
def test_trigger_words_come_before_the_prompt_unless_they_are_in_it(prompt: str, trigger: str | None, final: str):
    assert with_trigger(prompt, trigger) == final


async def test_the_limit_of_the_queue_is_exact_for_all_processes_together(
    database: Database, database_url: str, tmp_path: Path
):
    other = Database(database_url)
    shops = [JobsHarness(each, tmp_path, max_queue=7) for each in (database, other)]

    async def try_accept(shop: JobsHarness) -> bool:
        try:
            await shop.accept(draft())
        except QueueFull as error:
            assert error.retry_after_s >= 1
            return False
        return True

    accepted = await asyncio.gather(*(try_accept(shops[i % 2]) for i in range(20)))
    assert sum(accepted) == 7
    async with database.read() as session:
        ids = list(await session.scalars(select(JobRow.id)))
    await shops[0].service.cancel(ids[0])
    assert await try_accept(shops[1])
    assert not await try_accept(shops[0])
    await other.close()


@pytest.mark.usefixtures("people")
async def test_what_was_accepted_is_there_for_the_next_process(database: Database, database_url: str, tmp_path: Path):
    view = await JobsHarness(database, tmp_path).accept(draft(owner="user:42", prompt="ein Haus am See 🏡"))
    fresh = Database(database_url)
    row = await job_row(fresh, view.job_id)
    assert (row.owner, row.prompt, row.status, row.attempt) == ("user:42", "ein Haus am See 🏡", "queued", 0)
    await fresh.close()


def test_a_data_folder_belongs_to_one_process_and_keeps_its_id(tmp_path: Path):
    first = DataFolder(tmp_path / "data")
    with pytest.raises(DataFolderInUse, match="another server"):
        DataFolder(tmp_path / "data")
    first.close()
    second = DataFolder(tmp_path / "data")
    assert second.id == first.id
    assert second.lease_owner != first.lease_owner
    assert second.lease_owner.startswith(f"{first.id}/")
    other = DataFolder(tmp_path / "other")
    assert other.id != first.id
    for folder in (second, other):
        folder.close()


async def test_a_worker_needs_the_embeddings_of_a_job_as_its_loras(
    database: Database, tmp_path: Path, loras: LoraRegistry
) -> None:
    used = EmbeddingRef("n" * 64, "e" * 64, 5)
    shop = JobsHarness(database, tmp_path)
    accepted = await shop.accept(draft(prompt="n" * 64, prompt_syntax="a1111", embeddings=(used,), model=jade()))
    sha256 = (await loras.record("jade")).view.sha256
    assert shop.view.loras_of(accepted.job_id) == {used.sha256, sha256}
    async with database.read() as session:
        rows = {row.sha256: row.name for row in await session.scalars(select(JobLoraRow))}
    assert rows == {sha256: "jade", used.sha256: f"embedding:{'n' * 54}"}
    assert (await loras.record("jade")).view.times_used == 1
