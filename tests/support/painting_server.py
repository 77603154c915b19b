"""`python -m tests.painting_server`: the server, but for the model: a runner that paints, a few milliseconds a step."""

import os
import sys

from server.__main__ import serve
from server.config.environment import read_settings
from server.observability.logging_setup import set_up_logging
from tests.support.fake_runner import PaintRunner

STEP_S = 0.02

if __name__ == "__main__":
    settings = read_settings(os.environ)
    set_up_logging(settings.log_format)
    sys.exit(serve(settings, lambda *_: PaintRunner(float(os.environ.get("PAINT_STEP_S", STEP_S)))))
