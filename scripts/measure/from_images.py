"""Throughput of requests that start from images, side by side with text requests of as many UNet evaluations; how
well the estimates of second passes fit; how long an encode keeps others waiting, next to a decode. With the demo model,
on a server of its own:

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
            print(estimate(server, upscaler, rounds))
    for size_px in (PX, 2 * PX):
        print(stall(size_px))
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


def estimate(server: ServerProcess, upscaler: str, rounds: int) -> str:
    """Of equal jobs with a second pass, after one that has taught the cost model its sizes."""
    wanted = {**TEXT, "steps": 30, "num_images": 4, "hires": {"upscaler": upscaler, "strength": 0.5}}
    made_s(server, [wanted])
    estimates_s: list[int] = []
    taken_s: list[float] = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        accepted = server.http.post("/api/generate", json=wanted).json()
        wait(server, accepted["job_id"])
        taken_s.append(time.perf_counter() - started_s)
        estimates_s.append(accepted["estimated_time"])
    times = ", ".join(f"{taken:.1f}" for taken in taken_s)
    share = statistics.median(estimates_s) / statistics.median(taken_s)
    return f"second pass, {upscaler}: estimated {estimates_s} s, took {times} s: {share:.2f}"


def stall(size_px: int) -> str:
    """The plan that encodes a source, next to the decode of an image of its size; medians of ten."""
    import torch

    from pipelines.image.vae import decode_image
    from pipelines.model.load import load_model
    from pipelines.plan import EncodeOrder, SourceImage, StepPlan
    from pipelines.sdxl import SDXLRunner
    from pipelines.spec import Source, SourceKey
    from tests.support.demo_model import demo_folder

    with tempfile.TemporaryDirectory() as folder:
        runner = SDXLRunner(load_model(demo_folder(), "cpu", "float32"), Path(folder))
    key = SourceKey(Source("a" * 64, size_px, size_px), size_px, size_px)
    encode = StepPlan(encode=(EncodeOrder(key, SourceImage(size_px, size_px, os.urandom(size_px * size_px * 3))),))
    latents = torch.randn(1, 4, size_px // 8, size_px // 8)
    encodes_s: list[float] = []
    decodes_s: list[float] = []
    with torch.inference_mode():
        for _ in range(11):
            ((_, seconds),) = runner.execute(encode).pieces
            encodes_s.append(seconds)
            started_s = time.perf_counter()
            decode_image(runner.model, latents)
            decodes_s.append(time.perf_counter() - started_s)
    encode_ms, decode_ms = (1000 * statistics.median(times[1:]) for times in (encodes_s, decodes_s))
    return f"{size_px} px: encode {encode_ms:.0f} ms, decode {decode_ms:.0f} ms: {encode_ms / decode_ms:.2f}"


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
