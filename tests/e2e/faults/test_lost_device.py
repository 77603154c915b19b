"""A GPU that fails under a running server: exit code 1, no job fails, and the next start makes them all."""

from pathlib import Path

from tests.e2e.conftest import demo_server
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ServerProcess

MODULE = "tests.support.servers.losing_server"
SMALL = {"width": 128, "height": 136, "steps": 20, "num_images": 1, "model_name": "base", "format": "png"}


def losing_server(folder: Path, lost_at: int) -> ServerProcess:
    server = demo_server(folder)
    server.command = (*server.command[:-1], MODULE)
    server.environment["LOST_AT"] = str(lost_at)
    return server


def test_jobs_stay_in_the_queue_when_the_device_is_lost(tmp_path: Path) -> None:
    with losing_server(tmp_path / "server", lost_at=12) as server:
        server.start()
        jobs = [submit(server, **SMALL, seed=seed) for seed in range(3)]
        assert server.process is not None
        assert server.process.wait(60) == 1
        log = server.log.read_text()
        assert "the GPU has failed: AcceleratorError: CUDA error: an illegal memory access was encountered" in log
        server.environment["LOST_AT"] = "0"
        server.start()
        for job_id in jobs:
            assert ended(server, job_id)["status"] == "completed"
            assert len(pictures(server, job_id)) == 1
