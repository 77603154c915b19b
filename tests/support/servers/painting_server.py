"""`python -m tests.support.servers.painting_server`: the server, but for the model: a runner that paints, a few
milliseconds a step (PAINT_STEP_S, and PAINT_ROW_S for each row). At SIGUSR1 it writes the names of its modules to
modules.json in its working folder; from SIGUSR2 on it makes no further step."""

import json
import os
import signal
import sys
from pathlib import Path

from server.__main__ import serve
from server.config.environment import read_settings
from server.observability.logging_setup import set_up_logging
from tests.support.fake_runner import PaintRunner

STEP_S = 0.02


def write_modules(*_: object) -> None:
    draft = Path("modules.json.draft")
    draft.write_text(json.dumps(sorted(sys.modules)))
    draft.rename("modules.json")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, write_modules)
    runner = PaintRunner(float(os.environ.get("PAINT_STEP_S", STEP_S)), row_s=float(os.environ.get("PAINT_ROW_S", "0")))
    signal.signal(signal.SIGUSR2, lambda *_: runner.open_gate.clear())
    settings = read_settings(os.environ)
    set_up_logging(settings.log_format)
    sys.exit(serve(settings, lambda *_: runner))
