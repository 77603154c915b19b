"""The data folder or the database file is moved away under a running server, or nothing can be written there: it is not
ready, accepts nothing that it cannot keep, and goes on by itself afterwards."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Connection, Engine, event

from server.app import create_app
from server.config.settings import Settings
from server.storage import data_folder
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}


def until(condition: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def check_refused(api: Api, reason: str) -> None:
    """Not ready for this reason, and no call that stores something is accepted."""
    unready = api.get("/readyz")
    assert (unready.status_code, reason in unready.json()["detail"]) == (503, True), unready.text
    account = {"email": "ada@example.org", "password": "correct horse battery"}
    for path, body in (("/api/generate", QUICK), ("/api/auth/register", account)):
        refused = api.post(path, json=body)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:lora-studio:problem:database-away")
        assert "not in its place" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) > 0


def check_works(api: Api, job_id: str) -> None:
    until(lambda: api.get("/readyz").status_code == 200)
    assert api.post("/api/generate", json=QUICK, headers=WAIT).json()["status"] == "completed"
    (output,) = api.get(f"/api/result/{job_id}").json()["outputs"]
    assert api.get(output["url"]).status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_data_folder_goes_and_comes_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a database elsewhere, too: no picture could be kept, and another server could start."""
    monkeypatch.setattr(data_folder, "CHECK_S", 0.02)
    away = settings.data_dir.with_name("away")
    runner = PaintRunner()
    with client(create_app(settings, make_runner=lambda *_: runner)) as api:
        job_id = api.post("/api/generate", json=QUICK, headers=WAIT).json()["job_id"]
        runner.open_gate.clear()
        under_way = api.post("/api/generate", json=QUICK).json()["job_id"]
        until(lambda: api.get(f"/api/status/{under_way}").json()["status"] == "processing")
        settings.data_dir.rename(away)
        until(lambda: api.get("/readyz").status_code == 503)
        check_refused(api, "server.lock was deleted or unmounted")
        runner.open_gate.set()
        time.sleep(0.3)  # the picture under way is finished and waits
        assert not settings.data_dir.exists()
        away.rename(settings.data_dir)
        check_works(api, job_id)
        assert api.get(f"/api/status/{under_way}?wait=30").json()["status"] == "completed"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_the_database_file_goes_is_replaced_and_comes_back(tmp_path: Path) -> None:
    settings = replace(studio_settings(tmp_path, ""), database_url=None)
    file, away = settings.data_dir / "studio.db", tmp_path / "away"
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        job_id = api.post("/api/generate", json=QUICK, headers=WAIT).json()["job_id"]
        file.rename(away)
        check_refused(api, "studio.db was deleted or unmounted")
        assert api.get(f"/api/status/{job_id}").status_code == 503
        assert not file.exists(), "a new file under the old name would hide the loss"
        file.write_bytes(away.read_bytes())
        check_refused(api, "studio.db was replaced by another file")
        away.replace(file)
        check_works(api, job_id)


@pytest.fixture
def pages() -> Iterator[list[int]]:
    """Its number is the most pages that a SQLite file may have, from the next transaction on."""
    most = [1_000_000]

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most[0]}")

    event.listen(Engine, "begin", limit)
    yield most
    event.remove(Engine, "begin", limit)


def test_a_full_disk_refuses_what_it_cannot_keep(tmp_path: Path, pages: list[int]) -> None:
    settings = replace(studio_settings(tmp_path, ""), database_url=None)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        job_id = api.post("/api/generate", json=QUICK, headers=WAIT).json()["job_id"]
        until(lambda: api.get("/readyz").status_code == 200)
        pages[0] = 1  # no larger than it is
        long = {**QUICK, "prompt": "x" * 2000}
        until(lambda: api.post("/api/generate", json=long).status_code == 507)  # free pages of the file come first
        refused = api.post("/api/generate", json=long)
        assert (refused.status_code, refused.json()["type"]) == (507, "urn:lora-studio:problem:disk-full")
        assert int(refused.headers["retry-after"]) > 0
        unready = api.get("/readyz")
        assert (unready.status_code, "the disk of the database is full" in unready.json()["detail"]) == (503, True)
        assert api.get(f"/api/status/{job_id}").json()["status"] == "completed"
        pages[0] = 1_000_000
        until(lambda: api.get("/readyz").status_code == 200)
        assert api.post("/api/generate", json=long).status_code == 202


def test_a_database_that_another_process_locks_is_waited_for(tmp_path: Path) -> None:
    settings = replace(studio_settings(tmp_path, ""), database_url=None)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api, ThreadPoolExecutor(1) as pool:
        job_id = api.post("/api/generate", json=QUICK, headers=WAIT).json()["job_id"]
        other = sqlite3.connect(settings.data_dir / "studio.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        posting = pool.submit(api.post, "/api/generate", json=QUICK)
        for path in (f"/api/status/{job_id}", f"/api/result/{job_id}", "/api/history", "/healthz"):
            assert api.get(path).status_code == 200
        assert not posting.done()
        other.execute("ROLLBACK")
        other.close()
        assert posting.result().status_code == 202
