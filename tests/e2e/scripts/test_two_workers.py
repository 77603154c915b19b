"""scripts/fleet/two_workers.py with painted pictures, whose steps wait and do not compute: claims, events and the store
leave two workers nearly twice as fast as one. With a model: the script, on a machine that is otherwise idle."""

import argparse
import asyncio
import secrets

import pytest

from scripts.fleet.two_workers import rate
from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server

ASKED = argparse.Namespace(jobs=48, size=64, steps=10)


@pytest.mark.alone
def test_two_workers_are_nearly_twice_as_fast(
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
        rate(api, argparse.Namespace(**{**vars(ASKED), "jobs": 8}))  # what a step costs is measured
        alone = rate(api, ASKED)
        second.start()
        assert rate(api, ASKED) / alone >= 1.6
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
