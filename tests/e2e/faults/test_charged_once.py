"""kill -9 at random points while pictures cost credit: nothing is charged that was not delivered, nothing is delivered
uncharged. The books are read while the server is dead."""

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from server.billing.prices import share
from tests.e2e.conftest import NewServer
from tests.support.servers.server_process import ServerProcess

NUM_KILLS = int(os.environ.get("CHARGED_KILLS", "5"))
"""CHARGED_KILLS=20 is the long run."""
MOST_UP_S = 0.4
NUM_IMAGES = 3
PRICE = 500_000
ALLOWANCE_USD = 1000
JOB = {"prompt": "red dress", "num_images": NUM_IMAGES, "steps": 6, "width": 32, "height": 32, "format": "png"}
ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery"}


class Customer:
    """Has an account and its cookies, over all restarts of the server."""

    def __init__(self, server: ServerProcess) -> None:
        self.http = httpx.Client(base_url=server.url, timeout=30)
        for call in ("register", "login"):
            self.post(f"/api/auth/{call}", ACCOUNT).raise_for_status()

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.http.post(path, json=body, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"x-csrftoken": self.http.cookies.get("csrftoken") or ""}

    def order_and_cancel_until(self, end_s: float, chance: random.Random) -> int:
        """Jobs one after another, some of them cancelled immediately. Returns how many were accepted."""
        num_accepted = 0
        while time.monotonic() < end_s:
            job_id = self.post("/api/generate", JOB).json()["job_id"]
            num_accepted += 1
            if chance.random() < 0.3:
                self.http.delete(f"/api/jobs/{job_id}", headers=self.headers)
        return num_accepted


def check_books(data: Path) -> tuple[int, int]:
    """Each job against the ledger and the folder of pictures. Returns the number of stored images and of unfinished
    jobs."""
    with closing(sqlite3.connect(data / "studio.db")) as database:
        jobs = database.execute("SELECT id, status, price_micro_usd FROM job").fetchall()
        done = database.execute("SELECT id, job_id, n, storage_key FROM image WHERE status = 'done'").fetchall()
        entries = database.execute(
            "SELECT kind, key, job_id, available_change, held_change FROM credit_entry"
        ).fetchall()
        balances = database.execute("SELECT sum(available_micro_usd), sum(held_micro_usd) FROM credit").fetchone()
    captured = {key.removeprefix("capture:"): -held for kind, key, _, _, held in entries if kind == "capture"}
    assert captured == {image_id: share(PRICE, n, NUM_IMAGES) for image_id, _, n, _ in done}
    assert len(captured) == sum(kind == "capture" for kind, *_ in entries)
    assert all((data / "pictures" / key).is_file() for *_, key in done)
    num_unfinished = 0
    for job_id, status, price in jobs:
        assert price == PRICE
        held = sum(entry[4] for entry in entries if entry[2] == job_id)
        paid = sum(amount for image_id, amount in captured.items() if image_id.startswith(job_id))
        is_unfinished = status in ("queued", "processing")
        num_unfinished += is_unfinished
        assert held == (PRICE - paid if is_unfinished else 0)
    assert balances == (sum(entry[3] for entry in entries), sum(entry[4] for entry in entries))
    assert balances[0] + balances[1] + sum(captured.values()) == ALLOWANCE_USD * 1_000_000
    return len(done), num_unfinished


def test_nothing_is_charged_that_was_not_delivered_and_nothing_delivered_uncharged(
    new_painting_server: NewServer,
) -> None:
    chance = random.Random(17)
    free = {"STUDIO_BILLING": "on", "STUDIO_FREE_USD_PER_MONTH": str(ALLOWANCE_USD)}
    with new_painting_server("charged", **free) as server:
        server.start()
        customer = Customer(server)
        num_jobs = num_busy = 0
        for _ in range(NUM_KILLS):
            end_s = time.monotonic() + chance.uniform(0.02, MOST_UP_S)
            num_jobs += customer.order_and_cancel_until(min(end_s, time.monotonic() + 0.1), chance)
            time.sleep(max(0.0, end_s - time.monotonic()))
            server.kill()
            _, num_unfinished = check_books(server.folder / "data")
            num_busy += num_unfinished > 0
            server.start()
        assert num_busy > NUM_KILLS / 2, "most kills came when all was done: nothing was tested"
        while check_books(server.folder / "data")[1]:
            time.sleep(0.1)
        assert server.stop() == 0
        num_stored, _ = check_books(server.folder / "data")
        assert num_stored > num_jobs  # of three images each; some jobs were cancelled
        customer.http.close()
