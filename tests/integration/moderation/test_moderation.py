"""Moderation through the API: each verdict, uploads, exempt accounts, the review, a classifier that fails."""

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image
from sqlalchemy import select

from server.app import create_app
from server.config.settings import Settings
from server.db.moderation_models import ModerationDecisionRow
from server.moderation import service
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.assets import picture, upload
from tests.support.classifiers import ScriptedClassifier, with_classifier
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
ADMIN_KEY = "operator-key-of-the-tests"
OPERATOR = {"Authorization": f"Bearer {ADMIN_KEY}"}
DETAIL = "a classifier scores this picture 0.95; from 0.8 on it is blocked as explicit"
Serve = Callable[..., Any]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(studio_settings(tmp_path, database_url), moderation="block", admin_key=ADMIN_KEY)


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """For what is the same on both databases."""
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    return replace(settings, moderation="block", admin_key=ADMIN_KEY)


@contextmanager
def serving(settings: Settings, classifier: ScriptedClassifier, runner: PaintRunner | None = None) -> Iterator[Api]:
    app = create_app(settings, make_runner=lambda *_: runner or PaintRunner())
    with client(with_classifier(app, lambda: classifier)) as api:
        yield api


class Second(ScriptedClassifier):
    """Finds the second picture explicit."""

    def score(self, image: Image.Image) -> float:
        self.value = 0.9 if len(self.seen) == 1 else 0.1
        return super().score(image)


def generate(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api/generate", json={**QUICK, **fields}, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def events(api: Api, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.splitlines() for block in api.get(f"/api/jobs/{job_id}/events").text.split("\n\n")]
    named = [dict(line.split(": ", 1) for line in lines if ": " in line) for lines in blocks]
    return [(each["event"], json.loads(each["data"])) for each in named if "event" in each]


def log_of(api: Api) -> list[dict[str, Any]]:
    """The oldest first."""
    return api.get("/api/operator/moderation/decisions", headers=OPERATOR).json()["decisions"][::-1]


def stored_files(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.data_dir / "pictures").rglob("*") if path.is_file())


def test_a_blocked_picture_is_a_state_with_a_score_and_no_file(settings: Settings) -> None:
    classifier = ScriptedClassifier(0.95)
    with serving(settings, classifier) as api:
        job = generate(api, num_images=2)
        job_id = job["job_id"]
        assert (job["status"], job["error"]["code"], job["images"], job["outputs"]) == ("failed", "blocked", [], [])
        first = {"id": f"{job_id}-1", "index": 0, "seed": job["blocked"][0]["seed"], "score": 0.95, "detail": DETAIL}
        assert job["blocked"][0] == first
        assert api.get(f"/api/result/{job_id}").json()["blocked"] == job["blocked"]
        status = api.get(f"/api/status/{job_id}").json()
        assert (status["images_blocked"], status["images_completed"], status["progress"]) == (2, 0, 1.0)
        names = [name for name, _ in events(api, job_id)]
        assert names == ["progress", "blocked", "blocked", "failed"]
        assert first in [data for _, data in events(api, job_id)[1:3]]
        assert events(api, job_id)[-1][1]["images_blocked"] == 2
        assert [(each["decision"], each["decided_by"]) for each in log_of(api)] == [("blocked", "classifier")] * 2
        assert classifier.seen == [(32, 32)] * 2
        usage = api.get("/api/usage").json()["total"]
        assert (usage["generations"], usage["pictures"]) == (1, 0), "a blocked picture counts as made"
        classifier.value = 0.2
        assert generate(api)["status"] == "completed"
        assert len(stored_files(settings)) == 1, "a blocked picture has left a file"
        assert api.get("/api/options").json()["moderation"] == "block"


def test_what_is_not_blocked_completes_the_job(sqlite_settings: Settings) -> None:
    with serving(sqlite_settings, Second()) as api:
        visitor = Browser(api)
        visitor.cookies["anon"] = "a" * 32
        job = made_by(visitor, num_images=3)
        assert (job["status"], job["error"], len(job["outputs"]), len(job["blocked"])) == ("completed", None, 2, 1)
        item = visitor.call("GET", "/api/history").json()["items"][0]
        assert (item["images_total"], len(item["images"])) == (3, 2)


