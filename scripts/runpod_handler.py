"""A RunPod serverless worker around the server: starts it once, then passes each job's input on to it.

    python scripts/runpod_handler.py        # in the image, with the package `runpod` installed too

The input of a RunPod job is the body of POST /api/generate; its output is the answer of GET /api/result. Pictures must
outlive the worker: set STUDIO_STORAGE=s3, and STUDIO_DATABASE_URL to a PostgreSQL if jobs shall outlive it too.
docs/operations/deploy.md says the rest.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

WAIT_S = 60
START_S = 1800.0


def call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The server's JSON answer, errors included. Raises OSError if the server does not answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S + 30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def wait_until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Raises RuntimeError where the server ends or takes too long."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with code {server.returncode}; its log says why")
        try:
            if call(f"{url}/readyz").get("status") == "ready":
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise RuntimeError(f"the server is not ready after {START_S:.0f} s")


def make(url: str, order: dict[str, Any]) -> dict[str, Any]:
    """The finished job. `error` in RunPod's sense where the order is refused or the job fails."""
    accepted = call(f"{url}/api/generate", order)
    if "job_id" not in accepted:
        return {"error": accepted["detail"]}
    job_id = accepted["job_id"]
    while True:
        status = call(f"{url}/api/status/{job_id}?wait={WAIT_S}")
        if status["status"] == "completed":
            return call(f"{url}/api/result/{job_id}")
        if status["status"] in ("failed", "cancelled"):
            return {"error": (status.get("error") or {}).get("detail") or status["status"]}


def main() -> None:
    import runpod  # pyright: ignore[reportMissingImports]  # RunPod's own package, in its image only

    url = f"http://127.0.0.1:{os.environ.get('STUDIO_PORT', '8000')}"
    # every call comes from this process, for every client
    environment = {"STUDIO_RATE_LIMIT_PER_HOUR": "0", **os.environ}
    server = subprocess.Popen([sys.executable, "-m", "server"], env=environment)
    wait_until_ready(url, server)
    runpod.serverless.start(
        {
            "handler": lambda job: make(url, job["input"]),
            "concurrency_modifier": lambda _: int(os.environ.get("RUNPOD_CONCURRENCY", "8")),  # they share forwards
        }
    )


if __name__ == "__main__":
    main()
