#!/usr/bin/env python3
"""A Ray cluster of three nodes on this machine under load: a head with the api, two nodes with workers.

    pip install -c constraints.txt ".[ray]"        # in the checkout: the extra of pyproject.toml
    .venv/bin/python scripts/fleet/ray_fleet.py

60 jobs of 6 users over `serve run deploy.ray:studio`, with a painted model, PostgreSQL and an S3 server. A node is
killed (SIGKILL to all its processes) while its workers make pictures, another one joins. Prints a line of figures as
JSON. Exit code 1: a job was lost or made twice, a stream has a gap, or the number of workers did not follow the load.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
BIN = Path(sys.executable).parent

from tests.chaos.context import Order, check_events, check_rows, snapshot, until  # noqa: E402
from tests.fixtures.databases import started_postgres_server  # noqa: E402
from tests.fixtures.s3_server import started_s3_server  # noqa: E402
from tests.support.event_reader import EventReader  # noqa: E402
from tests.support.servers.ports import free_port  # noqa: E402
from tests.support.tiny_model import write_tiny_model  # noqa: E402

NUM_USERS, NUM_JOBS, NUM_IMAGES, STEPS = 6, 60, 2, 20
MAX_WORKERS = 3
NONE_AFTER_S = 6
STORE_BYTES = 100_000_000
BODY = {"prompt": "red dress", "model_name": "base", "width": 64, "height": 64, "format": "png", "steps": STEPS}


class Nodes:
    """`address` is the cluster's, `dashboard` its web address."""

    def __init__(self, stack: ExitStack) -> None:
        from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports]

        port = free_port()
        head = {"num_cpus": 4, "num_gpus": 0, "object_store_memory": STORE_BYTES}
        head |= {"include_dashboard": True, "dashboard_port": port}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        stack.callback(self._cluster.shutdown)
        self.address = str(self._cluster.address)
        self.dashboard = f"http://127.0.0.1:{port}"

    def add(self, num_gpus: int) -> Any:
        """Room for so many workers, and none for the api. The GPUs are Ray's numbers only."""
        return self._cluster.add_node(num_cpus=1, num_gpus=num_gpus, object_store_memory=STORE_BYTES)

    def kill(self, node: Any) -> int:
        """As if its plug were pulled. Returns how many workers went with it."""
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        processes = [raylet, *raylet.children(recursive=True)]
        roles = [each for each in processes if is_role(each)]
        for each in (*roles, *processes):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._cluster.remove_node(node, allow_graceful=False)
        return len(roles)


def is_role(process: psutil.Process) -> bool:
    try:
        return "deploy.ray.role" in process.cmdline()
    except psutil.Error:
        return False


class Replicas:
    """Asks Serve how many workers run; `history` keeps the numbers that came one after another."""

    def __init__(self) -> None:
        self.history: list[int] = []
        self.timeline: list[tuple[float, int]] = []
        self._begun_s = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def num_running(self) -> int:
        return self.history[-1] if self.history else 0

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        from ray import serve  # pyright: ignore[reportMissingImports]

        while not self._stopped.wait(0.3):
            application = serve.status().applications.get("default")
            deployment = application.deployments.get("worker") if application else None
            states = dict(deployment.replica_states) if deployment else {}
            count = sum(number for state, number in states.items() if state == "RUNNING")
            if not self.history or self.history[-1] != count:
                self.history.append(count)
                self.timeline.append((round(time.monotonic() - self._begun_s, 1), count))


def main() -> int:
    parser = argparse.ArgumentParser(description="Ray Serve over a cluster of three nodes on this machine.")
    parser.add_argument("--step-s", type=float, default=0.5, help="seconds of a painted step")
    asked = parser.parse_args()
    begun_s = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-ray-")))
        database_url = prepare(stack, folder, asked.step_s)
        figures = measure(stack, folder, database_url)
    print(json.dumps({**figures, "took s": round(time.monotonic() - begun_s)}))
    return 0


