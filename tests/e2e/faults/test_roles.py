"""Two api processes and two workers on one PostgreSQL and one S3 store: either worker makes what either api accepts."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.event_reader import EventReader
from tests.support.servers.server_process import ServerProcess

HEAVY = {"torch", "diffusers", "transformers", "peft", "accelerate", "compel"}
KEY = "operator-key-of-the-tests"
BODY = {"prompt": "red dress", "num_images": 2, "width": 32, "height": 32, "format": "png"}


@dataclass
class Fleet:
    apis: list[ServerProcess]
    workers: list[ServerProcess]

    def submit(self, n: int, **body: object) -> str:
        """By turns to either api process."""
        answer = self.apis[n % 2].http.post("/api/generate", json={**BODY, **body})
        assert answer.status_code == 202, answer.text
        return answer.json()["job_id"]


@pytest.fixture
def fleet(
    new_painting_server: NewServer, postgres_server: PostgresServer, s3_server: S3Server, s3_bucket: str
) -> Iterator[Fleet]:
    """Running apis; the workers are not started."""
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name}"))
    database = {"STUDIO_DATABASE_URL": postgres_server.url(name), "STUDIO_ADMIN_KEY": KEY}
    settings = database | s3_server.settings(s3_bucket)
    with ExitStack() as stack:

        def new(role: str, n: int) -> ServerProcess:
            return stack.enter_context(new_painting_server(f"{role}-{n}", **settings, STUDIO_ROLE=role))

        fleet = Fleet([new("api", n) for n in range(2)], [new("worker", n) for n in range(2)])
        fleet.apis[0].is_preloaded = False  # a test looks at its modules
        for api in fleet.apis:
            api.start()
        yield fleet
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.05)


def test_accepted_by_either_api_made_by_either_worker_whichever_is_killed(fleet: Fleet) -> None:
    jobs = [fleet.submit(n, steps=30, seed=n) for n in range(6)]  # before there is a worker
    fleet.workers[0].start()
    streams = [EventReader(fleet.apis[(n + 1) % 2].url, job) for n, job in enumerate(jobs)]
    until(lambda: any(len(stream.named("preview")) > 2 for stream in streams))
    waiting = fleet.apis[0].http.get(f"/api/status/{jobs[-1]}").json()
    assert waiting["estimated_time"] > 0
    fleet.workers[1].start()
    fleet.workers[0].kill()
    jobs += [fleet.submit(n, steps=5, seed=n) for n in range(6, 12)]
    for stream in streams:
        stream.finish()
        assert [event.name for event in stream.durable] == ["image", "image", "completed"]
        assert [event.id for event in stream.durable] == ["1", "2", "3"]
    for n, job in enumerate(jobs):
        state = fleet.apis[n % 2].http.get(f"/api/status/{job}?wait=60").json()
        assert (state["status"], state["images_completed"]) == ("completed", 2)
        result = fleet.apis[n % 2].http.get(f"/api/result/{job}").json()
        assert len({output["url"] for output in result["outputs"]}) == 2


def test_each_role_serves_its_own_and_an_api_process_has_no_torch(fleet: Fleet) -> None:
    worker, api = fleet.workers[0], fleet.apis[0]
    worker.start()
    job = fleet.submit(0, steps=3)
    assert api.http.get(f"/api/status/{job}?wait=60").json()["status"] == "completed"
    assert not api.modules() & HEAVY
    assert api.http.get("/api/loras").status_code == api.http.get("/metrics").status_code == 200
    for path, status in {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/options": 404, "/": 404}.items():
        assert worker.http.get(path).status_code == status, path
    assert worker.http.post("/api/generate", json=BODY).status_code == 404
    assert worker.http.get(f"/internal/jobs/{job}/previews").status_code == 401
    assert worker.http.get(f"/internal/jobs/{job}/previews", headers={"Authorization": "Bearer x"}).status_code == 401
    assert api.http.get(f"/internal/jobs/{job}/previews").status_code == 404


def test_a_drained_worker_hands_its_job_back_and_exits_with_0(fleet: Fleet) -> None:
    api, headers = fleet.apis[0], {"Authorization": f"Bearer {KEY}"}

    def workers() -> dict[str, Any]:
        answer = api.http.get("/api/operator/workers", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    fleet.workers[0].start()
    job = fleet.submit(0, steps=150, num_images=4)
    until(lambda: any(each["jobs"] for each in workers()["workers"]))
    (worker,) = workers()["workers"]
    assert (worker["state"], worker["jobs"], worker["gpu"], worker["drain"]) == ("ready", [job], None, None)
    assert workers()["wanted"] == workers()["alive"] == 1
    fleet.workers[1].start()
    answer = api.http.post(
        f"/api/operator/workers/{worker['id']}/drain", json={"jobs": "hand_back", "exit": True}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["drain"], answer.json()["exits"]) == ("hand_back", True)
    process = fleet.workers[0].process
    assert process is not None and process.wait(30) == 0
    assert api.http.get(f"/api/status/{job}?wait=60").json()["status"] == "completed"
    assert workers()["alive"] == 1


def test_an_accepted_job_waits_for_a_worker_and_is_cancelled_while_one_makes_it(fleet: Fleet) -> None:
    api = fleet.apis[0]
    fleet.workers[0].start()
    fleet.workers[0].stop()
    job = fleet.submit(0, steps=150)
    assert api.http.get(f"/api/status/{job}").json()["status"] == "queued"
    fleet.workers[1].start()
    until(lambda: api.http.get(f"/api/status/{job}").json()["progress"] > 0)
    assert fleet.apis[1].http.delete(f"/api/jobs/{job}").json()["status"] == "cancelled"
    after = fleet.submit(1, steps=2)
    assert api.http.get(f"/api/status/{after}?wait=60").json()["status"] == "completed"


def test_a_role_that_cannot_meet_the_other_ends_in_one_line(new_painting_server: NewServer) -> None:
    with new_painting_server("api", STUDIO_ROLE="api") as server:
        server.launch()
        assert server.process is not None and server.process.wait(60) == 1
        (line,) = [line for line in server.log.read_text().splitlines() if "cannot start" in line]
        assert "STUDIO_ROLE=api needs PostgreSQL" in line
