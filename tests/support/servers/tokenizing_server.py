"""`python -m tests.support.servers.tokenizing_server`: the server with a fault: it tokenizes all prompts on the
event loop."""

import sys

from server import __main__ as server
from server.generation import service

if __name__ == "__main__":
    service.INLINE_CHARACTERS = 10**9
    sys.exit(server.main())
