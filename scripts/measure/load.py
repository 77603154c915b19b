"""Memory and seconds that a base model takes to load and to make one small picture, through the real server.

    python scripts/measure/load.py MODEL [--dtype bfloat16] [--size 256] [--steps 2]

Starts `python -m server` on MODEL (a folder, a .safetensors file or a hub id) with the untouched loras/ and an empty
data folder, samples its anonymous memory (RssAnon: mapped files do not count) until it is ready, asks for one picture
by the plain call, and prints what it saw. Linux only.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from pipelines.model.info import check_base_model

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_EVERY_S = 0.05
START_S = 3600.0
ITEM_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


class Memory(threading.Thread):
    """Samples RssAnon of a process. `peak_bytes` since the last `restart`."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.peak_bytes = 0
        self.now_bytes = 0

    def run(self) -> None:
        while True:
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            found = [line.split()[1] for line in lines if line.startswith("RssAnon:")]
            if found:
                self.now_bytes = int(found[0]) * 1024
                self.peak_bytes = max(self.peak_bytes, self.now_bytes)
            time.sleep(SAMPLE_EVERY_S)


def ask(url: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The JSON answer; None where the server says no or does not answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=70) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError):
        return None


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> float:
    started_s = time.monotonic()
    while ask(url) is None:
        if server.poll() is not None or time.monotonic() - started_s > START_S:
            raise SystemExit(f"the server ended with {server.poll()}; its log is above")
        time.sleep(0.1)
    return time.monotonic() - started_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--dtype", default="bfloat16", choices=ITEM_BYTES)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=2)
    wanted = parser.parse_args()
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = {
            "STUDIO_BASE_MODEL": wanted.model,
            "STUDIO_DTYPE": wanted.dtype,
            "STUDIO_DEVICE": "cpu",
            "STUDIO_PORT": str(port),
            "STUDIO_RATE_LIMIT_PER_HOUR": "0",
            "STUDIO_DATA_DIR": folder,
            "STUDIO_LORA_DIR": str(ROOT / "loras"),
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
        server = subprocess.Popen(
            [sys.executable, "-m", "server"], cwd=ROOT, env=others | settings, stderr=subprocess.PIPE
        )
        try:
            measure(server, f"http://127.0.0.1:{port}", wanted)
        finally:
            server.terminate()
            server.wait(60)


def follow(server: "subprocess.Popen[bytes]", memory: Memory, seen: dict[str, Any]) -> None:
    """Pass the server's log on, and note the peak at the line that says that the weights are loaded."""
    started_s = time.monotonic()
    for line in server.stderr or ():
        if b" of weights as " in line:
            seen["loaded_s"] = time.monotonic() - started_s
            seen["load_peak_anonymous_bytes"] = memory.peak_bytes
        sys.stderr.write(line.decode(errors="replace"))


def measure(server: "subprocess.Popen[bytes]", url: str, wanted: argparse.Namespace) -> None:
    memory = Memory(server.pid)
    memory.start()
    seen: dict[str, Any] = {"model": Path(wanted.model).name, "dtype": wanted.dtype}
    threading.Thread(target=follow, args=(server, memory, seen), daemon=True).start()
    seen["alive_s"] = wait_for(f"{url}/healthz", server)
    seen["ready_s"] = seen["alive_s"] + wait_for(f"{url}/readyz", server)
    if Path(wanted.model).exists():
        seen["weight_bytes"] = check_base_model(Path(wanted.model)) * ITEM_BYTES[wanted.dtype]
        seen["load_peak_over_weights"] = round(seen["load_peak_anonymous_bytes"] / seen["weight_bytes"], 3)
    seen["anonymous_bytes_when_ready"] = memory.now_bytes
    order = {"prompt": "jade woman, red dress, beach sunset", "num_images": 1}
    started_s = time.monotonic()
    job = ask(f"{url}/api/generate", order | {"steps": wanted.steps, "width": wanted.size, "height": wanted.size})
    if job is None:
        raise SystemExit("the plain call was refused")
    while (status := ask(f"{url}/api/status/{job['job_id']}?wait=60")) is None or status["status"] in (
        "queued",
        "processing",
    ):
        pass
    seen |= {"picture": f"{wanted.size} x {wanted.size}, {wanted.steps} steps", "status": status["status"]}
    seen["picture_s"] = time.monotonic() - started_s
    seen["peak_anonymous_bytes_with_picture"] = memory.peak_bytes
    print(json.dumps({name: round(v, 2) if isinstance(v, float) else v for name, v in seen.items()}, indent=2))


if __name__ == "__main__":
    main()
