"""Throughput of requests that start from images, side by side with text requests of as many UNet evaluations;
and how well the estimates of second passes fit. With the demo model, on a server of its own:

    python scripts/measure/from_images.py                # about 75 s on two cores
    python scripts/measure/from_images.py --rounds 5

Needs the packages of the tests.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.assets import picture  # noqa: E402
from tests.support.servers.server_process import ServerProcess  # noqa: E402

NUM_JOBS = 16
EVALUATIONS = 10
TEXT = {"prompt": "woman, red dress, beach", "model_name": "base", "num_images": 1, "steps": EVALUATIONS}
STRENGTH = 0.5
PX = 256


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="pairs; the median ratio counts")
    rounds = parser.parse_args().rounds
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    settings = {"STUDIO_LORA_DIR": str(ROOT / "loras")}
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), settings) as server:
        server.start()
        made_s(server, [TEXT] * 4)  # warms the model up
        ratios = [throughput_ratio(server, number) for number in range(rounds)]
        print(f"8 + 8 to 16 text requests, images a second: median ratio {statistics.median(ratios):.2f} of {ratios}")
        for upscaler in ("lanczos", "latent"):
            print(estimate(server, upscaler))
    return 0


def throughput_ratio(server: ServerProcess, number: int) -> float:
    """Of half the requests from eight images, to all from text."""
    assets = [send(server, picture(100 * number + n, PX, PX)) for n in range(NUM_JOBS // 2)]
    mixed: list[dict[str, Any]] = [TEXT] * (NUM_JOBS // 2)
    for asset_id in assets:
        init = {"asset_id": asset_id, "strength": STRENGTH}
        mixed.append({**TEXT, "steps": int(EVALUATIONS / STRENGTH), "init": init})
    text_s = made_s(server, [TEXT] * NUM_JOBS)
    return round(text_s / made_s(server, mixed), 3)


def estimate(server: ServerProcess, upscaler: str) -> str:
    """Of the second of two equal jobs with a second pass: the first has taught the cost model its sizes."""
    wanted = {**TEXT, "steps": 30, "num_images": 2, "hires": {"upscaler": upscaler, "strength": 0.5}}
    made_s(server, [wanted])
    started_s = time.perf_counter()
    accepted = server.http.post("/api/generate", json=wanted).json()
    wait(server, accepted["job_id"])
    took_s = time.perf_counter() - started_s
    return f"second pass, {upscaler}: estimated {accepted['estimated_time']} s, took {took_s:.1f} s"


def made_s(server: ServerProcess, requests: list[dict[str, Any]]) -> float:
    """Seconds until all requests, sent at the same time, are made."""
    started_s = time.perf_counter()
    with ThreadPoolExecutor(len(requests)) as at_once:
        sent = [
            at_once.submit(server.http.post, "/api/generate", json={**wanted, "seed": n})
            for n, wanted in enumerate(requests)
        ]
        for future in sent:
            wait(server, future.result().raise_for_status().json()["job_id"])
    return time.perf_counter() - started_s


def wait(server: ServerProcess, job_id: str) -> None:
    """Raises RuntimeError if the job is not completed."""
    while (status := server.http.get(f"/api/status/{job_id}", params={"wait": 50}).json()["status"]) in (
        "queued",
        "processing",
    ):
        pass
    if status != "completed":
        raise RuntimeError(f"a job is {status}")


def send(server: ServerProcess, data: bytes) -> str:
    answer = server.http.post("/api/assets", content=data, headers={"Content-Type": "image/png"})
    return answer.raise_for_status().json()["asset_id"]


if __name__ == "__main__":
    sys.exit(main())
