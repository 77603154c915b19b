"""scripts/batch.py against a server that is killed, itself killed in the middle: each picture is there once."""

import csv
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.e2e.conftest import NewServer
from tests.support.servers.server_process import ROOT, ServerProcess

NUM_LINES = 60
WRONG = {7: "steps", 21: "seed", 44: "model_name"}


def write_prompts(path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "prompt": f"dress {n}",
            "num_images": 1,
            "steps": 3,
            "width": 64,
            "height": 64,
            "seed": n,
            "model_name": "base",
        }
        for n in range(2, NUM_LINES + 2)
    ]
    rows[7 - 2]["steps"] = 0
    rows[21 - 2]["seed"] = "often"
    rows[44 - 2]["model_name"] = "no-such-lora"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def run(server: ServerProcess, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "scripts" / "batch.py"), "prompts.csv", "--out", "out", "--url", server.url]
    return subprocess.Popen([*command, *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    until_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_batch_survives_the_server_and_the_script(tmp_path: Path, new_painting_server: NewServer) -> None:
    write_prompts(tmp_path / "prompts.csv")
    out = tmp_path / "out"
    with new_painting_server("server", PAINT_STEP_S="0.01") as server:
        server.start()
        refused = run(server, tmp_path)
        _, errors = refused.communicate(timeout=60)
        assert refused.returncode == 1
        wrong = [line for line in errors.splitlines() if line.startswith("line ")]
        assert [line.partition(":")[0] for line in wrong] == [f"line {n}, {field}" for n, field in WRONG.items()]
        first = run(server, tmp_path, "--partial")
        until(lambda: len(list(out.glob("*.jpg"))) > 5)
        first.kill()
        first.communicate()
        server.kill()
        server.start()
        second = run(server, tmp_path, "--partial")
        have = len(list(out.glob("*.jpg")))
        until(lambda: len(list(out.glob("*.jpg"))) > have + 5)
        server.kill()
        server.start()  # the script waits for it
        output, _ = second.communicate(timeout=120)
        assert (second.returncode, output) == (0, "57 pictures in out\n")
        with closing(sqlite3.connect(server.folder / "data" / "studio.db")) as connection:
            assert connection.execute("SELECT num_lines FROM batch").fetchall() == [(57,)]
        again = run(server, tmp_path, "--partial")
        again.communicate(timeout=60)
        assert again.returncode == 0
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["line"]) for row in rows] == [n for n in range(2, NUM_LINES + 2) if n not in WRONG]
    assert sorted(path.name for path in out.glob("*.jpg")) == sorted(row["file"] for row in rows)
    assert not list(out.glob("*.part"))