@pytest.mark.parametrize(("mode", "verdict"), [("flag", "flagged"), ("blur", "blurred")])
def test_a_marked_picture_is_stored_and_reviewed(settings: Settings, mode: str, verdict: str) -> None:
    with serving(replace(settings, moderation=mode), ScriptedClassifier(0.9)) as api:
        job = generate(api, format="png", num_images=2)
        job_id, mark = job["job_id"], {"verdict": verdict, "score": 0.9}
        assert (job["status"], "blocked" in job) == ("completed", False)
        assert [output["moderation"] for output in job["outputs"]] == [mark] * 2
        assert [data.get("moderation") for name, data in events(api, job_id) if name == "image"] == [mark] * 2
        file = Image.open(BytesIO(api.get(job["images"][0]).content))
        assert f"Moderation: {verdict} 0.90" in file.info["parameters"]

        waiting = api.get("/api/operator/moderation/pictures", headers=OPERATOR).json()["pictures"]
        assert {each["id"] for each in waiting} == {f"{job_id}-1", f"{job_id}-2"}
        assert [(each["verdict"], each["score"], each["job_id"]) for each in waiting] == [(verdict, 0.9, job_id)] * 2
        assert api.get(waiting[0]["url"]).status_code == 200
        path, share = f"/api/operator/moderation/pictures/{job_id}", f"/api/images/{job_id}-1/share"
        assert (api.put(share).status_code, api.get(share).json()) == (422, {"url": None})
        released = api.post(f"{path}-1/release", json={"note": "a dress"}, headers=OPERATOR).json()
        assert (released["decision"], released["decided_by"], released["note"]) == ("released", "operator", "a dress")
        assert api.get(api.put(share).json()["url"]).status_code == 200
        deleted = api.post(f"{path}-2/delete", json={"note": "no"}, headers=OPERATOR).json()
        assert (deleted["decision"], deleted["image_id"], deleted["score"]) == ("deleted", f"{job_id}-2", 0.9)
        left = api.get(f"/api/result/{job_id}").json()["outputs"]
        assert [(each["index"], "moderation" in each) for each in left] == [(0, False)]
        assert [data.get("moderation") for name, data in events(api, job_id) if name == "image"] == [None]
        assert api.get("/api/operator/moderation/pictures", headers=OPERATOR).json()["pictures"] == []
        assert [each["decision"] for each in log_of(api)] == [verdict, verdict, "released", "deleted"]
        again = api.post(f"{path}-1/release", json={}, headers=OPERATOR)
        assert (again.status_code, again.json()["title"]) == (404, "Not found")


