"""The load of scripts/fleet/two_workers.py with painted pictures: two workers share it, and one joins while the other
works. How much faster two are is measured by the script, on a machine that is otherwise idle."""

import argparse
import asyncio
import secrets

from scripts.fleet.two_workers import rate
from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.servers.server_process import ServerProcess

ASKED = argparse.Namespace(jobs=48, size=64, steps=10)


def pictures(worker: ServerProcess) -> float:
    """That this worker has stored."""
    lines = worker.http.get("/metrics").text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("studio_pictures_total ")))


def test_two_workers_share_what_is_asked_for(
    new_painting_server: NewServer, postgres_server: PostgresServer, s3_server: S3Server, s3_bucket: str
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name}"))
    settings = {
        "STUDIO_DATABASE_URL": postgres_server.url(name),
        **s3_server.settings(s3_bucket),
        "PAINT_STEP_S": "0.1",
    }
    with (
        new_painting_server("api", **settings, STUDIO_ROLE="api") as api,
        new_painting_server("worker-0", **settings, STUDIO_ROLE="worker") as first,
        new_painting_server("worker-1", **settings, STUDIO_ROLE="worker") as second,
    ):
        api.start()
        first.start()
        assert rate(api, argparse.Namespace(**{**vars(ASKED), "jobs": 8})) > 0
        second.start()
        assert rate(api, ASKED) > 0
        assert pictures(first) + pictures(second) == 8 + ASKED.jobs
        assert min(pictures(first) - 8, pictures(second)) >= ASKED.jobs / 4
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
