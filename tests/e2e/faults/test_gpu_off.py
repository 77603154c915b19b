"""The machine with the GPU comes and goes: two api processes accept work, wake a worker, and outlive it."""

import asyncio
import json
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.event_reader import EventReader
from tests.support.servers import wake_hook
from tests.support.servers.server_process import ServerProcess

HEAVY = {"torch", "diffusers", "transformers", "peft", "accelerate", "compel"}
BODY = {"prompt": "red dress", "num_images": 1, "steps": 3, "width": 32, "height": 32, "format": "png"}
NewApi = Callable[..., ServerProcess]


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    folder = tmp_path / "hook"
    folder.mkdir()
    return folder


@pytest.fixture
def new_api(
    new_painting_server: NewServer,
    postgres_server: PostgresServer,
    s3_server: S3Server,
    s3_bucket: str,
    hook: Path,
) -> Iterator[NewApi]:
    """Makes api processes of one fleet, not started, whose hook would start its worker."""
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name}"))
    shared = {"STUDIO_DATABASE_URL": postgres_server.url(name), **s3_server.settings(s3_bucket)}
    command = shlex.join([sys.executable, wake_hook.__file__, str(hook)])
    with ExitStack() as stack:
        worker = stack.enter_context(
            new_painting_server("worker", **shared, STUDIO_ROLE="worker", STUDIO_IDLE_EXIT_MIN="0.04")
        )
        (hook / "worker.json").write_text(json.dumps({"command": worker.command, "environment": worker.environment}))

        def new(name: str, **settings: str) -> ServerProcess:
            waking = {"STUDIO_ROLE": "api", "STUDIO_WAKE_COMMAND": command, "STUDIO_WAKE_RETRY_S": "1", **settings}
            return stack.enter_context(new_painting_server(name, **shared, **waking))

        stack.callback(wake_hook.stop_worker, hook)
        yield new
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def calls(hook: Path) -> list[float]:
    file = hook / "calls"
    return [float(line) for line in file.read_text().splitlines()] if file.exists() else []


def no_worker(api: ServerProcess) -> dict[str, Any] | None:
    return api.http.get("/api/options").json().get("no_worker")


def test_work_is_accepted_a_worker_is_woken_and_leaves_when_it_is_idle(new_api: NewApi, hook: Path) -> None:
    apis = [new_api(f"api-{n}", STUDIO_WORKER_START_S="40") for n in range(2)]
    apis[0].is_preloaded = False  # the test looks at its modules
    for api in apis:
        api.start()
    until(lambda: all(no_worker(api) is not None for api in apis))
    asleep = no_worker(apis[0])
    assert asleep is not None and (asleep["state"], asleep["starts_in_s"]) == ("asleep", 40)
    assert calls(hook) == []

    jobs: list[str] = []
    for n in range(20):
        answer = apis[n % 2].http.post("/api/generate", json={**BODY, "seed": n})
        assert answer.status_code == 202, answer.text
        jobs.append(answer.json()["job_id"])
    stream = EventReader(apis[1].url, jobs[0])
    until(lambda: len(calls(hook)) == 3)
    first, second, third = calls(hook)  # of both processes: once, then after 1 s and 2 s
    assert second - first >= 0.9 and third - second >= 1.9
    for api in apis:
        state = api.http.get(f"/api/status/{jobs[-1]}").json()
        assert state["status"] == "queued" and "no worker is running; " in state["detail"]
        assert api.http.get("/readyz").status_code == api.http.get("/api/history").status_code == 200

    (hook / "may").touch()
    for n, job in enumerate(jobs):
        state = apis[n % 2].http.get(f"/api/status/{job}?wait=60").json()
        assert (state["status"], state["images_completed"], state["detail"]) == ("completed", 1, None)
    assert len(calls(hook)) >= 4  # more where the worker takes longer to come
    stream.finish()
    assert [event.name for event in stream.durable] == ["image", "completed"]
    assert any("no worker is running; " in (event.data["detail"] or "") for event in stream.named("progress"))

    until(lambda: (hook / "exit").exists())
    assert (hook / "exit").read_text() == "0"
    assert "the server ends" in (hook / "worker.log").read_text()
    until(lambda: all(no_worker(api) is not None for api in apis), timeout_s=5)  # it said that it goes
    for api in apis:
        asleep = no_worker(api)
        assert asleep is not None and asleep["state"] == "asleep"
        assert api.http.get(f"/api/result/{jobs[0]}").status_code == 200
    assert not apis[0].modules() & HEAVY


def test_outside_the_hours_nothing_is_woken(new_api: NewApi, hook: Path) -> None:
    minute = time.gmtime(time.time() + 7200)
    begins, ends = f"{minute.tm_hour:02}:00", f"{(minute.tm_hour + 1) % 24:02}:00"
    closed = new_api("closed", STUDIO_WORKER_HOURS=f"{begins}-{ends} UTC")
    closed.start()
    job = closed.http.post("/api/generate", json=BODY).json()
    assert job["estimated_time"] > 3600
    until(lambda: closed.http.get(f"/api/status/{job['job_id']}").json()["detail"] is not None)
    detail = closed.http.get(f"/api/status/{job['job_id']}").json()["detail"]
    assert detail == f"workers run from {begins} to {ends} (UTC)"
    shown = no_worker(closed)
    assert shown is not None and shown["hours"] == {"begins": begins, "ends": ends, "time_zone": "UTC"}
    assert closed.stop() == 0
    assert calls(hook) == []
