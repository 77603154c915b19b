"""Databases of earlier revisions (tests/data/upgrade) under today's server: what was queued is made, what was made is
shown, kept and made again as before."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import make_url

from server.app import create_app
from tests.fixtures.studio_app import BROKEN_SEED, client, studio_settings
from tests.support.fake_runner import PaintRunner

DATA = Path(__file__).parents[2] / "data" / "upgrade"
WAIT = {"Prefer": "wait=30"}
Api = TestClient[Litestar]


@dataclass
class Upgraded:
    """`before` is what the earlier server answered."""

    api: Api
    revision: str
    before: dict[str, Any]
    runner: PaintRunner

    def result(self, name: str) -> dict[str, Any]:
        return self.api.get(f"/api/result/{self.before[name]['job_id']}").json()

    def ended(self, name: str) -> dict[str, Any]:
        return self.api.get(f"/api/status/{self.before[name]['job_id']}?wait=30").json()

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        return {name: job for name, job in self.before.items() if isinstance(job, dict) and "result" in job}


@pytest.fixture(params=["198b20e", "c111614"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path, empty_database_url: str) -> Iterator[Upgraded]:
    folder = DATA / request.param
    kind = make_url(empty_database_url).get_backend_name()
    before = json.loads((folder / f"{kind}.json").read_text())
    restore(empty_database_url, (folder / f"{kind}.sql").read_text())
    settings = studio_settings(tmp_path, empty_database_url)
    settings.data_dir.mkdir()
    (settings.data_dir / "server.lock").write_text(before["folder_id"] + "\n")
    for job in (each for each in before.values() if isinstance(each, dict) and "result" in each):
        for output in job["result"]["outputs"]:
            file = settings.data_dir / "pictures" / output["url"].partition("/files/")[2]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(output["id"].encode())
    runner = PaintRunner(broken_seeds=frozenset({BROKEN_SEED}))
    with client(create_app(settings, make_runner=lambda *_: runner)) as api:
        if request.param == "198b20e":
            login = api.post("/api/auth/login", json={"email": "ada@example.org", "password": "a long password"})
            assert login.status_code == 200, login.text
            api.headers["x-csrftoken"] = api.cookies["csrftoken"]
        yield Upgraded(api, request.param, before, runner)


def restore(database_url: str, script: str) -> None:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "")) as connection:
            connection.executescript(script)
        return

    async def run() -> None:
        connection = await asyncpg.connect(database_url.replace("postgresql+asyncpg", "postgresql"))
        await connection.execute(script)
        await connection.close()

    asyncio.run(run())


def assert_still_shown(before: Any, after: Any, path: str = "") -> None:
    """Every field that the earlier answer had has its value still; there may be more fields."""
    if isinstance(before, dict):
        for name, value in before.items():
            assert name in after, f"{path}.{name} is gone"
            assert_still_shown(value, after[name], f"{path}.{name}")
    elif isinstance(before, list):
        assert len(before) == len(after), path
        for n, (old, new) in enumerate(zip(before, after, strict=True)):
            assert_still_shown(old, new, f"{path}[{n}]")
    else:
        assert before == after, path


def test_what_was_made_is_answered_as_before(upgraded: Upgraded) -> None:
    for name in ("finished", "plain", "failed", "cancelled", "styled", "compared"):
        if name in upgraded.before:
            assert_still_shown(upgraded.before[name]["result"], upgraded.result(name), name)
            state = upgraded.ended(name)
            status_before = {
                field: value for field, value in upgraded.before[name]["status"].items() if field != "error"
            }
            assert_still_shown(status_before, state, name)
            assert_still_shown(upgraded.before[name]["status"]["error"], state["error"], name)


def test_what_was_queued_is_made_and_only_what_was_missing(upgraded: Upgraded) -> None:
    num_images = {"half": 3, "queued": 2, "queued comparison": 4, "queued interval": 1}
    for name in num_images.keys() & upgraded.before.keys():
        state = upgraded.ended(name)
        assert (state["status"], state["images_completed"]) == ("completed", num_images[name]), name
        result = upgraded.result(name)
        assert_still_shown(upgraded.before[name]["result"]["metadata"], result["metadata"], name)
        before, seeds = upgraded.before[name]["result"]["outputs"], [output["seed"] for output in result["outputs"]]
        assert [output["id"] for output in before] == [o["id"] for o in result["outputs"]][: len(before)]
        if name != "queued comparison":
            assert seeds == [result["metadata"]["seed"] + n for n in range(num_images[name])]
    half = upgraded.before["half"]["job_id"]
    assert {image for image in upgraded.runner.painted if image.startswith(half)} == {f"{half}-2", f"{half}-3"}
    if upgraded.revision == "198b20e":
        metadata = upgraded.result("queued interval")["metadata"]
        assert (metadata["guidance_start"], metadata["guidance_end"]) == (0.0, 0.4)
        compared = upgraded.result("queued comparison")
        assert [output["variant_index"] for output in compared["outputs"]] == [0, 1, 0, 1]
        assert compared["comparison"]["variants"] == ["jade-v1:0.9", "no LoRA"]


def test_history_favorites_downloads_and_usage_are_kept(upgraded: Upgraded) -> None:
    if upgraded.revision != "198b20e":
        file = upgraded.before["plain"]["result"]["outputs"][0]
        assert upgraded.api.get(f"/api/images/{file['id']}/download").content == file["id"].encode()
        return
    for name in upgraded.jobs:
        upgraded.ended(name)
    items = upgraded.api.get("/api/history").json()["items"]
    old = {item["job_id"]: item for item in upgraded.before["history"]["items"]}
    assert [item["job_id"] for item in items] == list(old)
    for item in items:
        if old[item["job_id"]]["status"] == "completed":
            assert_still_shown(old[item["job_id"]], item)
    (favorite,) = upgraded.api.get("/api/history?favorites=true").json()["items"]
    marked = [image["favorite"] for image in favorite["images"]]
    assert (favorite["job_id"], marked) == (upgraded.before["finished"]["job_id"], [True, False])
    for lora in ("jade", "jade-v2"):
        found = upgraded.api.get("/api/history", params={"lora": lora}).json()["items"]
        assert [item["job_id"] for item in found] == upgraded.before[lora]
    image = favorite["images"][0]
    assert upgraded.api.get(f"/api/images/{image['id']}/download").content == image["id"].encode()
    assert upgraded.api.get(f"/api/images/{image['id']}").json()["image"]["downloads"] == image["downloads"] + 1
    usage = upgraded.api.get("/api/usage").json()
    assert usage["total"]["generations"] == upgraded.before["usage"]["total"]["generations"]


def test_again_makes_the_same_from_the_specs(upgraded: Upgraded) -> None:
    for name in ("finished", "plain", "styled"):
        if name not in upgraded.before:
            continue
        job_id = upgraded.before[name]["job_id"]
        again = upgraded.api.post(f"/api/jobs/{job_id}/again", json={"seed": "same"}, headers=WAIT).json()
        assert again["status"] == "completed", again
        assert again["metadata"] == upgraded.result(name)["metadata"]
        assert len(again["outputs"]) == again["metadata"]["num_images"]  # with the image that was deleted
