"""LoRA files replaced under a server that works: no request fails, every picture is of one version, the one it was
promised. The long form: RELOAD_JOBS=200 RELOAD_TIMES=20 python -m pytest tests/e2e/loras/test_reload.py -k load -s
"""

import hashlib
import io
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save

from tests.e2e.conftest import demo_server
from tests.support.event_reader import EventReader
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ROOT, ServerProcess

NUM_JOBS = int(os.environ.get("RELOAD_JOBS", "24"))
NUM_RELOADS = int(os.environ.get("RELOAD_TIMES", "4"))
NUM_SEEDS = 2
FILE = "jade-v1.safetensors"
KEY = "operator-key-of-the-tests"
SMALL = {"num_images": 1, "width": 128, "height": 128, "steps": 4, "guidance_scale": 1.0, "format": "png"}
EXACT = {"STUDIO_EXACT_ROWS": "4", "STUDIO_MAX_ROWS": "4"}


def versions(count: int) -> list[bytes]:
    """The demo's jade, and as many more of it as are asked for, each of another strength."""
    with safe_open(ROOT / "loras" / FILE, framework="numpy") as file:
        metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    made: list[bytes] = []
    for n in range(count):
        strength = np.float32(0.3 + 1.2 * n / count)
        scaled = {key: (t * strength if "lora_B" in key else t).astype(t.dtype) for key, t in tensors.items()}
        made.append(save(scaled, metadata))
    return made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_in_place(path: Path, data: bytes, meanwhile: Callable[[], None]) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


