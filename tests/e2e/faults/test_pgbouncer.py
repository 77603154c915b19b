"""An api process and a worker behind PgBouncer in transaction mode, with fewer connections than they have in their
pools; PostgreSQL dies under load and comes back."""

import asyncio

import asyncpg
import pytest

from tests.chaos.context import Order, check_events, check_rows, snapshot, submit_all, until
from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer, started_postgres_server
from tests.fixtures.s3_server import S3Server
from tests.support.event_reader import EventReader
from tests.support.servers.pgbouncer import PgBouncer

mortal_postgres_server = pytest.fixture(name="mortal_postgres_server")(started_postgres_server)
NUM_CONNECTIONS = 2
BODY = {"prompt": "red dress", "model_name": "base", "width": 64, "height": 64, "num_images": 2, "steps": 20}


def connections(database: PostgresServer) -> list[str]:
    """What the connections of the servers to PostgreSQL asked for last."""

    async def read() -> list[str]:
        connection = await asyncpg.connect(host="127.0.0.1", port=database.port, user="studio", database="postgres")
        try:
            rows = await connection.fetch("SELECT query FROM pg_stat_activity WHERE datname = 'studio'")
            return [row["query"] for row in rows]
        finally:
            await connection.close()

    return asyncio.run(read())


def test_few_connections_serve_all_and_nothing_is_lost_when_postgresql_restarts(
    new_painting_server: NewServer, mortal_postgres_server: PostgresServer, s3_server: S3Server, s3_bucket: str
) -> None:
    database = mortal_postgres_server
    asyncio.run(database.execute("CREATE DATABASE studio"))
    with PgBouncer(database.port, NUM_CONNECTIONS) as pooler:
        settings = {
            "STUDIO_DATABASE_URL": pooler.url("studio"),
            "STUDIO_DATABASE_DIRECT_URL": database.url("studio"),
            **s3_server.settings(s3_bucket),
        }
        with (
            new_painting_server("api", **settings, STUDIO_ROLE="api") as api,
            new_painting_server("worker", **settings, STUDIO_ROLE="worker") as worker,
        ):
            api.start()
            worker.start()
            orders = [Order({**BODY, "seed": 10 * n}) for n in range(12)]
            submit_all(api, orders)
            streams = [EventReader(api.url, order.job_id) for order in orders]
            until(lambda: any(stream.named("image") for stream in streams), what="a picture")
            queries = connections(database)
            assert len(queries) <= NUM_CONNECTIONS + 2  # and one of each process for LISTEN
            assert any("pg_notify" in query or "LISTEN" in query for query in queries)
            database.pause()
            assert api.http.post("/api/generate", json=BODY).status_code == 503
            assert "database cannot be reached" in api.http.get("/readyz").json()["detail"]
            database.go_on()
            check_events(streams, 2)
            check_rows(snapshot(database.url("studio")), orders)
            late = Order({**BODY, "seed": 999})
            submit_all(api, [late])
            check_events([EventReader(api.url, late.job_id)], 2)
