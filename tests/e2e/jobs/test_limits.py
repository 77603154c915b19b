"""Limits of real servers, under many parallel callers: exact in one process and in two, whatever callers claim to
be."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest

from scripts.measure.flood import Answer, flood, post_all
from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.support.servers.server_process import ServerProcess

BODY = b'{"prompt": "red dress", "num_images": 1, "steps": 2, "width": 32, "height": 32}'
LIMIT = 10


async def ask(servers: Sequence[ServerProcess], headers: Sequence[Mapping[str, str]]) -> list[Answer]:
    """A post with each of these headers, 200 in parallel, the servers by turns."""
    num = len(servers)
    shares = [[(each, BODY) for each in headers[n::num]] for n in range(num)]
    posted = await asyncio.gather(
        *(post_all(server.url, share, 200 // num) for server, share in zip(servers, shares, strict=True))
    )
    return [answer for answers in posted for answer in answers]


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(each.status for each in answers)


@pytest.fixture
def two_on_postgresql(new_painting_server: NewServer, postgres_server: PostgresServer) -> Iterator[list[ServerProcess]]:
    """Two processes on one database, behind a proxy at 127.0.0.1."""
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name}"))
    settings = {
        "STUDIO_DATABASE_URL": postgres_server.url(name),
        "STUDIO_RATE_LIMIT_PER_HOUR": str(LIMIT),
        "STUDIO_TRUSTED_PROXIES": "127.0.0.1",
    }
    with ExitStack() as stack:
        servers = [stack.enter_context(new_painting_server(f"server-{n}", **settings)) for n in range(2)]
        for server in servers:
            server.start()
        yield servers
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


async def test_two_processes_behind_a_proxy_accept_exactly_the_limit_and_forged_addresses_gain_nothing(
    two_on_postgresql: list[ServerProcess],
):
    servers = two_on_postgresql
    caller = {"X-Forwarded-For": "192.0.2.1"}
    assert statuses(await ask(servers, [caller] * 200)) == {202: LIMIT, 429: 200 - LIMIT}
    forged = [{"X-Forwarded-For": f"198.51.{n // 256}.{n % 256}, 192.0.2.1"} for n in range(300)]
    assert statuses(await ask(servers, forged)) == {429: 300}
    neighbors = [{"X-Forwarded-For": f"2001:db8:0:1::{n:x}"} for n in range(1, 21)]
    assert statuses(await ask(servers, neighbors)) == {202: LIMIT, 429: 20 - LIMIT}
    once = {"X-Forwarded-For": "192.0.2.2", "Idempotency-Key": secrets.token_hex(16)}
    answers = await ask(servers, [once] * 100)
    assert statuses(answers) == {202: 100}
    assert len({each.body for each in answers}) == 1


async def test_one_process_on_sqlite_accepts_exactly_the_limit_and_believes_no_header(new_painting_server: NewServer):
    with new_painting_server("server", STUDIO_RATE_LIMIT_PER_HOUR=str(LIMIT)) as server:
        server.start()
        once = [{"Idempotency-Key": "0" * 32}] * 100
        answers = await ask([server], once)
        assert statuses(answers) == {202: 100}
        assert len({each.body for each in answers}) == 1
        assert statuses(await ask([server], [{}] * 200)) == {202: LIMIT - 1, 429: 201 - LIMIT}
        forged = [{"X-Forwarded-For": f"198.51.{n // 256}.{n % 256}"} for n in range(300)]
        assert statuses(await ask([server], forged)) == {429: 300}


async def test_a_flood_at_the_queue_s_limit_is_refused_at_once_and_leaves_no_memory_behind(
    new_painting_server: NewServer,
):
    with new_painting_server("server", STUDIO_MAX_QUEUE="10") as server:
        server.start()
        outcome = await flood(server.url, num_posts=400, num_connections=50)
    assert outcome.statuses[503] > 300
    assert set(outcome.statuses) <= {202, 503}
    assert outcome.growth_bytes < 50_000_000
    assert outcome.refusal_s(0.99) < 2  # on a busy machine; scripts/measure/flood.py has the bound