def write_truncated_first(path: Path, data: bytes, meanwhile: Callable[[], None]) -> None:
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        meanwhile()
        file.write(data[len(data) // 2 :])


def write_by_rename(path: Path, data: bytes, meanwhile: Callable[[], None]) -> None:
    draft = path.with_suffix(".part")
    draft.write_bytes(data)
    meanwhile()
    draft.replace(path)


WAYS = (write_in_place, write_truncated_first, write_by_rename)


@dataclass
class Asked:
    """A job, and the newest version whose reload had been answered before it was sent."""

    job_id: str
    seed: int
    at_least: int


class Load:
    """`NUM_JOBS` requests for jade from several threads; `at_least` moves on with each reload that is answered."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.at_least = 0
        self.asked: list[Asked] = []
        self._numbers = iter(range(NUM_JOBS))
        self._lock = threading.Lock()

    def send(self) -> None:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            at_least = self.at_least
            job_id = submit(self.server, seed=number % NUM_SEEDS, model_name="jade", **SMALL)
            with self._lock:
                self.asked.append(Asked(job_id, number % NUM_SEEDS, at_least))
            time.sleep(0.02)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("reload")
    (folder / "loras").mkdir()
    settings = {"STUDIO_LORA_DIR": str(folder / "loras"), "STUDIO_ADMIN_KEY": KEY, "STUDIO_MAX_LORA_MB": "2", **EXACT}
    (folder / "loras" / FILE).write_bytes(versions(1)[0])
    with demo_server(folder / "server", **settings) as server:
        server.start()
        yield server


def reload(server: ServerProcess) -> dict[str, Any]:
    answer = server.http.post("/api/loras/reload", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def pixels(picture: bytes) -> bytes:
    return Image.open(io.BytesIO(picture)).convert("RGB").tobytes()


def lora_folder(server: ServerProcess) -> Path:
    return Path(server.environment["STUDIO_LORA_DIR"])


def test_files_replaced_under_load(server: ServerProcess) -> None:
    made = versions(NUM_RELOADS + 1)
    path = lora_folder(server) / FILE
    path.write_bytes(made[0])
    reload(server)
    load, elapsed_ms = Load(server), list[float]()

    def look() -> None:
        """A reload while the file is half there: it waits, and what was there goes on serving."""
        report = reload(server)
        assert (report["updated"], report["rejected"]) == ([], [])
        assert [each["file"] for each in report["pending"]] in (["jade-v1.part"], [FILE])

    with ThreadPoolExecutor(4) as threads:
        senders = [threads.submit(load.send) for _ in range(4)]
        for n in range(1, NUM_RELOADS + 1):
            while len(load.asked) < n * NUM_JOBS // (NUM_RELOADS + 1):
                time.sleep(0.005)
                for sender in senders:
                    if sender.done():
                        sender.result()
            WAYS[n % len(WAYS)](path, made[n], look)
            report = reload(server)
            assert report["updated"] == ["jade-v1"], report
            elapsed_ms.append(report["elapsed_ms"])
            load.at_least = n
        for sender in senders:
            sender.result()
    check_pictures(server, load, made)
    took = f"{min(elapsed_ms)} to {max(elapsed_ms)} ms"
    print(f"\n{NUM_JOBS} jobs, {NUM_RELOADS} replacements, 0 failures; a reload took {took}")


def check_pictures(server: ServerProcess, load: Load, made: list[bytes]) -> None:
    """Every job completed, with the hash of one version, not an older one than it may be, and with its pixels."""
    numbers = {sha256(data): n for n, data in enumerate(made)}
    expected = references(server, made)
    used: set[int] = set()
    assert len(load.asked) == NUM_JOBS
    for asked in load.asked:
        assert ended(server, asked.job_id)["status"] == "completed"
        (lora,) = server.http.get(f"/api/result/{asked.job_id}").json()["metadata"]["loras"]
        version = numbers[lora["sha256"]]
        assert version >= asked.at_least, "a request after a reload's answer got older bytes"
        (picture,) = pictures(server, asked.job_id)
        matches = [n for (n, seed), pixel in expected.items() if seed == asked.seed and pixel == pixels(picture)]
        assert matches == [version]
        used.add(version)
    assert len(used) > NUM_RELOADS // 2, "the versions were hardly used: nothing was tested"


def references(server: ServerProcess, made: list[bytes]) -> dict[tuple[int, int], bytes]:
    """(version, seed) → pixels, made in peace under another name: the same bytes are the same LoRA."""
    for n, data in enumerate(made):
        (lora_folder(server) / f"reference-v{n}.safetensors").write_bytes(data)
    reload(server)
    jobs = {
        (n, seed): submit(server, seed=seed, model_name=f"reference-v{n}", **SMALL)
        for n in range(len(made))
        for seed in range(NUM_SEEDS)
    }
    found: dict[tuple[int, int], bytes] = {}
    for key, job_id in jobs.items():
        assert ended(server, job_id)["status"] == "completed"
        found[key] = pixels(pictures(server, job_id)[0])
    assert len(set(found.values())) == len(found), "the versions look alike: the test cannot distinguish them"
    for n in range(len(made)):
        (lora_folder(server) / f"reference-v{n}.safetensors").unlink()
    return found


def test_refusals_of_large_uploads_reach_their_sender(server: ServerProcess) -> None:
    large, small, key = b"x" * 20_000_000, b"x" * 1_000_000, {"Authorization": f"Bearer {KEY}"}
    before = sorted(path.name for path in lora_folder(server).iterdir())
    for name, content, headers, status in (
        ("film", large, {}, 401),
        ("film", large, {"Authorization": "Bearer wrong"}, 401),
        ("film", large, key, 413),
        ("j" * 300, small, key, 400),
        ("%00", small, key, 404),
    ):
        answer = server.http.put(f"/api/loras/{name}", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), name
    damaged = server.http.put("/api/loras/film", content=versions(1)[0][:-4], headers=key)
    assert (damaged.status_code, "it is cut" in damaged.json()["detail"]) == (422, True)
    assert sorted(path.name for path in lora_folder(server).iterdir()) == before


def test_curl_uploads_a_file_under_the_name_that_it_has(server: ServerProcess, tmp_path: Path) -> None:
    (data,), film = versions(1), tmp_path / "Film look (v9).safetensors"
    film.write_bytes(data)
    command = ["curl", "-sS", "-T", str(film), "-H", f"Authorization: Bearer {KEY}", f"{server.url}/api/loras/"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert (answer["label"], answer["sha256"]) == ("Film-look-v9", sha256(data))
    (lora_folder(server) / answer["file"]).unlink()
    assert reload(server)["removed"] == ["Film-look-v9"]


def test_queued_jobs_keep_their_bytes_over_a_crash(server: ServerProcess) -> None:
    old, new = versions(2)
    path = lora_folder(server) / FILE
    path.write_bytes(old)
    reload(server)
    ten = [{**SMALL, "steps": 8, "model_name": "jade", "seed": 100 * n} for n in range(10)]
    undisturbed = [submit(server, **fields) for fields in ten]
    expected = [pictures(server, job_id) for job_id in undisturbed if ended(server, job_id)["status"] == "completed"]

    jobs = [submit(server, **fields) for fields in ten]
    reader = EventReader(server.url, jobs[0])
    reader.wait_until(lambda reader: len(reader.named("image")) >= 1)
    path.write_bytes(new)
    server.kill()
    server.start()
    for job_id, picture in zip(jobs, expected, strict=True):
        assert ended(server, job_id)["status"] == "completed"
        assert server.http.get(f"/api/result/{job_id}").json()["metadata"]["loras"][0]["sha256"] == sha256(old)
        assert pictures(server, job_id) == picture
    after = server.http.get(f"/api/result/{submit(server, **ten[0])}").json()
    assert after["metadata"]["loras"][0]["sha256"] == sha256(new)
