"""Two processes on one PostgreSQL: one is stopped beyond its leases, and wakes up when its jobs are done."""

import os
import signal
import time
from typing import Any

from tests.chaos.context import (
    World,
    check_events,
    check_rows,
    pictures,
    snapshot,
    submit_all,
    until,
    wait_for_all,
)
from tests.fixtures.s3_server import S3Server
from tests.support.event_reader import EventReader

NUM_JOBS = 16


def stall(world: World, database_url: str, store: S3Server) -> dict[str, Any]:
    store.make_bucket("stall")
    settings = {**store.settings("stall"), "STUDIO_DATABASE_URL": database_url}
    with world.new_server("stalled", **settings) as stalled, world.new_server("awake", **settings) as awake:
        for server in (stalled, awake):
            server.environment["PAINT_STEP_S"] = "0.1"
            server.start()
        orders = world.orders(NUM_JOBS, steps=60, num_images=2)
        for order in orders:  # by turns, so that both have their part
            submit_all(stalled if order.fields["seed"] % 2000 else awake, [order])
        readers = [EventReader(awake.url, order.job_id, retry_s=1.0) for order in orders]
        until(lambda: sum(attempt for *_, attempt, _ in snapshot(database_url)["job"]) >= 8, what="claims")
        time.sleep(1.5)
        assert stalled.process is not None
        os.kill(stalled.process.pid, signal.SIGSTOP)
        begun_s = time.monotonic()
        wait_for_all(awake, orders, timeout_s=120)
        done_s = time.monotonic() - begun_s
        time.sleep(max(0.0, 15 - done_s))
        before = snapshot(database_url)
        check_rows(before, orders)
        stolen = sum(attempt == 2 for *_, attempt, _ in before["job"])
        made = pictures(awake, orders)
        os.kill(stalled.process.pid, signal.SIGCONT)
        time.sleep(5)  # it finishes its forward, and finds that nothing of it is wanted
        assert snapshot(database_url) == before, "a stale commit"
        assert pictures(awake, orders) == made
        check_events(readers, 2)
        later = world.orders(4, steps=4)
        submit_all(stalled, later)
        wait_for_all(awake, later)
    assert stolen > 0, "the stopped process had no job: nothing was tested"
    return {
        "jobs": NUM_JOBS,
        "taken over": stolen,
        "stale commits": 0,
        "streams on the other process": len(readers),
        "gaps or repeats": 0,
        "seconds until all were done": round(done_s, 1),
    }
