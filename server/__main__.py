"""`python -m server`: read the settings, load the model, serve HTTP until a signal. With a command (server/cli.py): run
it and exit.

Exit codes: 0 after a signal or STUDIO_IDLE_EXIT_MIN, 1 after a fatal error, 2 for invalid settings.
"""

import gc
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
        log.warning("%s is not a setting and has no effect; all settings: docs/settings.md", name)
    if len(sys.argv) > 1:
        return run_command(sys.argv[1:], settings)
    return serve(settings)


def serve(settings: Settings, make_runner: "RunnerFactory | None" = None) -> int:
    """Serve until a signal. Returns the exit code. `make_runner` None: the factory that loads the base model."""
    import uvicorn  # these imports take a second; invalid settings are reported before

    from pipelines.model.info import BaseModelError
    from server.api.auth.origins import loopback_hosts
    from server.app import create_app
    from server.db.filesystem import NetworkFilesystem
    from server.from_settings import RoleError
    from server.http_protocol import (
        LISTEN_BACKLOG,
        Bounds,
        bounded_protocol,
        connections_within,
        raise_descriptor_limit,
    )
    from server.lifespan import Lifespan
    from server.storage.data_folder import DataFolderError
    from server.storage.store import StoreError
    from server.worker.runner import sdxl_runner

    class Server(uvicorn.Server):
        """Closes event streams and releases jobs before uvicorn's shutdown, which waits for open connections."""

        failed = False

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                exit_after(settings.stop_timeout_s)
            super().handle_exit(sig, frame)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            gc.freeze()  # a full collection stops the event loop: it need not look at what stays for ever
            for each in sockets or ():
                each.listen(LISTEN_BACKLOG)  # uvicorn's backlog also bounds how many are accepted in one turn

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
    num_descriptors = raise_descriptor_limit()
    max_connections, max_accepted = connections_within(num_descriptors, settings.max_connections)
    if max_connections < settings.max_connections:
        log.warning("%d connections at most: the process may open %d files", max_connections, num_descriptors)
    try:
        app = create_app(
            settings,
            make_runner or sdxl_runner,
            on_failure=lambda: server.give_up(),
            on_idle=lambda: server.leave(),
            hosts=loopback_hosts(listener.getsockname()[0], settings.host, settings.public_url, settings.worker_url),
        )
    except (BaseModelError, DataFolderError, NetworkFilesystem, OSError, RoleError, StoreError) as error:
        log.error("the server cannot start: %s", error)
        return 1
    lifespan: Lifespan = app.state.lifespan
    logging.getLogger("uvicorn.error").addFilter(lambda _: not lifespan.start_failed)  # already reported in one line
    config = uvicorn.Config(
        app,
        http=bounded_protocol(Bounds(max_connections)),
        ws="none",
        backlog=max_accepted,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # server/api/auth/proxies.py
        server_header=False,
        timeout_graceful_shutdown=max(1, settings.stop_timeout_s // 2),
        lifespan="on",
    )
    server = Server(config)
    address = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    log.info("LoRA Studio listens on %s (docs: %s/docs); loading %s", address, address, settings.base_model)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ignore)  # uvicorn raises the signal again after its shutdown
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn: the startup failed
        return 1
    return 1 if server.failed else 0


def exit_after(timeout_s: float) -> None:
    """Exit when the timeout is over: a forward on the torch thread, or a model that is loading, cannot be interrupted.
    Nothing is lost: accepted jobs are in the database."""

    def end() -> None:
        log.warning("the shutdown is not complete after %s s (STUDIO_STOP_TIMEOUT_S); the process exits now", timeout_s)
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(max(0.5, timeout_s - 0.5), end)
    timer.daemon = True
    timer.start()


def ignore(number: int, frame: FrameType | None) -> None:
    """A signal handler that does nothing."""


def listen(host: str, port: int) -> socket.socket | None:
    """A bound socket. None: the address is not available, which is logged."""
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
