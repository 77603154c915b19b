"""Free ports for servers of the tests."""

import os
import random
import socket

PORTS = range(15_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: a port that is free now is free when the server starts."""
MAX_WORKERS = 16

_given: set[int] = set()


def free_port() -> int:
    """A port that no other call answers: a server may bind it much later. Each of pytest's workers has ports of its
    own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.SystemRandom().choice(PORTS[worker % MAX_WORKERS :: MAX_WORKERS])
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
