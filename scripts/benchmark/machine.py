"""Where the figures were measured."""

import os
import platform
from importlib.metadata import version
from typing import Any

import torch

from server.version import VERSION

PACKAGES = ("torch", "diffusers", "transformers", "peft")


def machine() -> dict[str, Any]:
    """`load` is the mean number of processes that wanted a core in the last minute: well below `cores`, or the figures
    are of a machine that had other work."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "lora_studio": VERSION,
        **{package: version(package) for package in PACKAGES},
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
