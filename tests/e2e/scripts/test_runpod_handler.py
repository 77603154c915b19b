"""What a serverless worker does for each job, against a real server."""

import subprocess
import sys

import pytest

from scripts.runpod_handler import make, wait_until_ready
from tests.e2e.conftest import NewServer

ORDER = {"prompt": "red dress", "num_images": 2, "steps": 2, "width": 32, "height": 32}


def test_a_job_goes_in_and_its_pictures_come_out(new_painting_server: NewServer) -> None:
    with new_painting_server("worker") as server:
        server.is_preloaded = False
        server.launch()
        assert isinstance(server.process, subprocess.Popen)
        wait_until_ready(server.url, server.process)
        done = make(server.url, ORDER)
        assert (done["status"], len(done["images"])) == ("completed", 2)
        assert server.http.get(done["images"][0]).status_code == 200
        refused = make(server.url, {**ORDER, "num_images": 99})
        assert refused.keys() == {"error"}
        assert "num_images" in refused["error"]


def test_a_server_that_ends_is_not_waited_for() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(RuntimeError, match="ended with code 1"):
        wait_until_ready("http://127.0.0.1:9", ended)
