"""Streams and waits at their bounds: one caller is refused, the others are not, and an accepted job is always named."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.config.settings import Settings
from server.db.session import DatabaseAway
from tests.fixtures.studio_app import QUICK, studio_settings
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}
COMPARISON = {"prompts": ["red dress"], "seeds": [1], "variants": [{"model_name": "jade"}], "steps": 2}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """SQLite: the bounds are counted in memory."""
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"
    return replace(studio_settings(tmp_path, database_url), max_streams_per_caller=1, admin_key="operator-key")


@pytest.fixture
def away(api: Api, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait is possible, for the reason that the test names."""
    if request.param is None:
        monkeypatch.setattr("server.events.hub.MAX_READERS", 0)
        return

    async def wait(*_: Any) -> None:
        raise request.param

    monkeypatch.setattr(type(api.app.state.lifespan.container.api.feed), "wait", wait)


@pytest.fixture
def waiting(api: Api, runner: PaintRunner) -> Iterator[str]:
    """The id of a job that this caller waits for."""
    runner.open_gate.clear()
    job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
    hub = api.app.state.lifespan.container.hub
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.get, f"/api/status/{job_id}?wait=30")
        while not hub.num_readers:
            assert not answer.done()
        yield job_id
        runner.open_gate.set()
        assert answer.result().json()["status"] == "completed"


def test_one_caller_too_many_times_is_refused_and_says_the_bound(api: Api, waiting: str) -> None:
    for path in (f"/api/status/{waiting}?wait=1", f"/api/jobs/{waiting}/events"):
        refused = api.get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert refused.json()["type"] == "urn:lora-studio:problem:too-many-streams"
        assert "1 streams and waits of this caller are open already" in refused.json()["detail"]
    assert api.get(f"/api/status/{waiting}").status_code == 200
    accepted = api.post("/api/generate", json=QUICK, headers=WAIT)
    assert (accepted.status_code, accepted.json()["status"]) == (202, "queued")
    operator = {"Authorization": "Bearer operator-key"}
    assert api.get(f"/api/status/{waiting}?wait=1", headers=operator).status_code == 200


def test_a_stream_token_counts_for_the_address(api: Api, waiting: str) -> None:
    token = api.post(f"/api/jobs/{waiting}/stream-token").json()["events_url"]
    assert api.get(token).status_code == 429


def test_a_place_is_free_again_after_a_stream(api: Api) -> None:
    for _ in range(3):
        job_id = api.post("/api/generate", json=QUICK, headers=WAIT).json()["job_id"]
        assert api.get(f"/api/jobs/{job_id}/events").text.count("event: completed") == 1
        assert api.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": "2"}).status_code == 204


@pytest.mark.parametrize(
    "away",
    [None, DatabaseAway("it does not answer"), RuntimeError("a bug")],
    ids=["readers", "database", "bug"],
    indirect=True,
)
def test_after_the_commit_every_answer_names_the_job(api: Api, away: None, caplog: pytest.LogCaptureFixture) -> None:
    first = api.post("/api/generate", json=QUICK).json()["job_id"]
    with caplog.at_level(logging.INFO):
        calls = [("/api/generate", QUICK), ("/api/compare", COMPARISON), (f"/api/jobs/{first}/again", {"seed": "same"})]
        for path, body in calls:
            answer = api.post(path, json=body, headers=WAIT)
            assert answer.status_code == 202, answer.text
            job_id = answer.json()["job_id"]
            assert answer.headers["location"].endswith(f"/api/status/{job_id}")
            assert api.get(f"/api/status/{job_id}").status_code == 200
    assert ("Traceback" in caplog.text) == ("a bug" in caplog.text)
