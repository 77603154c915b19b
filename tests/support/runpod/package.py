"""RunPod's SDK in a folder of its own, installed once."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
INSTALL_S = 300


def runpod_folder() -> Path:
    """For PYTHONPATH. Skips the test where the packages cannot be installed."""
    folder = Path(sys.prefix) / f"runpod-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        draft = Path(tempfile.mkdtemp(prefix="runpod-", dir=sys.prefix))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--target", str(draft), "-r", str(REQUIREMENTS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode:
            shutil.rmtree(draft)
            pytest.skip(f"needs runpod: {' '.join(command[2:5])} -r {REQUIREMENTS.name}: {done.stderr[-300:]}")
        try:
            draft.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return folder
