"""POST /api/compare: one job, its axes, its sheet; its cells are the pictures that generate makes one by one."""

import asyncio
from contextlib import aclosing
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image

from server.db.session import Database
from server.generation.requests import CompareRequest, CompareVariant
from server.queue.model import JobStatus, Requester
from tests.fixtures.studio_app import BROKEN_SEED
from tests.support.builders import request_policy
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import JobsHarness, event_names, until

Api = TestClient[Litestar]
POLICY = request_policy(min_size_px=8)
COMMON = {"steps": 2, "width": 32, "height": 32, "format": "png", "embed_parameters": "none"}
ASKED = {
    **COMMON,
    "prompts": ["red dress", "beach <lora:amber:0.5>"],
    "seeds": [5, 9],
    "variants": [
        {"model_name": "jade-v1"},
        {"model_name": "jade-v2", "model_weight": 0.4},
        {"model_name": None, "loras": [{"name": "amber", "weight": 0.2}]},
        {},
    ],
}


def compared(api: Api, asked: dict[str, Any]) -> dict[str, Any]:
    done = api.post("/api/compare", json=asked, headers={"Prefer": "wait=30"})
    assert done.status_code == 200, done.text
    return done.json()


def pixels(api: Api, url: str) -> bytes:
    return Image.open(BytesIO(api.get(url).content)).tobytes()


def test_each_cell_is_the_picture_that_generate_makes(api: Api) -> None:
    comparison = compared(api, ASKED)
    axes = comparison["comparison"]
    assert axes["prompts"] == ASKED["prompts"] and axes["seeds"] == [5, 9]
    assert axes["variants"] == ["jade-v1:0.9", "jade-v2:0.4", "amber:0.2", "no LoRA"]
    assert len(comparison["outputs"]) == 16
    assert len({output["filename"] for output in comparison["outputs"]}) == 16
    for output in comparison["outputs"]:
        asked = {"prompt": axes["prompts"][output["prompt_index"]], "seed": output["seed"], "num_images": 1, **COMMON}
        variant = {"model_name": None} | ASKED["variants"][output["variant_index"]]
        alone = api.post("/api/generate", json=asked | variant, headers={"Prefer": "wait=30"}).json()
        assert pixels(api, alone["images"][0]) == pixels(api, output["url"]), output["id"]


def test_the_sheet_is_made_once_and_anew_without_a_deleted_picture(api: Api) -> None:
    comparison = compared(api, ASKED)
    url = comparison["comparison"]["contact_sheet_url"]
    sheet = api.get(url)
    assert sheet.headers["content-type"] == "image/jpeg"
    width, height = Image.open(BytesIO(sheet.content)).size
    assert width > 4 * 256 and height > 4 * 256
    assert api.get(url).content == sheet.content
    assert len(api.get(f"/api/jobs/{comparison['job_id']}/zip").content) > 16 * 100
    last = comparison["outputs"][-1]["id"]
    assert last.endswith("-16") and api.get(f"/api/images/{last}/download").status_code == 200
    assert api.delete(f"/api/images/{last}").status_code in (200, 204)
    for _ in range(100):
        if (again := api.get(url)).content != sheet.content:
            break
    assert again.status_code == 200 and again.content != sheet.content


def test_a_comparison_that_failed_shows_what_was_made(api: Api) -> None:
    comparison = compared(api, {**ASKED, "seeds": [5, BROKEN_SEED]})
    assert comparison["status"] == "failed" and len(comparison["outputs"]) == 8
    assert api.get(comparison["comparison"]["contact_sheet_url"]).status_code == 200


def test_there_is_no_sheet_of_other_jobs_nor_before_the_end(api: Api, runner: PaintRunner) -> None:
    one = api.post("/api/generate", json={"prompt": "red", "num_images": 1, "steps": 2, "width": 32, "height": 32})
    assert api.get(f"/api/jobs/{one.json()['job_id']}/contact-sheet").status_code == 404
    runner.open_gate.clear()
    job_id = api.post("/api/compare", json=ASKED).json()["job_id"]
    comparison = api.get(f"/api/jobs/{job_id}/contact-sheet")
    assert comparison.status_code == 409 and "its sheet is made when it has ended" in comparison.json()["detail"]
    assert api.get(f"/api/result/{job_id}").json()["comparison"]["contact_sheet_url"] is None
    assert api.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
    runner.open_gate.set()
    assert api.get(f"/api/jobs/{job_id}/contact-sheet").status_code == 404
    assert api.post(f"/api/jobs/{job_id}/again", json={}).json()["errors"][0]["field"] == "job_id"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"prompts": []}, "prompts"),
        ({"prompts": ["red", " "]}, "prompts[1]"),
        ({"variants": [{"model_name": "nobody"}]}, "variants[0].model_name"),
        ({"variants": [{}, {"loras": [{"name": "nobody"}]}]}, "variants[1].loras[0].name"),
        ({"prompts": ["red", "sea <lora:nobody:1>"]}, "prompts[1]"),
        ({"seeds": [-1]}, "seeds[0]"),
        ({"num_images": 3}, "num_images"),
    ],
)
def test_a_wrong_request_names_the_field(api: Api, changed: dict[str, Any], field: str) -> None:
    refused: httpx.Response = api.post("/api/compare", json=ASKED | changed)
    assert refused.status_code == 400, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_after_a_crash_only_the_cells_that_lack_are_made(database: Database, tmp_path: Path) -> None:
    asked = POLICY.compare(
        CompareRequest(
            prompts=["red", "sea"], seeds=[1, 2, 3], variants=[CompareVariant()] * 2, steps=3, width=16, height=16
        ),
        Requester("ip:192.0.2.7"),
    )
    first = JobsHarness(database, tmp_path, lease_owner="1" * 32 + "/a")
    first.start()
    job_id = (await first.accept(asked)).job_id
    await until(lambda: first.runner.painted.total() >= 2)
    first.runner.open_gate.clear()
    async with asyncio.timeout(10), aclosing(first.feed.subscribe(job_id)) as stream:
        async for event in stream:
            if event.name == "image":
                break
    await first.kill()
    left = await first.service.get(job_id)
    assert left is not None and 0 < len(left.images) < 12
    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/b") as second:
        view = await second.ended(job_id)
        assert view.status is JobStatus.COMPLETED
        assert 0 < second.runner.painted.total() < 12
        cells = [(image.cell.prompt_index, image.seed, image.cell.variant_index) for image in view.images if image.cell]
        assert cells == [(p, seed, v) for p in (0, 1) for seed in (1, 2, 3) for v in (0, 1)]
    assert await event_names(database, job_id) == ["image"] * 12 + ["completed"]
