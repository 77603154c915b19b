"""Batches: crashes and throughput.

    python scripts/measure/batch.py crashes                # 1,000 lines, 30 wrong, kill -9 twice, another user's job
    python scripts/measure/batch.py throughput             # lines of a batch and single jobs in turn, the demo model

Starts a server of its own on loopback. Exits with 1 if what is promised does not hold. Needs the packages of the tests.
"""

import argparse
import csv
import io
import json
import sqlite3
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

QUICK = {"num_images": 1, "width": 64, "height": 64, "model_name": "base"}
MIN_RATIO = 0.95


def crashes(folder: Path, num_lines: int, num_wrong: int) -> bool:
    """Prints what was found; returns True if all of it is as promised."""
    from tests.e2e.conftest import painting_server

    with painting_server(folder, "server", PAINT_STEP_S="0.05") as server:
        server.start()
        requests: list[dict[str, Any]] = [
            {**QUICK, "prompt": f"dress {n}", "steps": 2, "seed": n} for n in range(1, num_lines + 1)
        ]
        wrong = list(range(num_lines // num_wrong, num_lines + 1, num_lines // num_wrong))[:num_wrong]
        for n in wrong:
            requests[n - 1]["steps"] = 0
        refused = server.http.post("/api/batches", json=requests)
        named = [error["line"] for error in refused.json()["errors"]]
        print(f"wrong lines named, with the field steps: {len(named)} of {num_wrong}")
        begun_s = time.monotonic()
        answer = server.http.post("/api/batches", params={"partial": True}, json=requests)
        batch_id = answer.json()["batch_id"]
        print(f"accepted {answer.json()['lines_accepted']} lines in {time.monotonic() - begun_s:.2f} s")
        for share in (0.25, 0.6):
            _until(server.http, batch_id, round(share * (num_lines - num_wrong)))
            server.kill()
            server.start()
            print(f"kill -9 at {share:.0%}, started again")
        _until(server.http, batch_id, round(0.7 * (num_lines - num_wrong)))
        single = _single_job(server.url, folder / "server" / "data" / "studio.db")
        state = _until(server.http, batch_id, None)
        rows = list(csv.DictReader(io.StringIO(server.http.get(f"/api/batches/{batch_id}/manifest").text)))
        data = server.http.get(f"/api/batches/{batch_id}/zip").content
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    good = [n for n in range(1, num_lines + 1) if n not in wrong]
    is_complete = [int(row["line"]) for row in rows] == [int(row["seed"]) for row in rows] == good
    is_once = names == [row["file"] for row in rows] and len(set(names)) == len(names)
    print(f"finished in {time.monotonic() - begun_s:.0f} s: {json.dumps(state['counts'])}")
    print(f"manifest complete: {is_complete}; zip has each of {len(names)} files once: {is_once}")
    print(f"another user's job waited {single['wait_s']:.3f} s; a job of the batch took {single['job_s']:.3f} s")
    print(f"jobs of the batch begun between its claim and its first step: {single['begun_before']:.0f}")
    return named == wrong and is_complete and is_once and single["begun_before"] <= 1


def _single_job(url: str, database: Path) -> dict[str, float]:
    """Of another address: the seconds until its first step; the mean seconds of a job of the batch from claim to end;
    the jobs of the batch that begin between the claim of the single job and its first step."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=url, transport=transport, timeout=60) as other:
        body = {**QUICK, "prompt": "a single picture", "steps": 2}
        job_id = other.post("/api/generate", json=body, headers={"Prefer": "wait=60"}).json()["job_id"]
    mine = "image AS mine JOIN job AS own ON own.id = mine.job_id WHERE own.id = ?"
    with sqlite3.connect(database) as connection:
        wait_s = connection.execute(f"SELECT mine.started_at_s - own.created_at_s FROM {mine}", (job_id,)).fetchone()[0]
        begun_before = connection.execute(
            f"SELECT count(*) FROM image JOIN job ON job.id = image.job_id, {mine} AND job.batch_id IS NOT NULL"
            " AND image.started_at_s > own.started_at_s AND image.started_at_s < mine.started_at_s",
            (job_id,),
        ).fetchone()[0]
        ended = "SELECT avg(finished_at_s - started_at_s) FROM job WHERE batch_id IS NOT NULL AND status = 'completed'"
        job_s = connection.execute(ended).fetchone()[0]
    return {"wait_s": wait_s, "begun_before": begun_before, "job_s": job_s}


def throughput(folder: Path, num_jobs: int, rounds: int) -> bool:
    """Pictures a second of equal jobs, sent one by one and as a batch, in turn on one server."""
    from tests.e2e.conftest import demo_server

    with demo_server(folder / "server", STUDIO_MAX_QUEUE="5000") as server:
        server.start()
        requests = [
            {**QUICK, "width": 128, "height": 128, "prompt": f"red dress {n}", "steps": 4} for n in range(num_jobs)
        ]
        _as_jobs(server.http, requests[: num_jobs // 4])  # the cost model learns
        ratios: list[float] = []
        for number in range(rounds):
            # the order changes: a machine that gets slower favors neither
            order = (_as_jobs, _as_batch) if number % 2 else (_as_batch, _as_jobs)
            rates = {each: each(server.http, requests) for each in order}
            ratios.append(rates[_as_batch] / rates[_as_jobs])
            print(f"jobs {rates[_as_jobs]:.2f}/s, batch {rates[_as_batch]:.2f}/s, ratio {ratios[-1]:.3f}")
    median = statistics.median(ratios)
    print(f"median ratio {median:.3f} (promised: {MIN_RATIO})")
    return median >= MIN_RATIO


def _as_jobs(http: httpx.Client, requests: list[dict[str, Any]]) -> float:
    begun_s = time.monotonic()
    job_ids = [http.post("/api/generate", json=request).json()["job_id"] for request in requests]
    for job_id in job_ids:
        while http.get(f"/api/status/{job_id}", params={"wait": 60}).json()["status"] in ("queued", "processing"):
            pass
    return len(requests) / (time.monotonic() - begun_s)


def _as_batch(http: httpx.Client, requests: list[dict[str, Any]]) -> float:
    begun_s = time.monotonic()
    batch_id = http.post("/api/batches", json=requests).json()["batch_id"]
    _until(http, batch_id, None)
    return len(requests) / (time.monotonic() - begun_s)


def _until(http: httpx.Client, batch_id: str, num_completed: int | None) -> dict[str, Any]:
    """The state once so many lines are made; None: once the batch has ended."""
    while True:
        state: dict[str, Any] = http.get(f"/api/batches/{batch_id}").json()
        if state["status"] != "running" or state["counts"]["completed"] >= (num_completed or 10**9):
            return state
        time.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("crashes", "throughput"))
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--wrong", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "crashes":
            return 0 if crashes(Path(folder), asked.lines, asked.wrong) else 1
        return 0 if throughput(Path(folder), asked.jobs, asked.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
