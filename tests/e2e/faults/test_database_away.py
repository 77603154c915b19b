"""A PostgreSQL that dies under a running server, and comes back: reported while it lasts, and nothing is lost."""

import asyncio

import pytest

from tests.chaos.context import until
from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer, started_postgres_server
from tests.support.http_jobs import ended, pictures, submit

SMALL = {"model_name": "base", "width": 64, "height": 64, "num_images": 2}
mortal_postgres_server = pytest.fixture(name="mortal_postgres_server")(started_postgres_server)


def test_a_database_that_goes_and_comes_back(
    new_painting_server: NewServer, mortal_postgres_server: PostgresServer
) -> None:
    database = mortal_postgres_server
    asyncio.run(database.execute("CREATE DATABASE studio"))
    with new_painting_server("server", STUDIO_DATABASE_URL=database.url("studio")) as server:
        server.start()
        under_way = submit(server, **SMALL, steps=60)
        until(lambda: server.http.get(f"/api/status/{under_way}").json()["progress"] > 0)
        database.pause()
        for answer in (
            server.http.get(f"/api/result/{under_way}"),
            server.http.post("/api/generate", json={"prompt": "a tree", **SMALL}),
        ):
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:lora-studio:problem:database-away")
            assert int(answer.headers["retry-after"]) > 0
        assert "database cannot be reached" in server.http.get("/readyz").json()["detail"]
        assert server.http.get("/healthz").status_code == 200
        spool = server.folder / "data" / "spool"
        until(lambda: len(list(spool.iterdir())) == 2, what="what was being made is finished and kept")
        database.go_on()
        assert ended(server, under_way)["status"] == "completed"
        assert len(pictures(server, under_way)) == 2
        later = submit(server, **SMALL, steps=4)
        assert ended(server, later)["status"] == "completed"
        until(lambda: list(spool.iterdir()) == [])
        assert server.http.get("/readyz").status_code == 200
