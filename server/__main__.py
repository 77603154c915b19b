"""`python -m server`: read the settings, start the model loading, answer HTTP until a signal. With a command
(server/cli.py): do that and end.

Exit codes: 0 after a signal or STUDIO_IDLE_EXIT_MIN, 1 when the server cannot go on, 2 when a setting cannot be used.
"""

import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from server.cli import run_command
from server.config.environment import (
    SettingsError,
    read_environment,
    read_settings,
    unknown_variables,
)
from server.config.settings import Settings
from server.observability.logging_setup import set_up_logging

if TYPE_CHECKING:
    from server.worker.runner import RunnerFactory

log = logging.getLogger("server")


def main() -> int:
    try:
        environment = read_environment(Path(".env"))
        settings = read_settings(environment)
    except SettingsError as error:
        print(f"The server cannot start with these settings:\n{error}\nAll settings: docs/settings.md", file=sys.stderr)
        return 2
    set_up_logging(settings.log_format)
    for name in unknown_variables(environment):
        log.warning("%s is no setting of this server and is not read; all settings: docs/settings.md", name)
    if len(sys.argv) > 1:
        return run_command(sys.argv[1:], settings)
    return serve(settings)


def serve(settings: Settings, make_runner: "RunnerFactory | None" = None) -> int:
    """Serves until a signal; the exit code. `make_runner` None: the one that loads the base model."""
    import uvicorn  # these imports take a second: a bad setting is reported before them

    from pipelines.model.info import BaseModelError
    from server.app import create_app
    from server.container import RoleError
    from server.db.filesystem import NetworkFilesystem
    from server.lifespan import Lifespan
    from server.storage.data_folder import DataFolderInUse
    from server.storage.store import StoreError
    from server.worker.runner import sdxl_runner

    class Server(uvicorn.Server):
        """Ends open event streams and hands the jobs back first: uvicorn's shutdown waits for open connections."""

        failed = False

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                end_in(settings.stop_timeout_s)
            super().handle_exit(sig, frame)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            lifespan.begin_stop()
            await super().shutdown(sockets)

        def give_up(self) -> None:
            self.failed = self.should_exit = True

        def leave(self) -> None:
            self.should_exit = True

    listener = listen(settings.host, settings.port)
    if listener is None:
        return 1
    try:
        app = create_app(
            settings,
            make_runner or sdxl_runner,
            on_failure=lambda: server.give_up(),
            on_idle=lambda: server.leave(),
        )
    except (BaseModelError, DataFolderInUse, NetworkFilesystem, RoleError, StoreError) as error:
        log.error("the server cannot start: %s", error)
        return 1
    lifespan: Lifespan = app.state.lifespan
    logging.getLogger("uvicorn.error").addFilter(lambda _: not lifespan.start_failed)  # reported in one line already
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        timeout_graceful_shutdown=max(1, settings.stop_timeout_s // 2),
        lifespan="on",
    )
    server = Server(config)
    address = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    log.info("LoRA Studio listens on %s (docs: %s/docs); loading %s", address, address, settings.base_model)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ignore)  # uvicorn raises them once more after its shutdown
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn's way to say that the start failed
        return 1
    return 1 if server.failed else 0


def end_in(timeout_s: float) -> None:
    """Ends the process then if it is still there: a forward on the torch thread, or a model that is being loaded,
    cannot be broken off. Nothing is lost by it: what is accepted is in the database."""

    def end() -> None:
        log.warning("the server has not ended after %s s (STUDIO_STOP_TIMEOUT_S) and ends now as it is", timeout_s)
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(max(0.5, timeout_s - 0.5), end)
    timer.daemon = True
    timer.start()


def ignore(number: int, frame: FrameType | None) -> None:
    """A signal handler that does nothing."""


def listen(host: str, port: int) -> socket.socket | None:
    """A bound socket; None, and a line in the log, where the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        log.error("cannot listen on %s port %d (STUDIO_HOST, STUDIO_PORT): %s", host, port, error.strerror or error)
        return None
    return listener


if __name__ == "__main__":
    sys.exit(main())
