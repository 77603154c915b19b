"""The serverless worker inside RunPod's own package: its job loop against a fake of its queue, and its local API."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from scripts.runpod_handler import wait_until_ready
from tests.e2e.conftest import NewServer
from tests.support.runpod.package import runpod_folder
from tests.support.runpod.queue import RunPodQueue
from tests.support.servers.ports import free_port
from tests.support.servers.server_process import ROOT, ServerProcess

ORDER = {"prompt": "red dress", "num_images": 1, "steps": 40, "width": 32, "height": 32}

Running = Callable[..., ServerProcess]


@pytest.fixture
def handler(new_painting_server: NewServer) -> Iterator[Running]:
    """Starts the handler with these arguments and variables; the server that it starts."""
    path = os.pathsep.join([str(runpod_folder()), str(ROOT)])
    with ExitStack() as stack:

        def start(*arguments: str, **environment: str) -> ServerProcess:
            server = new_painting_server("worker", PYTHONPATH=path, **environment)
            server.is_preloaded = False
            server.command = (sys.executable, "-m", "tests.support.runpod.painting_handler", *arguments)
            stack.enter_context(server)
            server.launch()
            return server

        yield start


def test_eight_jobs_share_forwards_with_progress_and_a_stopped_one_is_cancelled(handler: Running) -> None:
    with RunPodQueue.running() as queue:
        first = queue.add(*({**ORDER, "seed": n} for n in range(8)))
        server = handler(**queue.environment, PAINT_STEP_S="0.1")
        queue.until(lambda: all(queue.result(job) for job in first))
        for job in first:
            result = queue.result(job)
            assert result is not None and result["output"]["status"] == "completed", result
            assert len(result["output"]["images"]) == 1
            progress = [post["output"]["progress"] for post in queue.posts[job][:-1]]
            assert progress and progress == sorted(progress) and 0 < progress[-1] < 1
        assert queue.num_taken[0] > 1, "they came in a batch"

        metrics = server.http.get("/metrics").text
        forwards = _number(metrics, "studio_step_pictures_count")
        shared = forwards - _number(metrics, 'studio_step_pictures_bucket{le="6.0"}')
        assert _number(metrics, "studio_step_pictures_sum") == 8 * 40
        assert shared >= 30, f"{shared} of {forwards} forwards had 8 pictures; alone they are 320"

        (refused,) = queue.add({**ORDER, "num_images": 99})
        (stopped,) = queue.add({**ORDER, "steps": 150})
        queue.until(lambda: queue.result(refused) is not None and len(queue.posts[stopped]) > 0)
        assert "num_images" in (queue.result(refused) or {})["error"]
        queue.stop(stopped)
        deadline = time.monotonic() + 20
        while 'studio_jobs{state="cancelled"} 1.0' not in server.http.get("/metrics").text:
            assert time.monotonic() < deadline, "it is not cancelled"
            time.sleep(0.1)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        with pytest.raises(httpx.TransportError):
            server.http.get("/healthz")  # the server went with it


def test_jobs_of_the_local_api_run_next_to_each_other(handler: Running) -> None:
    port = free_port()
    server = handler("--rp_serve_api", "--rp_api_port", str(port), "--rp_api_host", "127.0.0.1")
    server.wait_for("/readyz")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client, ThreadPoolExecutor(4) as threads:
        _until_it_listens(client)
        answers = list(threads.map(lambda n: client.post("/runsync", json={"input": {**ORDER, "seed": n}}), range(4)))
    assert [answer.json()["status"] for answer in answers] == ["COMPLETED"] * 4
    assert _number(server.http.get("/metrics").text, "studio_step_pictures_count") < 4 * 40


def test_a_server_that_ends_is_not_waited_for() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(RuntimeError, match="ended with code 1"):
        wait_until_ready("http://127.0.0.1:9", ended)


def _until_it_listens(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/openapi.json")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the local API does not answer")


def _number(metrics: str, name: str) -> float:
    match = re.search(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    assert match is not None, name
    return float(match[1])
