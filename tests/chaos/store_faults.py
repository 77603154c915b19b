"""The bucket behind a network that resets, cuts and refuses: no picture is lost, and no row refers to a missing one."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.context import (
    World,
    check_rows,
    snapshot,
    submit_all,
    until,
    wait_for_all,
)
from tests.chaos.fault_proxy import FAULTS, FaultProxy
from tests.fixtures.s3_server import S3Server
from tests.support.servers.server_process import ServerProcess

SPOOL_EMPTY_S = 30


def store_faults(world: World, database_url: str, store: S3Server, down_s: float) -> dict[str, Any]:
    store.make_bucket("faults")
    proxy = FaultProxy(urlsplit(store.url).port or 0)
    settings = {**store.settings("faults"), "STUDIO_S3_ENDPOINT_URL": proxy.url, "STUDIO_DATABASE_URL": database_url}
    try:
        with world.new_server("faults", **settings) as server:
            server.start()
            return _run(world, server, database_url, store, proxy, down_s)
    finally:
        proxy.close()


def _run(
    world: World, server: ServerProcess, database_url: str, store: S3Server, proxy: FaultProxy, down_s: float
) -> dict[str, Any]:
    orders = world.orders(4 if world.quick else 20, steps=40)
    for fault in FAULTS:
        proxy.faults = (fault,)
        proxy.cut()
        some = world.orders(2 if world.quick else 10, steps=5)
        submit_all(server, some)
        time.sleep(0.5 if world.quick else 8)
        orders += some
    while_faulty = len(_images(server.folder / "data" / "spool"))
    proxy.faults = ()
    proxy.cut()
    server.wait_for("/readyz")
    submit_all(server, orders[: 4 if world.quick else 20])
    until(lambda: any(_progress(server, order.job_id) > 0 for order in orders), what="a job under way")
    proxy.down()
    begun_s = time.monotonic()
    spool = server.folder / "data" / "spool"
    seen = until(lambda: len(_images(spool)) > 0, what="a picture in the spool")
    shown = server.http.get(f"/api/status/{orders[0].job_id}").json()
    time.sleep(max(0.0, down_s - seen))
    most = len(_images(spool))
    until(lambda: server.http.get("/readyz").status_code == 503, what="a readiness that reports it")
    unready = server.http.get("/readyz")
    assert unready.status_code == 503 and "wait in the outbox" in unready.json()["detail"], unready.text
    _check_objects(database_url, store)
    server.kill()  # what lies in the spool outlives this
    server.launch()
    server.wait_for("/healthz")
    was_down_s = time.monotonic() - begun_s
    proxy.up()
    empty_s = until(lambda: not _images(spool), what="an empty spool")
    wait_for_all(server, orders)
    check_rows(snapshot(database_url), orders)
    num_objects = _check_objects(database_url, store)
    assert empty_s <= SPOOL_EMPTY_S
    return {
        "jobs": len(orders),
        "pictures": num_objects,
        "lost": 0,
        "connections by fault": {name or "none": count for name, count in sorted(proxy.num_faults.items())},
        "down s": round(was_down_s, 1),
        "in the spool after the faults": while_faulty,
        "most in the spool": most,
        "spool empty after s": round(empty_s, 1),
        "rows without their object": 0,
        "status while it waits": shown["status"],
    }


def _progress(server: ServerProcess, job_id: str) -> float:
    return server.http.get(f"/api/status/{job_id}").json().get("progress", 0.0) if job_id else 0.0


def _images(spool: Path) -> list[Path]:
    return [path for path in spool.iterdir() if not path.name.startswith(".")]


def _check_objects(database_url: str, store: S3Server) -> int:
    """Each row's object is there, whole."""
    listed = store.client().get_paginator("list_objects_v2").paginate(Bucket="faults", Prefix="generations/")
    sizes = {entry.get("Key"): entry.get("Size") for page in listed for entry in page.get("Contents", [])}
    rows = snapshot(database_url)["image"]
    assert {key: sizes.get(key) for *_, key, _ in rows} == {key: num_bytes for *_, key, num_bytes in rows}
    return len(rows)
