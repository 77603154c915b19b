"""Asked twice, made once; and asked for again on purpose."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import func, select, update

from server.config.settings import Settings
from server.db.history_models import IdempotencyRow
from server.db.models import JobRow
from server.db.session import Database
from server.queue import idempotency
from server.queue.errors import KeyReused, QueueFull
from server.queue.idempotency import IdempotencyKey
from server.queue.model import JobDraft
from tests.fixtures.studio_app import QUICK, studio_settings
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness
from tests.support.tiny_model import write_lora

pytestmark = pytest.mark.usefixtures("people")


Api = TestClient[Litestar]
KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
WAIT = {"Prefer": "wait=30"}
OPERATOR = {"Authorization": "Bearer operator-key-of-the-tests"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(studio_settings(tmp_path, database_url), admin_key="operator-key-of-the-tests")


def once(key: str = "k", request: str = "r") -> IdempotencyKey:
    return IdempotencyKey(key, request)


async def answer_of(shop: JobsHarness, wanted: JobDraft, key: IdempotencyKey) -> Mapping[str, Any]:
    accepted = await shop.service.submit(wanted, key)
    return {"job_id": accepted.job_id, "estimated_time": accepted.estimated_time, "warnings": accepted.warnings}


async def test_a_hundred_at_once_with_one_key_make_one_job_and_are_told_the_same(
    database: Database, database_url: str, tmp_path: Path
):
    other = Database(database_url)
    shops = [JobsHarness(each, tmp_path) for each in (database, other)]
    bodies = await asyncio.gather(*(answer_of(shops[n % 2], draft(), once()) for n in range(100)))
    assert all(body == bodies[0] for body in bodies)
    async with database.read() as session:
        assert list(await session.scalars(select(JobRow.id))) == [bodies[0]["job_id"]]
    await other.close()


async def test_a_key_is_its_caller_s_and_its_request_s_and_ends_after_a_day(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, max_queue=4)
    first = await answer_of(shop, draft(), once())
    with pytest.raises(KeyReused):
        await shop.service.submit(draft(), once(request="other"))
    others = [
        await answer_of(shop, draft(owner="user:1"), once()),
        await answer_of(shop, draft(owner="user:1", key_id="k", end_user="a"), once()),
    ]
    assert len({body["job_id"] for body in (first, *others)}) == 3
    async with database.write() as session:
        mine = IdempotencyRow.job_id == first["job_id"]
        old = (
            update(IdempotencyRow).where(mine).values(created_at_s=IdempotencyRow.created_at_s - idempotency.KEPT_S - 1)
        )
        await session.execute(old)
    assert (await answer_of(shop, draft(), once(request="other")))["job_id"] != first["job_id"]
    with pytest.raises(QueueFull):
        await shop.service.submit(draft(), once(key="new"))
    async with database.write() as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyRow)) == 3
        await idempotency.forget_old(session, 4e9)
        assert await session.scalar(select(func.count()).select_from(IdempotencyRow)) == 0


def test_the_same_request_is_answered_the_same_and_another_is_refused(api: Api) -> None:
    first = api.post("/api/generate", json={**QUICK, "prompt": "a dress by flurble"}, headers=KEY)
    assert first.status_code == 202
    again = api.post("/api/generate", content=b' {"prompt":"a dress by flurble",' + _rest(QUICK), headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]
    done = api.post("/api/generate", json={**QUICK, "prompt": "a dress by flurble"}, headers={**KEY, **WAIT})
    assert (done.status_code, done.json()["job_id"]) == (200, first.json()["job_id"])
    other = api.post("/api/generate", json=QUICK, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "urn:lora-studio:problem:key-reused")
    wrong = api.post("/api/generate", json=QUICK, headers={"Idempotency-Key": "a b"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


def _rest(fields: Mapping[str, Any]) -> bytes:
    return ", ".join(f'"{name}": {value}' for name, value in fields.items() if name != "prompt").encode() + b"}"


def test_a_job_made_again_has_its_very_settings_or_says_what_is_gone(api: Api, settings: Settings) -> None:
    asked = {**QUICK, "style": "sketch", "model_weight": 0.4, "loras": [{"name": "amber", "weight": 0.2}], "seed": 77}
    first = api.post("/api/generate", json=asked, headers=WAIT).json()
    address = f"/api/jobs/{first['job_id']}/again"
    same = api.post(address, json={"seed": "same"}, headers=WAIT).json()
    assert same["job_id"] != first["job_id"]
    assert same["metadata"] == first["metadata"]
    assert api.get(same["images"][0]).content == api.get(first["images"][0]).content
    new = api.post(address, json={}, headers=WAIT).json()
    assert new["metadata"] == {**first["metadata"], "seed": new["metadata"]["seed"]}
    assert new["metadata"]["seed"] != 77
    kept = [api.post(address, json={}, headers=KEY).json() for _ in range(2)]
    assert kept[0] == kept[1]
    gone = first["metadata"]["loras"][1]
    write_lora(settings.lora_dir / "amber.safetensors", value=0.9)
    assert api.post("/api/loras/reload", headers=OPERATOR).json()["updated"] == ["amber"]
    refused = api.post(address, json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:lora-studio:problem:settings-gone")
    assert gone["sha256"] in refused.json()["detail"] and "amber" in refused.json()["detail"]
    assert api.post(f"/api/jobs/{'0' * 32}/again", json={}).status_code == 404
    wrong = api.post(address, json={"seed": "random"})
    assert (wrong.status_code, wrong.json()["errors"][0]["allowed"]) == (400, "one of new, same")
