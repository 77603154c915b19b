"""Images made from images, over the whole API with a runner that paints: init, mask, extend, hires, vary, upscale."""

import asyncio
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image
from sqlalchemy import select

from server.db.models import AssetRow, JobAssetRow
from server.storage.store import StoreUnreachable
from tests.fixtures.studio_app import QUICK
from tests.support.assets import picture, upload
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]

SMALL = {name: value for name, value in QUICK.items() if name not in ("width", "height")} | {
    "steps": 4,
    "format": "png",
}


def mask(width: int = 32, height: int = 24, box: tuple[int, int, int, int] | None = (8, 8, 24, 16)) -> bytes:
    """White in the box."""
    image = Image.new("L", (width, height), 0)
    if box is not None:
        image.paste(255, box)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def asset(api: Api, data: bytes) -> str:
    return upload(api, data)["asset_id"]


def finish(api: Api, path: str = "/api/generate", **fields: Any) -> dict[str, Any]:
    body = {**SMALL, **fields} if path == "/api/generate" else fields
    answer = api.post(path, json=body, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "completed", answer.text
    return answer.json()


def pixels(api: Api, output: dict[str, Any]) -> Image.Image:
    return Image.open(BytesIO(api.get(output["url"]).content))


def errors(api: Api, path: str = "/api/generate", **fields: Any) -> dict[str, str]:
    """Field → what is allowed, of a request that is refused."""
    body = {**SMALL, **fields} if path == "/api/generate" else fields
    answer = api.post(path, json=body)
    assert answer.status_code == 400, answer.text
    return {error["field"]: error["allowed"] for error in answer.json()["errors"]}


def test_an_image_is_made_from_an_asset_at_its_size(api: Api, runner: PaintRunner) -> None:
    asset_id = asset(api, picture(width=48, height=32))
    made = finish(api, init={"asset_id": asset_id, "strength": 0.5})
    (output,) = made["outputs"]
    assert (output["width"], output["height"], output["from_image"]) == (48, 32, None)
    init = {"asset_id": asset_id, "from_image": None, "strength": 0.5, "resize": "crop", "upscaler": None}
    assert made["metadata"]["init"] == init
    assert runner.steps[output["id"]] == 2  # of four
    assert not runner.sources  # forgotten with the last image that waited for it
    assert "Denoising strength: 0.5" in pixels(api, output).info["parameters"]


def test_a_mask_keeps_the_rest_of_the_source_bit_for_bit(api: Api) -> None:
    source, box = picture(width=40, height=32), mask(40, 32)
    names = {"init": {"asset_id": asset(api, source)}, "mask": {"asset_id": asset(api, box), "blur": 0}}
    (output,) = finish(api, **names)["outputs"]
    made, given = (np.asarray(image.convert("RGB")) for image in (pixels(api, output), Image.open(BytesIO(source))))
    inside = np.asarray(Image.open(BytesIO(box))) == 255
    assert (made[~inside] == given[~inside]).all()
    assert (made[inside] != given[inside]).mean() > 0.9


def test_only_the_masked_area_is_made_and_pasted_into_the_source(api: Api, runner: PaintRunner) -> None:
    source = picture(width=200, height=120)
    fields = {
        "init": {"asset_id": asset(api, source)},
        "mask": {"asset_id": asset(api, mask(200, 120, (90, 50, 110, 70))), "padding": 6, "mode": "hard"},
    }
    made = finish(api, **fields)
    (output,) = made["outputs"]
    assert (output["width"], output["height"]) == (200, 120)
    assert pixels(api, output).size == (200, 120)
    assert (made["metadata"]["width"], made["metadata"]["height"]) == (64, 64)  # the model's own


def test_what_is_extended_grows_by_the_sides(api: Api) -> None:
    made = finish(api, init={"asset_id": asset(api, picture(width=40, height=32))}, extend={"left": 8, "bottom": 16})
    (output,) = made["outputs"]
    assert (output["width"], output["height"]) == (48, 48)
    assert made["metadata"]["extend"] == {"left": 8, "right": 0, "top": 0, "bottom": 16}
    assert made["metadata"]["mask"] is None


def test_a_second_pass_makes_the_image_larger(api: Api, runner: PaintRunner) -> None:
    made = finish(api, width=32, height=32, hires={"scale": 2, "strength": 0.5})
    (output,) = made["outputs"]
    assert (output["width"], output["height"]) == (64, 64)
    assert runner.steps[output["id"]] == 4 + 2
    text = pixels(api, output).info["parameters"]
    assert "Size: 32x32" in text and "Hires upscale: 2, Hires upscaler: Lanczos" in text
    assert made["metadata"]["hires"]["width"] == 64


def test_a_finished_image_is_varied_upscaled_and_extended(api: Api) -> None:
    (first,) = finish(api, width=32, height=32, seed=5)["outputs"]
    address = f"/api/images/{first['id']}"
    varied = finish(api, f"{address}/vary", num_images=2)
    assert [output["from_image"] for output in varied["outputs"]] == [first["id"]] * 2
    assert varied["metadata"]["init"]["strength"] == 0.35
    assert varied["metadata"]["seed"] != 5
    (larger,) = finish(api, f"{address}/upscale")["outputs"]
    assert (larger["width"], larger["height"]) == (64, 64)
    (wider,) = finish(api, f"{address}/extend", left=8, right=8, num_images=1)["outputs"]
    assert (wider["width"], wider["height"]) == (48, 32)
    again = finish(api, f"/api/jobs/{varied['job_id']}/again", seed="same")
    files = [[api.get(output["url"]).content for output in job["outputs"]] for job in (varied, again)]
    assert files[0] == files[1]


def test_a_comparison_can_start_from_an_image(api: Api) -> None:
    body = {
        "prompts": ["red dress"],
        "seeds": [1, 2],
        "variants": [{"model_name": "jade-v1"}, {"model_name": None}],
        "steps": 4,
        "init": {"asset_id": asset(api, picture())},
    }
    answer = api.post("/api/compare", json=body, headers={"Prefer": "wait=20"}).json()
    assert (answer["status"], len(answer["outputs"])) == ("completed", 4)


def test_what_does_not_fit_together_is_named(api: Api) -> None:
    (made,) = finish(api, width=32, height=32)["outputs"]
    init = {"init": {"from_image": made["id"]}}
    other, empty = asset(api, mask(40, 24)), asset(api, mask(32, 32, None))
    table: list[tuple[dict[str, Any], str, str]] = [
        ({"mask": {"asset_id": other}}, "mask", "only together with init"),
        ({"extend": {"left": 8}}, "extend", "only together with init"),
        ({"init": {}}, "init", "one of them"),
        ({"init": {"asset_id": "f" * 64}}, "init.asset_id", "POST /api/assets"),
        ({"init": {"from_image": "0" * 32 + "-1"}}, "init.from_image", "a finished picture of yours"),
        ({"init": {"from_image": made["id"], "strength": 0}}, "init.strength", "above 0, up to 1"),
        ({"init": {"from_image": made["id"], "strength": 1.5}}, "init.strength", "above 0, up to 1"),
        ({"init": {"from_image": made["id"], "strength": 0.1}}, "init.strength", "from 0.25 to 1, with 4 steps"),
        ({**init, "mask": {"asset_id": other}}, "mask.asset_id", "the size of the init image, 32 x 32"),
        ({**init, "mask": {"asset_id": empty}}, "mask", "some white"),
        ({**init, "extend": {}}, "extend", "at least one side"),
        ({**init, "extend": {"left": 8}, "width": 32}, "extend", "width and height absent"),
        ({**init, "extend": {"left": 2000}}, "extend", "a multiple of 8"),
        ({**init, "hires": {}}, "hires", "hires or init"),
        ({"hires": {"scale": 2, "width": 64, "height": 64}}, "hires", "scale, or width and height"),
        ({"hires": {"upscaler": "none"}}, "hires.upscaler", "latent, lanczos"),
        ({"hires": {"scale": 4}}, "hires.width", "up to"),
    ]
    for fields, field, allowed in table:
        refused = errors(api, **fields)
        assert field in refused, (fields, refused)
        assert allowed in refused[field], (fields, refused)
    address = f"/api/images/{made['id']}"
    assert "upscaler" in errors(api, f"{address}/upscale", upscaler="latent")
    assert "left" in errors(api, f"{address}/extend")
    assert api.post(f"/api/images/{'0' * 32}-1/vary", json={}).status_code == 404
    assert api.post(f"/api/images/{made['id']}9/vary", json={}).status_code == 404


def rows(api: Api, table: Any) -> list[Any]:
    async def read() -> list[Any]:
        async with api.app.state.lifespan.container.database.read() as session:
            return list(await session.scalars(select(table)))

    return api.blocking_portal.call(read)


def test_an_asset_lives_as_long_as_its_job_and_no_longer(api: Api, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    asset_id = asset(api, picture())
    job_id = api.post("/api/generate", json={**SMALL, "init": {"asset_id": asset_id}}).json()["job_id"]
    (row,) = rows(api, AssetRow)

    async def expire() -> None:
        container = api.app.state.lifespan.container
        async with container.database.write() as session:
            found = await session.get(AssetRow, (row.sha256, row.owner))
            found.expires_at_s = 1.0
        await container.api.assets.run_once()

    api.blocking_portal.call(expire)
    assert len(rows(api, AssetRow)) == 1  # the job holds it
    runner.open_gate.set()
    assert api.get(f"/api/status/{job_id}?wait=20").json()["status"] == "completed"
    assert api.delete(f"/api/images/{job_id}-1").status_code == 204  # with it, the job is deleted
    api.blocking_portal.call(expire_now, api)
    assert rows(api, AssetRow) == rows(api, JobAssetRow) == []


async def expire_now(api: Api) -> None:
    await api.app.state.lifespan.container.api.assets.run_once()


def test_a_source_that_is_gone_from_the_store_fails_its_images_only(api: Api, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    job_id = api.post("/api/generate", json={**SMALL, "width": 32, "height": 32}).json()["job_id"]
    asset_id = asset(api, picture())
    (row,) = rows(api, AssetRow)
    store = api.app.state.lifespan.container.shared.store
    api.blocking_portal.call(store.delete, row.storage_key)
    broken = api.post("/api/generate", json={**SMALL, "init": {"asset_id": asset_id}}).json()["job_id"]
    runner.open_gate.set()
    failed = api.get(f"/api/status/{broken}?wait=20").json()
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "source"
    assert api.get(f"/api/status/{job_id}?wait=20").json()["status"] == "completed"


def test_while_the_store_is_away_a_claimed_job_waits_for_its_source(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id = asset(api, picture())
    store = api.app.state.lifespan.container.shared.store
    away = asyncio.Event()
    get = store.get

    async def refuse(key: str) -> bytes:
        if not away.is_set():
            raise StoreUnreachable("the store does not answer")
        return await get(key)

    monkeypatch.setattr(store, "get", refuse)
    job_id = api.post("/api/generate", json={**SMALL, "init": {"asset_id": asset_id}}).json()["job_id"]
    while "cannot be read" not in str((status := api.get(f"/api/status/{job_id}").json())["detail"]):
        assert status["status"] in ("queued", "processing")
    away.set()
    done = api.get(f"/api/status/{job_id}?wait=20").json()
    assert (done["status"], done["detail"]) == ("completed", None)
