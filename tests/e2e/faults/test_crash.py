"""kill -9 and SIGTERM with jobs in the queue: after a restart all complete, as if nothing had happened. More of it:
test_chaos.py."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

from PIL import Image

from tests.e2e.conftest import NewServer
from tests.support.assets import picture
from tests.support.event_reader import EventReader
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ServerProcess

NUM_JOBS = 6
NUM_IMAGES = 2


def submit_six(server: ServerProcess, **fields: object) -> list[str]:
    common = {"num_images": NUM_IMAGES, "format": "png", **fields}
    return [submit(server, seed=100 * n, **common) for n in range(NUM_JOBS)]


def check_after_the_crash(
    server: ServerProcess, jobs: list[str], expected: list[list[bytes]], num_others: int = 0
) -> None:
    """All completed, every picture once and the same bytes, every event once."""
    for job_id, bytes_of_job in zip(jobs, expected, strict=True):
        status = ended(server, job_id)
        assert (status["status"], status["images_completed"]) == ("completed", NUM_IMAGES)
        assert pictures(server, job_id) == bytes_of_job
        events = EventReader(server.url, job_id).finish()
        names = [event.name for event in events if event.id]
        assert names == ["image"] * NUM_IMAGES + ["completed"]
        assert sorted(event.data["index"] for event in events if event.name == "image") == list(range(NUM_IMAGES))
    stored = list((server.folder / "data" / "pictures" / "generations").rglob("*.png"))
    assert len(stored) == NUM_JOBS * NUM_IMAGES + num_others


def crash_and_restart(
    server: ServerProcess, jobs: list[str], before_restart: Callable[[ServerProcess], None] = lambda _: None
) -> None:
    """Kill the server once the first picture is stored, while readers look at the first and the last job."""
    readers = [EventReader(server.url, job_id) for job_id in (jobs[0], jobs[-1])]
    readers[0].wait_until(lambda reader: len(reader.named("image")) >= 1)
    server.kill()
    assert not readers[1].named("completed"), "everything was done before the crash: nothing was tested"
    before_restart(server)
    server.start()
    for reader in readers:
        reader.finish()
        assert [event.name for event in reader.durable] == ["image"] * NUM_IMAGES + ["completed"]
        numbers = [int(event.id or "") for event in reader.durable]
        assert numbers == sorted(set(numbers))
    assert readers[1].num_connections >= 2


def test_a_server_that_is_asked_to_end_loses_nothing_either(new_painting_server: NewServer) -> None:
    with new_painting_server("ended") as server:
        server.start()
        jobs = submit_six(server, steps=100)
        reader, last = EventReader(server.url, jobs[0]), EventReader(server.url, jobs[-1])
        reader.wait_until(lambda reader: len(reader.named("image")) >= 1)
        begun_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun_s < 5
        server.start()
        assert last.finish() and last.told_to_come_back
        assert [event.name for event in reader.finish() if event.id] == ["image"] * NUM_IMAGES + ["completed"]
        assert {ended(server, job_id)["status"] for job_id in jobs} == {"completed"}
        given = server.http.get(f"/api/status/{jobs[0]}?wait=0", headers={"X-Request-ID": "mine-1"})
        assert given.headers["x-request-id"] == "mine-1"
        made = server.http.get("/nowhere", headers={"X-Request-ID": "not one"})
        assert re.fullmatch("[0-9a-f]{16}", made.headers["x-request-id"])
        log = [json.loads(line) for line in server.log.read_text().splitlines()]
        (line,) = [line for line in log if line.get("request_id") == "mine-1"]
        expected = {"event": "request", "method": "GET", "status": 200, "job_id": jobs[0], "level": "info"}
        assert expected.items() <= line.items()
        assert line["route"].startswith("/api/status/{")
        assert "red dress" not in server.log.read_text()


def test_the_demo_model_gives_the_same_pictures_after_a_crash(new_demo_server: NewServer) -> None:
    """With the real model: bitwise, because every forward has the same shape. Ten of the jobs are of all kinds from
    images, and their assets have expired when the server starts again."""
    exact = {"STUDIO_EXACT_ROWS": "8", "STUDIO_MAX_ROWS": "8"}
    small = {"width": 128, "height": 128, "model_name": "base", "steps": 10}
    with new_demo_server("undisturbed", **exact) as server:
        server.start()
        jobs = submit_six(server, **small) + submit_ten(server)
        expected = [pictures(server, job_id) for job_id in jobs if ended(server, job_id)]
    with new_demo_server("killed", **exact) as server:
        server.start()
        jobs, from_images = submit_six(server, **small), submit_ten(server)
        assert len(list((server.folder / "data" / "pictures" / "assets").iterdir())) == 2
        crash_and_restart(server, jobs, before_restart=expire_assets)
        for job_id, bytes_of_job in zip(from_images, expected[NUM_JOBS:], strict=True):
            assert ended(server, job_id)["status"] == "completed"
            assert pictures(server, job_id) == bytes_of_job
        check_after_the_crash(server, jobs, expected[:NUM_JOBS], num_others=len(from_images))
    assert len(set(map(tuple, expected))) == len(expected)


def test_a_database_that_cannot_be_reached_is_told_in_one_line_without_its_password(
    new_painting_server: NewServer,
) -> None:
    address = "postgresql+asyncpg://studio:hunter2@127.0.0.1:1/studio"
    server = new_painting_server("unreachable", STUDIO_DATABASE_URL=address)
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    log = server.log.read_text()
    assert "the database postgresql+asyncpg://studio:***@127.0.0.1:1/studio cannot be used" in log
    assert "Traceback" not in log
    assert "hunter2" not in log


def submit_ten(server: ServerProcess) -> list[str]:
    small = {"model_name": "base", "steps": 4, "num_images": 1, "format": "png"}
    init = {"asset_id": asset(server, picture(1, 128, 128))}
    mask = {"asset_id": asset(server, mask_of(128, 128))}
    kinds: list[dict[str, object]] = [
        {"init": init},
        {"init": {**init, "strength": 1.0}, "mask": mask},
        {"init": init, "mask": {**mask, "mode": "hard"}},
        {"init": init, "mask": {**mask, "padding": 8}, "width": 128, "height": 128},
        {"init": init, "extend": {"left": 32}},
    ]
    return [submit(server, seed=seed, **small, **kind) for seed in (1, 2) for kind in kinds]


def expire_assets(server: ServerProcess) -> None:
    with closing(sqlite3.connect(server.folder / "data" / "studio.db")) as database, database:
        database.execute("UPDATE asset SET expires_at_s = 1")


def asset(server: ServerProcess, data: bytes) -> str:
    answer = server.http.post("/api/assets", content=data, headers={"Content-Type": "image/png"})
    assert answer.status_code == 201, answer.text
    return answer.json()["asset_id"]


def mask_of(width: int, height: int) -> bytes:
    """White in the middle."""
    image = Image.new("L", (width, height), 0)
    image.paste(255, (width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
