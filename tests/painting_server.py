"""`python -m tests.painting_server`: the server, but for the model: a runner that paints, a few milliseconds a step."""

import logging
import os
import sys

from server.__main__ import serve
from server.settings import read_settings
from tests.paint_runner import PaintRunner

STEP_S = 0.02

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    sys.exit(serve(read_settings(os.environ), lambda *_: PaintRunner(STEP_S)))
