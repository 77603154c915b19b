"""Batches over HTTP, for tests."""

import csv
import io
import time
from typing import Any

from tests.support.accounts import Browser


def finished_batch(browser: Browser, requests: list[dict[str, Any]]) -> str:
    """The id of a batch that has ended."""
    accepted = browser.call("POST", "/api/batches", requests)
    assert accepted.status_code == 202, accepted.text
    batch_id = accepted.json()["batch_id"]
    ended(browser, batch_id)
    return batch_id


def ended(browser: Browser, batch_id: str, timeout_s: float = 30) -> dict[str, Any]:
    until_s = time.monotonic() + timeout_s
    while (state := browser.call("GET", f"/api/batches/{batch_id}").json())["status"] == "running":
        assert time.monotonic() < until_s, state
        time.sleep(0.05)
    return state


def manifest(browser: Browser, batch_id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.call("GET", f"/api/batches/{batch_id}/manifest").text)))
