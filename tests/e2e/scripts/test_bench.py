"""scripts/bench.py measures the real thing: a server of its own, and the bare loop."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.servers.server_process import ROOT, ServerProcess

SMALL = ("--rounds", "1", "--steps", "2", "--size", "128", "--threads", "1")


def bench(*arguments: str) -> str:
    command = (sys.executable, "scripts/bench.py", *SMALL, *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_user_beside_the_bare_loop(tmp_path: Path) -> None:
    output = bench("--scenario", "single", "--json", str(tmp_path / "out.json"), "--chart", str(tmp_path / "out.svg"))
    assert "seconds per image, HTTP to stored file" in output
    report = json.loads((tmp_path / "out.json").read_text())
    seconds, _, same, _ = report["figures"]
    assert seconds["ours"] > 0
    assert seconds["theirs"] > 0
    assert seconds["ratio"] == seconds["ours"] / seconds["theirs"]
    assert same["ours"] >= 0.999  # both sides did the same work
    assert report["about"]["model_name"] == "jade-v1"
    assert report["server"]["single"]["steps"] == 8  # three pictures and the one compared
    assert (tmp_path / "out.svg").read_text().startswith("<svg")


def test_a_server_that_runs_already_is_measured_by_itself(demo: ServerProcess) -> None:
    output = bench("--url", demo.url, "--scenario", "mixed", "short", "cancel", "join", "--users", "2")
    assert "mixed, 2 users" in output
    assert "steps that end after it" in output
    assert demo.http.get("/readyz").status_code == 200  # and goes on
