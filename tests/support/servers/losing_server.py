"""`python -m tests.support.servers.losing_server`: the server, whose device is lost at UNet forward number LOST_AT (0:
never), counted from the first picture of a client."""

import os
import sys
from pathlib import Path
from typing import Any

from server.__main__ import serve
from server.config.environment import read_settings
from server.config.settings import Settings
from server.observability.logging_setup import set_up_logging
from server.worker.runner import Runner, sdxl_runner

LOST_AT = int(os.environ["LOST_AT"])
CLIENTS_SIZE = 136 // 8
"""Latents of a height that no warm-up has."""


def runner_that_loses_its_device(settings: Settings, loras: Path) -> Runner:
    import torch

    runner: Any = sdxl_runner(settings, loras)
    forwards: list[None] = []

    def lose(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].shape[-2] == CLIENTS_SIZE:
            forwards.append(None)
            if len(forwards) == LOST_AT:
                raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    runner.model.unet.register_forward_pre_hook(lose)
    return runner


if __name__ == "__main__":
    settings = read_settings(os.environ)
    set_up_logging(settings.log_format)
    sys.exit(serve(settings, runner_that_loses_its_device))