def prepare(stack: ExitStack, folder: Path, step_s: float) -> str:
    """The servers, and the variables that Ray's processes inherit. Returns the database's address."""
    postgres = stack.enter_context(contextmanager(started_postgres_server)())
    store = stack.enter_context(contextmanager(started_s3_server)())
    asyncio.run(postgres.execute("CREATE DATABASE studio"))
    store.make_bucket("pictures")
    model = write_tiny_model(folder / "model")
    (folder / "loras").mkdir()
    os.environ |= {
        **store.settings("pictures"),
        "STUDIO_DATABASE_URL": postgres.url("studio"),
        "STUDIO_BASE_MODEL": str(model),
        "STUDIO_LORA_DIR": str(folder / "loras"),
        "STUDIO_DEFAULT_MODEL": "base",
        "STUDIO_DEVICE": "cpu",
        "STUDIO_RATE_LIMIT_PER_HOUR": "0",
        "STUDIO_MAX_STREAMS_PER_CALLER": "0",
        "STUDIO_WORKERS_TARGET_S": "5",
        "STUDIO_WORKERS_MAX": str(MAX_WORKERS),
        "PAINT_STEP_S": str(step_s),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "RAY_DEDUP_LOGS": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    subprocess.run([sys.executable, "-m", "server", "migrate"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return postgres.url("studio")


@contextmanager
def serving(folder: Path, address: str) -> Iterator[str]:
    """`serve run` as an operator starts it. Yields the address of the api."""
    import ray  # pyright: ignore[reportMissingImports]
    from ray import serve  # pyright: ignore[reportMissingImports]

    ray.init(address, namespace="serve", log_to_driver=False)
    port = free_port()
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    options = {
        "max_workers": MAX_WORKERS,
        "module": "tests.support.servers.painting_server",
        "poll_s": 0.5,
        "fewer_after_s": 3,
        "none_after_s": NONE_AFTER_S,
        "api_cpus": 2,
        "worker_cpus": 0.2,
    }
    arguments = [f"{name}={value}" for name, value in options.items()]
    command = [str(BIN / "serve"), "run", "deploy.ray:studio", *arguments, "--address", address, "--app-dir", str(ROOT)]
    log = folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: is_up(url, process), timeout_s=120, what="the api")
        yield url
    except BaseException:
        print(log.read_text()[-6000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(60)
        serve.shutdown()
        ray.shutdown()


def is_up(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "serve run has ended"
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def client_of(url: str, address: str) -> httpx.Client:
    """A caller without an account is known by its address, which Serve's proxy must pass on."""
    return httpx.Client(base_url=url, timeout=60, transport=httpx.HTTPTransport(local_address=address))


async def owners_of(database_url: str) -> int:
    import asyncpg

    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval("SELECT count(DISTINCT owner) FROM job")
    finally:
        await connection.close()


def measure(stack: ExitStack, folder: Path, database_url: str) -> dict[str, Any]:
    nodes = Nodes(stack)
    doomed, _ = nodes.add(2), nodes.add(1)
    url = stack.enter_context(serving(folder, nodes.address))
    replicas = Replicas()
    stack.callback(replicas.stop)
    users = [stack.enter_context(client_of(url, f"127.0.0.{n + 2}")) for n in range(NUM_USERS)]
    orders = [Order({**BODY, "num_images": NUM_IMAGES, "seed": 10 * n}) for n in range(NUM_JOBS)]
    streams: list[EventReader] = []

    def submit(some: list[Order]) -> None:
        for n, order in enumerate(some):
            answer = users[n % NUM_USERS].post("/api/generate", json=order.fields)
            assert answer.status_code == 202, answer.text
            order.job_id = answer.json()["job_id"]
            streams.append(EventReader(url, order.job_id))

    submit(orders[:1])
    one_s = until(lambda: replicas.num_running == 1, what="the first worker")
    submit(orders[1:])
    three_s = until(lambda: replicas.num_running == MAX_WORKERS, what="as many workers as are allowed")
    until(lambda: sum(bool(stream.named("image")) for stream in streams) > 5, what="pictures")
    num_killed = nodes.kill(doomed)
    nodes.add(2)
    until(lambda: replicas.num_running < MAX_WORKERS, what="Ray to notice")
    again_s = until(lambda: replicas.num_running == MAX_WORKERS, what="workers on the new node")
    shown = httpx.get(f"{nodes.dashboard}/api/serve/applications/", timeout=30).json()["applications"]["default"]
    check_events(streams, NUM_IMAGES)
    rows = snapshot(database_url)
    check_rows(rows, orders)
    assert asyncio.run(owners_of(database_url)) == NUM_USERS
    none_s = until(lambda: replicas.num_running == 0, timeout_s=60, what="no worker")
    return {
        "jobs": len(rows["job"]),
        "users": NUM_USERS,
        "pictures": len(rows["image"]),
        "lost": 0,
        "twice": 0,
        "streams that came back": sum(stream.num_connections > 1 for stream in streams),
        "jobs claimed again": sum(attempt > 1 for _, _, attempt, _ in rows["job"]),
        "workers killed": num_killed,
        "workers (s, number)": replicas.timeline,
        "first worker after s": round(one_s, 1),
        "all workers after s": round(three_s, 1),
        "all workers again after s": round(again_s, 1),
        "none after s": round(none_s, 1),
        "dashboard": {name: each["status"] for name, each in shown["deployments"].items()},
    }


if __name__ == "__main__":
    sys.exit(main())
