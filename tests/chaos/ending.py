"""SIGTERM with open streams and a running job."""

import time
from typing import Any

from tests.chaos.context import (
    World,
    check_events,
    submit_all,
    wait_for_all,
)
from tests.support.event_reader import EventReader

MAX_S = 10


def ending(world: World, database_url: str, num_streams: int) -> dict[str, Any]:
    with world.new_server("ending", STUDIO_DATABASE_URL=database_url) as server:
        server.start()
        orders = world.orders(4, steps=150)
        submit_all(server, orders)
        readers = [EventReader(server.url, orders[n % 4].job_id, retry_s=1.0) for n in range(num_streams)]
        for reader in readers:
            reader.wait_until(lambda reader: len(reader.events) > 1)
        begun_s = time.monotonic()
        code = server.stop()
        took_s = time.monotonic() - begun_s
        assert (code, took_s <= MAX_S) == (0, True), f"exit code {code} after {took_s:.1f} s"
        assert not any(reader.durable and reader.durable[-1].name == "completed" for reader in readers)
        server.start()
        wait_for_all(server, orders)
        check_events(readers, 2)
        assert all(reader.told_to_come_back and reader.num_connections > 1 for reader in readers)
    return {"streams": num_streams, "exit code": code, "out after s": round(took_s, 2), "gaps or repeats": 0}
