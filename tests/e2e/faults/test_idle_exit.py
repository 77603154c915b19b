"""The server exits after the idle time without requests, and not before."""

import time

from tests.e2e.conftest import NewServer

IDLE_MIN = "0.03"  # 1.8 s
JOB = {"prompt": "red dress", "num_images": 1, "steps": 150, "width": 32, "height": 32}  # 3 s of painting


def test_it_ends_with_code_0_after_the_last_job(new_painting_server: NewServer) -> None:
    with new_painting_server("idle", STUDIO_IDLE_EXIT_MIN=IDLE_MIN) as server:
        server.start()
        job_id = server.http.post("/api/generate", json=JOB).json()["job_id"]
        assert server.process is not None
        assert server.process.wait(60) == 0
        log = server.log.read_text()
        assert "no job and no open stream for 0.03 min (STUDIO_IDLE_EXIT_MIN): the server ends" in log
        server.start()
        assert server.http.get(f"/api/status/{job_id}").json()["status"] == "completed"


def test_by_default_it_stays(new_painting_server: NewServer) -> None:
    with new_painting_server("stays") as server:
        server.start()
        time.sleep(1)
        assert server.process is not None
        assert server.process.poll() is None
