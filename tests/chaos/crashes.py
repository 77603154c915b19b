"""kill -9, again and again: every accepted job ends as if nothing had happened."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.chaos.context import (
    World,
    check_rows,
    pictures,
    snapshot,
    submit_all,
    wait_for_all,
)
from tests.support.servers.server_process import ServerProcess


def crashes(
    world: World, name: str, database_url: str, num_jobs: int, num_kills: int, up_s: tuple[float, float], **fields: Any
) -> dict[str, Any]:
    """Kills at random points, until `num_kills` of them found unfinished jobs. The pictures must be those of an
    undisturbed run, byte by byte."""
    with world.new_server(f"{name}-undisturbed") as server:
        server.start()
        orders = world.orders(num_jobs, **fields)
        begun_s = time.monotonic()
        submit_all(server, orders)
        wait_for_all(server, orders)
        undisturbed_s = time.monotonic() - begun_s
        expected = pictures(server, orders)
    with world.new_server(f"{name}-killed", STUDIO_DATABASE_URL=database_url) as server:
        server.start()
        orders = world.orders(num_jobs, **fields)
        submit_all(server, orders)
        in_vain = 0
        for _ in range(num_kills):
            time.sleep(world.chance.uniform(*up_s))
            in_vain += all(status == "completed" for _, status, *_ in snapshot(database_url)["job"])
            server.kill()
            server.launch()
            server.wait_for("/healthz")
        server.wait_for("/readyz")
        wait_for_all(server, orders)
        rows = snapshot(database_url)
        check_rows(rows, orders)
        same = sum(one == other for one, other in zip(pictures(server, orders), expected, strict=True))
        files = list((server.folder / "data" / "pictures").rglob("*.png"))
        spooled = list((server.folder / "data" / "spool").iterdir())
        assert (same, len(files), spooled) == (num_jobs, sum(len(each) for each in expected), [])
    assert in_vain < num_kills / 2, "most kills came when all was done: the jobs are too short"
    return {
        "jobs": num_jobs,
        "kills": num_kills,
        "kills with jobs under way": num_kills - in_vain,
        "lost": 0,
        "stuck": 0,
        "duplicate rows or files": 0,
        "jobs with the same bytes": same,
        "claims": sum(attempt for *_, attempt, _ in rows["job"]),
        "undisturbed s": round(undisturbed_s, 1),
    }


def accepted(world: World, name: str, database_url: str, num_rounds: int, num_callers: int) -> dict[str, Any]:
    """In each round so many callers post together, and the server is killed when the last of them has its answer."""
    with world.new_server(name, STUDIO_DATABASE_URL=database_url, STUDIO_MAX_QUEUE="100000") as server:
        accepted: list[str] = []
        server.launch()
        for _ in range(num_rounds):
            server.wait_for("/healthz")
            wait_until_accepting(server)
            with ThreadPoolExecutor(num_callers) as clients:
                orders = world.orders(num_callers, steps=100, num_images=1)
                posts = [clients.submit(httpx.post, f"{server.url}/api/generate", json=o.fields) for o in orders]
                answers = [post.result() for post in posts]
            server.kill()
            accepted += [answer.json()["job_id"] for answer in answers if answer.status_code == 202]
            server.launch()
        server.wait_for("/healthz")
        there = {job_id for job_id, *_ in snapshot(database_url)["job"]}
        survived = sum(job_id in there for job_id in accepted)
    assert survived == len(accepted) == num_rounds * num_callers
    return {"answers 202": len(accepted), "survived": survived, "kills": num_rounds}


def wait_until_accepting(server: ServerProcess) -> None:
    """The base model is hashed while the server answers."""
    while server.http.get("/api/options").status_code != 200:
        time.sleep(0.02)
