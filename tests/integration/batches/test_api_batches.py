"""Batches over HTTP: what is wrong with their lines, how they fill, what is downloaded, retried and cancelled."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from tests.fixtures.studio_app import BROKEN_SEED, QUICK, client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.assets import picture, upload
from tests.support.batches import ended, manifest
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WRONG = {5: "steps", 9: "model_name", 12: "colour", 23: "prompt", 40: "init.asset_id", 59: "seed"}


@pytest.fixture(scope="module")
def runner() -> PaintRunner:
    return PaintRunner(step_s=0.002, broken_seeds=frozenset({BROKEN_SEED}))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, runner: PaintRunner) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("studio")
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    with client(create_app(settings, make_runner=lambda *_: runner)) as running:
        yield running
        runner.open_gate.set()


@pytest.fixture(scope="module")
def ada(api: Api) -> Browser:
    return register(api, "ada@example.org")


def lines(num_lines: int = 60) -> list[dict[str, Any]]:
    """Line n has the seed 100 + n; those in WRONG have a wrong field."""
    requests = [{**QUICK, "prompt": f"red dress {n}", "seed": 100 + n} for n in range(1, num_lines + 1)]
    wrong = {
        5: {"steps": 0},
        9: {"model_name": "no-such-lora"},
        12: {"colour": 1},
        23: {"prompt": ""},
        40: {"init": {"asset_id": "a" * 64}},
        59: {"seed": 2**64},
    }
    for line, fields in wrong.items():
        if line <= num_lines:
            requests[line - 1] |= fields
    return requests


def test_wrong_lines_are_named_and_the_others_are_made_while_another_user_waits_for_one_job_at_most(
    api: Api, ada: Browser, runner: PaintRunner
) -> None:
    refused = ada.call("POST", "/api/batches", lines())
    assert refused.status_code == 400
    assert {each["line"]: each["field"] for each in refused.json()["errors"]} == WRONG
    assert refused.json()["detail"] == "6 of 60 lines cannot be used: lines 5, 9, 12, 23, 40, 59"
    assert all(each["detail"] and each["allowed"] for each in refused.json()["errors"])
    dry = ada.call("POST", "/api/batches?dry_run=true", lines())
    assert (dry.status_code, dry.json()["batch_id"], dry.json()["lines_accepted"]) == (200, None, 54)
    assert dry.json()["errors"] == refused.json()["errors"]
    assert [each["line"] for each in dry.json()["lines"]] == list(range(1, 61))
    assert ada.call("GET", "/api/batches").json() == {"items": []}  # nothing was made

    accepted = ada.call("POST", "/api/batches?partial=true&name=summer", lines())
    assert accepted.status_code == 202
    batch_id = accepted.json()["batch_id"]
    assert accepted.headers["location"].endswith(f"/api/batches/{batch_id}")
    bob = register(api, "bob@example.org")
    while not (state := ada.call("GET", f"/api/batches/{batch_id}").json())["counts"]["completed"]:
        assert state["status"] == "running"
    runner.open_gate.clear()
    num_begun = len(runner.steps)
    single = bob.call("POST", "/api/generate", QUICK).json()["job_id"]
    while bob.call("GET", f"/api/status/{single}").json()["status"] == "queued":
        pass
    runner.open_gate.set()
    assert bob.call("GET", f"/api/status/{single}?wait=30").json()["status"] == "completed"
    begun_before = list(runner.steps).index(f"{single}-1") - num_begun
    assert begun_before <= 8  # those of the forward that was under way: 16 rows
    state = ended(ada, batch_id)
    assert (state["status"], state["name"], state["progress"]) == ("completed", "summer", 1.0)
    assert (state["counts"]["completed"], state["lines_total"], state["images_completed"]) == (54, 54, 54)
    check_files(ada, batch_id)
    assert [each["batch_id"] for each in ada.call("GET", "/api/batches").json()["items"]] == [batch_id]
    assert ada.call("GET", "/api/history?q=dress+59&limit=1").json()["items"] == []
    assert len(ada.call("GET", "/api/history?q=dress+58&limit=1").json()["items"]) == 1


def check_files(ada: Browser, batch_id: str) -> None:
    """The manifest names each line and file once, the zip holds exactly these files, the lines show them."""
    rows = manifest(ada, batch_id)
    good = [n for n in range(1, 61) if n not in WRONG]
    assert [int(row["line"]) for row in rows] == good
    assert [int(row["seed"]) for row in rows] == [100 + n for n in good]
    assert [row["prompt"] for row in rows] == [f"red dress {n}" for n in good]
    assert rows[0]["file"] == "00001-red-dress-1-101.jpg"
    answer = ada.call("GET", f"/api/batches/{batch_id}/zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="summer-{batch_id[:8]}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [row["file"] for row in rows]
        assert archive.testzip() is None
        first = ada.call("GET", f"/api/images/{rows[0]['image_id']}/download").content
        assert archive.read(rows[0]["file"]) == first
    as_json = ada.call("GET", f"/api/batches/{batch_id}/manifest?format=jsonl").text.splitlines()
    assert [json.loads(line)["file"] for line in as_json] == [row["file"] for row in rows]
    page = ada.call("GET", f"/api/batches/{batch_id}/lines?after=57").json()
    assert [(each["line"], each["status"]) for each in page["items"]] == [(58, "completed"), (60, "completed")]
    assert page["items"][0]["images"][0]["filename"] == "00058-red-dress-58-158.jpg"
    assert page["next_after"] is None
    assert ada.call("GET", f"/api/batches/{batch_id}/lines?status=failed").json()["items"] == []


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


def test_what_has_failed_is_made_again_and_what_is_there_is_kept(api: Api, ada: Browser, runner: PaintRunner) -> None:
    two = {**QUICK, "num_images": 3, "seed": BROKEN_SEED - 1}
    batch_id = ada.call("POST", "/api/batches", [two, QUICK | {"seed": 1}]).json()["batch_id"]
    state = ended(ada, batch_id)
    assert (state["counts"]["failed"], state["counts"]["completed"], state["images_completed"]) == (1, 1, 3)
    events = events_of(ada.call("GET", f"/api/batches/{batch_id}/events").text)
    assert [name for name, _ in events] == ["progress", "line", "line", "completed"]
    failed = next(data for name, data in events if name == "line" and data["line"] == 1)
    assert (failed["status"], len(failed["images"])) == ("failed", 2)
    assert failed["error"]["code"]
    broken = manifest(ada, batch_id)
    assert [(row["line"], row["status"], row["seed"]) for row in broken] == [
        ("1", "failed", str(BROKEN_SEED - 1)),
        ("1", "failed", str(BROKEN_SEED + 1)),
        ("2", "completed", "1"),
    ]
    stranger = Browser(api)
    assert stranger.call("POST", f"/api/batches/{batch_id}/retry").status_code == 404
    made, runner.broken_seeds = runner.painted.total(), frozenset()
    assert ada.call("POST", f"/api/batches/{batch_id}/retry").json()["status"] == "running"
    state = ended(ada, batch_id)
    runner.broken_seeds = frozenset({BROKEN_SEED})
    assert (state["counts"]["failed"], state["counts"]["completed"], state["images_completed"]) == (0, 2, 4)
    assert runner.painted.total() == made + 1  # only what was missing
    rows = manifest(ada, batch_id)
    assert sorted(int(row["seed"]) for row in rows) == [1, BROKEN_SEED - 1, BROKEN_SEED, BROKEN_SEED + 1]
    assert len({row["file"] for row in rows}) == 4 and {row["status"] for row in rows} == {"completed"}
    (line,) = ada.call("GET", f"/api/batches/{batch_id}/lines").json()["items"][:1]
    assert (line["status"], len(line["images"]), line["error"]) == ("completed", 3, None)


def cookies(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def test_a_cancelled_batch_keeps_what_is_made(ada: Browser, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    batch_id = ada.call("POST", "/api/batches", [QUICK | {"seed": n} for n in range(20, 60)]).json()["batch_id"]
    while not (counts := ada.call("GET", f"/api/batches/{batch_id}").json()["counts"])["queued"]:
        pass
    assert counts["waiting"] >= 40 - 10  # no more than half of the queue's 20 places
    cancelled = ada.call("DELETE", f"/api/batches/{batch_id}").json()
    runner.open_gate.set()
    assert (cancelled["status"], cancelled["counts"]["waiting"]) == ("cancelled", 0)
    assert cancelled["counts"]["cancelled"] + cancelled["counts"]["completed"] == 40
    assert ada.call("DELETE", f"/api/batches/{batch_id}").json()["counts"] == cancelled["counts"]
    with_id = {"Last-Event-ID": "999999999"}
    assert ada.call("GET", f"/api/batches/{batch_id}/events", headers=with_id).status_code == 204
    if not cancelled["images_completed"]:
        assert ada.call("GET", f"/api/batches/{batch_id}/zip").status_code == 404


def test_a_key_makes_one_batch_and_answers_the_same(ada: Browser) -> None:
    body, key = [QUICK | {"seed": 5}], {"Idempotency-Key": "batch-1"}
    first = ada.call("POST", "/api/batches", body, key)
    again = ada.call("POST", "/api/batches", body, key)
    assert (again.status_code, again.json()) == (202, first.json())
    other = ada.call("POST", "/api/batches", [QUICK | {"seed": 6}], key)
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "key-reused")
    assert ada.call("POST", "/api/batches?partial=true", body, key).status_code == 422
    assert ada.call("POST", "/api/generate", QUICK, key).status_code == 422
    ended(ada, first.json()["batch_id"])


def test_a_file_of_a_form_is_read_by_its_name_and_its_lines_may_start_from_images(api: Api, ada: Browser) -> None:
    asset = upload(ada, picture())["asset_id"]
    table = (
        "prompt,num_images,steps,width,height,seed,init\n"
        f'"red dress, beach",1,4,32,32,3,"{{""asset_id"": ""{asset}"", ""strength"": 0.5}}"\n'
        "blue dress,1,2,32,32,4,\n"
    )
    headers = {"Cookie": cookies(ada), "x-csrftoken": ada.cookies["csrftoken"]}
    files = {"file": ("prompts.csv", table.encode(), "application/vnd.ms-excel")}
    answer = api.post("/api/batches", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    state = ended(ada, answer.json()["batch_id"])
    assert (state["name"], state["counts"]["completed"]) == ("prompts", 2)
    job_id = manifest(ada, state["batch_id"])[0]["job_id"]
    assert ada.call("GET", f"/api/result/{job_id}").json()["metadata"]["init"]["asset_id"] == asset
    raw = {**headers, "Content-Type": "text/csv"}
    assert api.post("/api/batches?dry_run=true", content=table, headers=raw).json()["lines_accepted"] == 2
    assert api.post("/api/batches", content=b"x", headers={**headers, "Content-Type": "image/png"}).status_code == 415
    large = api.post("/api/batches", content=b"x" * 20_000_001, headers=raw)
    assert (large.status_code, large.json()["detail"]) == (413, "allowed are at most 20,000,000 bytes")


def test_limits_count_each_job_and_the_rest_waits(tmp_path: Path) -> None:
    settings = replace(
        studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"), user_rate_limit_per_hour=3
    )
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        ada = register(api, "ada@example.org")
        accepted = ada.call("POST", "/api/batches", [QUICK | {"seed": n} for n in range(5)]).json()
        assert accepted["warnings"] == ["3 jobs an hour are allowed, 3 are left: the other lines wait"]
        while (state := ada.call("GET", f"/api/batches/{accepted['batch_id']}").json())["detail"] is None:
            pass
        assert "3 jobs an hour are allowed" in state["detail"]
        while (state := ada.call("GET", f"/api/batches/{accepted['batch_id']}").json())["counts"]["completed"] < 3:
            pass
        assert (state["status"], state["counts"]["waiting"]) == ("running", 2)
        assert ada.call("POST", "/api/generate", QUICK).status_code == 429
