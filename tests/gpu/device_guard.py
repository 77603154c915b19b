"""Builds device_guard.cpp: without it a CPU build of torch has no device `cuda:0`."""

import os
import subprocess
from pathlib import Path

import torch

GUARD = Path(__file__).with_name("device_guard.cpp")


def build_device_guard(compiler: str, library: Path) -> None:
    root = Path(torch.__file__).parent
    draft = library.with_suffix(f".{os.getpid()}")
    flags = ["-std=c++20", "-shared", "-fPIC", f"-I{root / 'include'}", f"-L{root / 'lib'}", "-lc10"]
    subprocess.run([compiler, str(GUARD), "-o", str(draft), *flags], check=True, timeout=120)
    draft.rename(library)
