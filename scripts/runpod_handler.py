"""A RunPod serverless worker around the server: starts it once, then passes each job's input on to it.

    python scripts/runpod_handler.py        # in the image, with the package `runpod` installed too

The input of a RunPod job is the body of POST /api/generate; its output is the answer of GET /api/result, its progress
what GET /api/status answers. Pictures must outlive the worker: set STUDIO_STORAGE=s3, and STUDIO_DATABASE_URL to a
PostgreSQL if jobs shall outlive it too. docs/operations/deploy.md says the rest.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

START_S = 1800.0
POLL_S = 2
"""A status call waits so long for the end of the job; so often its progress is reported."""
TIMEOUT_S = 60.0
PROGRESS = ("status", "progress", "images_completed", "images_total", "queue_position", "estimated_time", "detail")
SERVER = ("-m", "server")

Report = Callable[[dict[str, Any]], None]


def wait_until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Raises RuntimeError where the server ends or takes too long."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with code {server.returncode}; its log says why")
        try:
            if httpx.get(f"{url}/readyz", timeout=TIMEOUT_S).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise RuntimeError(f"the server is not ready after {START_S:.0f} s")


async def make(url: str, order: dict[str, Any], report: Report = lambda progress: None) -> dict[str, Any]:
    """The finished job. `error` in RunPod's sense where the order is refused or the job fails. A call that is cancelled
    cancels its job. Raises httpx.HTTPError where the server does not answer."""
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as client:
        accepted = (await client.post("/api/generate", json=order)).json()
        if "job_id" not in accepted:
            return {"error": accepted["detail"]}
        job_id = accepted["job_id"]
        try:
            return await _follow(client, job_id, report)
        except asyncio.CancelledError:
            await client.delete(f"/api/jobs/{job_id}")
            raise


async def _follow(client: httpx.AsyncClient, job_id: str, report: Report) -> dict[str, Any]:
    reported: dict[str, Any] = {}
    while True:
        status = (await client.get(f"/api/status/{job_id}", params={"wait": POLL_S})).json()
        if status["status"] == "completed":
            return (await client.get(f"/api/result/{job_id}")).json()
        if status["status"] in ("failed", "cancelled"):
            return {"error": (status.get("error") or {}).get("detail") or status["status"]}
        progress = {name: status.get(name) for name in PROGRESS}
        if progress != reported:
            report(progress)
            reported = progress


def main() -> None:
    import runpod  # pyright: ignore[reportMissingImports]  # RunPod's own package, in its image only

    url = f"http://127.0.0.1:{os.environ.get('STUDIO_PORT', '8000')}"
    # every call comes from this process, for every client
    environment = {"STUDIO_RATE_LIMIT_PER_HOUR": "0", "STUDIO_MAX_STREAMS_PER_CALLER": "0", **os.environ}
    server = subprocess.Popen([sys.executable, *SERVER], env=environment)

    async def handler(job: dict[str, Any]) -> dict[str, Any]:
        """The SDK awaits it, so that jobs run next to each other."""
        try:
            return await make(url, job["input"], lambda progress: runpod.serverless.progress_update(job, progress))
        except httpx.HTTPError as error:
            if server.poll() is None:
                raise
            return {"error": f"the server has ended ({type(error).__name__})", "refresh_worker": True}

    try:
        wait_until_ready(url, server)
        concurrency = int(os.environ.get("RUNPOD_CONCURRENCY", "8"))  # they share forwards
        runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda _: concurrency})
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
