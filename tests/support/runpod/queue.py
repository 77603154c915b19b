"""The part of RunPod's queue that a serverless worker talks to: it takes jobs, in batches too, learns which of them to
stop, and posts progress and results. Addresses as the platform passes them on to its workers."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

POLL_S = 0.2
"""An empty queue answers after so long; RunPod's takes longer."""


class RunPodQueue(ThreadingHTTPServer):
    """`posts` by job: bodies in order, the last one is its result."""

    daemon_threads = True

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.to_stop: list[str] = []
        self.posts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.num_taken: list[int] = []
        self.changed = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Handler)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["RunPodQueue"]:
        queue = cls()
        thread = threading.Thread(target=queue.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield queue
        finally:
            queue.shutdown()
            thread.join()
            queue.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What the platform sets for a worker."""
        base = f"http://127.0.0.1:{self.server_port}/v2/studio"
        return {
            "RUNPOD_POD_ID": "pod-1",
            "RUNPOD_ENDPOINT_ID": "studio",
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    def add(self, *orders: dict[str, Any]) -> list[str]:
        """Ids of the jobs."""
        with self.changed:
            jobs = [{"id": f"job-{len(self.posts) + n}", "input": order} for n, order in enumerate(orders)]
            for job in jobs:
                self.posts[job["id"]] = []
            self.waiting += jobs
            self.changed.notify_all()
        return [job["id"] for job in jobs]

    def stop(self, job_id: str) -> None:
        with self.changed:
            self.to_stop.append(job_id)
            self.changed.notify_all()

    def until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        end_s = time.monotonic() + timeout_s
        with self.changed:
            while not condition():
                assert time.monotonic() < end_s, "waited in vain"
                self.changed.wait(0.1)

    def result(self, job_id: str) -> dict[str, Any] | None:
        posts = self.posts[job_id]
        return posts[-1] if posts and posts[-1].get("status") != "IN_PROGRESS" else None


class _Handler(BaseHTTPRequestHandler):
    server: RunPodQueue

    def do_GET(self) -> None:
        kind = urlsplit(self.path).path.split("/")[3]
        sizes = parse_qs(urlsplit(self.path).query).get("batch_size", ["1"])
        queue = self.server
        with queue.changed:
            queue.changed.wait_for(lambda: queue.to_stop if kind == "job-stop" else queue.waiting, POLL_S)
            if kind == "job-stop":
                stopped, queue.to_stop = queue.to_stop, []
                return self._answer(200, {"jobsToStop": stopped})
            taken, queue.waiting = queue.waiting[: int(sizes[0])], queue.waiting[int(sizes[0]) :]
            if taken:
                queue.num_taken.append(len(taken))
        if not taken:
            return self._answer(204, None)
        return self._answer(200, taken if kind == "job-take-batch" else taken[0])

    def do_POST(self) -> None:
        job_id = urlsplit(self.path).path.split("/")[5]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.changed:
            self.server.posts[job_id].append(body)
            self.server.changed.notify_all()
        self._answer(200, {})

    def _answer(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...