def test_the_review_has_pages_and_its_log_too(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.operator.moderation_routes.A_PAGE", 2)
    with serving(replace(sqlite_settings, moderation="flag"), ScriptedClassifier()) as api:
        made = {output["id"] for output in generate(api, num_images=5)["outputs"]}
        for path, items in (("pictures", "pictures"), ("decisions", "decisions")):
            seen: list[str] = []
            cursor: dict[str, str] = {}
            for size in (2, 2, 1):
                page = api.get(f"/api/operator/moderation/{path}", params=cursor, headers=OPERATOR).json()
                assert len(page[items]) == size
                seen += [each["id" if path == "pictures" else "image_id"] for each in page[items]]
                cursor = {"cursor": page["next_cursor"]}
            assert page["next_cursor"] is None
            assert set(seen) == made and len(seen) == 5
            foreign = api.get(f"/api/operator/moderation/{path}", params={"cursor": "yesterday"}, headers=OPERATOR)
            assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (400, "cursor")


def test_uploads_are_scored_and_a_marked_one_is_used(sqlite_settings: Settings) -> None:
    classifier = ScriptedClassifier(0.95)
    with serving(sqlite_settings, classifier) as api:
        refused = api.post("/api/assets", content=picture(), headers={"Content-Type": "image/png"})
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:lora-studio:problem:content-blocked")
        assert refused.json()["errors"][0]["field"] == "file"
        assert "0.95" in refused.json()["detail"]
        assert stored_files(sqlite_settings) == []
        assert [(each["decision"], len(each["asset_id"])) for each in log_of(api)] == [("blocked", 64)]
        classifier.error = RuntimeError("out of memory")
        away = api.post("/api/assets", content=picture(), headers={"Content-Type": "image/png"})
        assert (away.status_code, away.headers["retry-after"]) == (503, "10")
        assert stored_files(sqlite_settings) == []
    with serving(replace(sqlite_settings, moderation="flag"), ScriptedClassifier()) as api:
        asset_id = upload(api, picture())["asset_id"]
        assert (log_of(api)[-1]["decision"], log_of(api)[-1]["asset_id"]) == ("flagged", asset_id)


def test_an_exempt_account_is_not_scored(sqlite_settings: Settings) -> None:
    classifier = ScriptedClassifier(0.95)
    with serving(sqlite_settings, classifier) as api:
        ada = register(api, "ada@example.org")
        user_id = ada.call("GET", "/api/auth/me").json()["user"]["id"]
        assert made_by(ada)["status"] == "failed"
        path = f"/api/operator/users/{user_id}/moderation"
        user = api.post(path, json={"exempt": True, "note": "medicine"}, headers=OPERATOR).json()
        assert user["moderation_exempt"] is True
        assert api.get("/api/operator/users", headers=OPERATOR).json()["users"] == [user]
        job = made_by(ada)
        assert (job["status"], "moderation" in job["outputs"][0]) == ("completed", False)
        assert len(classifier.seen) == 1
        assert "moderation_exempt" not in api.post(path, json={"exempt": False}, headers=OPERATOR).json()
        assert made_by(ada)["status"] == "failed"
        noted = [(each["decision"], each["note"]) for each in log_of(api) if each["image_id"] is None]
        assert noted == [("exempted", "medicine"), ("unexempted", "")]
        assert api.post("/api/operator/users/nobody/moderation", json={"exempt": True}, headers=OPERATOR).is_error


def test_a_blocked_picture_costs_no_credit(sqlite_settings: Settings) -> None:
    settings = replace(sqlite_settings, billing=True, free_usd_per_month=Decimal(10))
    with serving(settings, Second()) as api:
        ada = register(api, "ada@example.org")
        before = ada.call("GET", "/api/billing").json()["available_micro_usd"]
        assert len(made_by(ada, num_images=2)["blocked"]) == 1
        after = ada.call("GET", "/api/billing").json()
        assert (before - after["available_micro_usd"], after["held_micro_usd"]) == (250_000, 0)


def made_by(browser: Browser, **fields: Any) -> dict[str, Any]:
    return browser.call("POST", "/api/generate", {**QUICK, **fields}, {"Prefer": "wait=30"}).json()


@pytest.mark.parametrize(("mode", "is_seen"), [("block", False), ("blur", True), ("flag", True)])
def test_previews_show_nothing_that_is_hidden_later(sqlite_settings: Settings, mode: str, is_seen: bool) -> None:
    settings = replace(sqlite_settings, moderation=mode, preview_every_steps=1)
    runner = PaintRunner(step_s=0.05)
    with serving(settings, ScriptedClassifier(0.1), runner) as api:
        runner.open_gate.clear()
        job_id = api.post("/api/generate", json={**QUICK, "steps": 12, "seed": 3}).json()["job_id"]
        stream = api.app.state.lifespan.container.hub.stream(job_id)  # open before the first step
        with stream as subscriber:
            runner.open_gate.set()
            api.get(f"/api/status/{job_id}", params={"wait": 20})
            deadline_s = time.monotonic() + 2
            while is_seen and not subscriber.previews and time.monotonic() < deadline_s:
                time.sleep(0.01)
            shown = list(subscriber.previews.values())
        assert bool(shown) is is_seen
        if shown:
            preview = Image.open(BytesIO(b64decode(shown[0].partition(",")[2]))).convert("L")
            columns = preview.crop((0, 16, 32, 17)).tobytes()
            is_smooth = max(abs(a - b) for a, b in pairwise(columns)) < 60
            assert is_smooth is (mode == "blur"), list(columns)


def test_a_classifier_that_crashes_stops_the_store_and_not_the_steps(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_S", 0.05)
    classifier = ScriptedClassifier(0.1)
    with serving(sqlite_settings, classifier) as api:
        assert generate(api)["status"] == "completed"
        classifier.error = RuntimeError("the model is gone")
        job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
        reason = "the image classifier cannot be run: RuntimeError: the model is gone"
        wait_for(lambda: reason in (api.get(f"/api/status/{job_id}").json()["detail"] or ""))
        ready = api.get("/readyz")
        assert (ready.status_code, ready.json()["detail"]) == (503, reason)
        second = api.post("/api/generate", json=QUICK).json()["job_id"]
        time.sleep(0.3)
        assert api.get(f"/api/status/{second}").json()["status"] == "queued", "a job was begun that cannot be stored"
        assert len(stored_files(sqlite_settings)) == 1
        classifier.error = None
        for each in (job_id, second):
            assert api.get(f"/api/status/{each}", params={"wait": 20}).json()["status"] == "completed"
        assert api.get("/readyz").status_code == 200


def test_a_picture_that_cannot_be_scored_fails_alone(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_S", 0.02)

    class Picky(ScriptedClassifier):
        def score(self, image: Image.Image) -> float:
            if image.size == (40, 40):
                raise ValueError("no such size")
            return super().score(image)

    with serving(sqlite_settings, Picky(0.1)) as api:
        job = generate(api, width=40, height=40)
        assert (job["status"], job["error"]["code"], job["images"]) == ("failed", "moderation", [])
        assert 'studio_pictures_failed_total{code="moderation"} 1.0' in api.get("/metrics").text
        assert stored_files(sqlite_settings) == []
        assert generate(api)["status"] == "completed"


@pytest.mark.alone
def test_a_slow_classifier_delays_no_step_of_others(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "STALL_S", 1.0)
    classifier = ScriptedClassifier(0.1)
    classifier.pause_s = 5.0
    runner = PaintRunner(step_s=0.01)
    with serving(sqlite_settings, classifier, runner) as api:
        first = api.post("/api/generate", json=QUICK).json()["job_id"]
        wait_for(lambda: bool(runner.painted[f"{first}-1"]))
        begun_s = time.monotonic()
        second = api.post("/api/generate", json={**QUICK, "steps": 30}).json()["job_id"]
        wait_for(lambda: bool(runner.painted[f"{second}-1"]))
        assert time.monotonic() - begun_s < 3, "30 steps of 10 ms waited for the classifier"
        assert {api.get(f"/api/status/{each}").json()["status"] for each in (first, second)} == {"processing"}
        assert stored_files(sqlite_settings) == []
        assert api.get("/healthz").status_code == 200
        wait_for(lambda: "the image classifier has not answered for" in api.get("/readyz").json().get("detail", ""))
        classifier.pause_s = 0.0
        assert api.get(f"/api/status/{second}", params={"wait": 20}).json()["status"] == "completed"
        assert len(stored_files(sqlite_settings)) == 2


def test_a_classifier_that_cannot_be_loaded_makes_the_server_not_ready(sqlite_settings: Settings) -> None:
    settings = replace(sqlite_settings, moderation_model=sqlite_settings.data_dir / "missing")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        wait_for(lambda: "cannot be loaded" in api.get("/readyz").json().get("detail", ""))
        assert "is no folder of an image classifier: it has no config.json" in api.get("/readyz").json()["detail"]
        job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
        time.sleep(0.3)
        assert api.get(f"/api/status/{job_id}").json()["status"] == "queued"
        assert stored_files(settings) == []


def test_banned_words_refuse_before_acceptance(sqlite_settings: Settings, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("gore\n", encoding="utf-8")
    settings = replace(sqlite_settings, moderation="off", banned_words=words)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        refused = api.post("/api/generate", json={**QUICK, "prompt": "castle, GORE"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "prompt")
        assert "'gore' is not allowed on this server" in refused.json()["detail"]
        assert api.get("/api/usage").json()["total"]["generations"] == 0
        job = generate(api)
        assert (set(job) & {"blocked", "images_blocked"}, "moderation" in job["outputs"][0]) == (set(), False)
        assert "moderation" not in api.get("/api/options").json()
        assert rows_of_log(api) == 0
        assert api.app.state.lifespan.container.shared.moderation is None, "off: nothing is there to load a classifier"


def rows_of_log(api: Api) -> int:
    async def count() -> int:
        async with api.app.state.lifespan.container.database.read() as session:
            return len((await session.scalars(select(ModerationDecisionRow.id))).all())

    return api.blocking_portal.call(count)


def wait_for(condition: Callable[[], bool], timeout_s: float = 15) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)
