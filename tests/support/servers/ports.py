"""Free ports for servers of the tests."""

import random
import socket

PORTS = range(15_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: a port that is free now is free when the server starts."""


def free_port() -> int:
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
