#!/usr/bin/env python3
"""Start or stop a RunPod pod through its REST API (https://docs.runpod.io/api-reference/overview).

    python deploy/runpod/pod.py start      # as STUDIO_WAKE_COMMAND of the api process
    python deploy/runpod/pod.py stop       # in the pod, once the worker has ended
    python deploy/runpod/pod.py status

RUNPOD_API_KEY and RUNPOD_POD_ID are read from the environment; in a pod both are set. Needs nothing but Python.
Exit code 0: the pod is as wanted, or on its way; 1: RunPod refuses, or does not answer; 2: wrong use.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from email.message import Message
from typing import IO, Any

API = "https://rest.runpod.io/v1"
TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 1_000_000
WANTED = {"start": "RUNNING", "stop": "EXITED"}
USAGE = "usage: pod.py start | stop | status, with RUNPOD_API_KEY and RUNPOD_POD_ID in the environment"


class PodError(Exception):
    """RunPod refuses, or does not answer. The text has no secret."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class Pod:
    def __init__(self, api: str, key: str, pod_id: str) -> None:
        self._address = f"{api.rstrip('/')}/pods/{pod_id}"
        self._key = key
        self._opener = urllib.request.build_opener(NoRedirects)

    def status(self) -> str:
        """What it shall be: RUNNING, EXITED or TERMINATED. Raises PodError."""
        return str(self._call("GET", "").get("desiredStatus") or "unknown")

    def bring(self, action: str) -> bool:
        """`start` or `stop` it; False: it is so already. Raises PodError."""
        if self.status() == WANTED[action]:
            return False
        self._call("POST", f"/{action}")
        return True

    def _call(self, method: str, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": "lora-studio"}
        request = urllib.request.Request(self._address + path, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read(MAX_ANSWER_BYTES)
        except urllib.error.HTTPError as refused:
            with refused:
                reason = " ".join(refused.read(1000).decode(errors="replace").split())
            raise PodError(f"RunPod answers {refused.code}: {reason.replace(self._key, '***')[:300]}") from None
        except OSError as error:  # with URLError and timeouts
            raise PodError(f"RunPod does not answer: {getattr(error, 'reason', error)}") from None
        try:
            found = json.loads(text or b"{}")
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}


def main(arguments: list[str]) -> int:
    key, pod_id = os.environ.get("RUNPOD_API_KEY", ""), os.environ.get("RUNPOD_POD_ID", "")
    action = arguments[0] if len(arguments) == 1 else ""
    if action not in (*WANTED, "status") or not key or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", pod_id):
        print(USAGE, file=sys.stderr)
        return 2
    pod = Pod(os.environ.get("RUNPOD_REST_URL", API), key, pod_id)
    try:
        if action == "status":
            print(pod.status())
        else:
            done = pod.bring(action)
            print(f"pod {pod_id}: {action} requested" if done else f"pod {pod_id} is {WANTED[action]} already")
    except PodError as error:
        print(f"pod {pod_id}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
