"""The pretended GPU, for the tests of this folder."""

import ctypes
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from tests.gpu.pretended import PretendedGpu

GUARD = Path(__file__).with_name("device_guard.cpp")


@pytest.fixture(scope="session")
def device_guard(request: pytest.FixtureRequest) -> None:
    """Compiled once for each torch and kept in pytest's cache."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++: sudo apt-get install g++")
    key = hashlib.sha256(GUARD.read_bytes() + torch.__version__.encode()).hexdigest()[:16]
    cache = request.config.cache
    assert cache is not None
    library = cache.mkdir("gpu") / f"device_guard-{key}.so"
    if not library.exists():
        root = Path(torch.__file__).parent
        draft = library.with_suffix(f".{id(request)}")
        flags = ["-std=c++20", "-shared", "-fPIC", f"-I{root / 'include'}", f"-L{root / 'lib'}", "-lc10"]
        subprocess.run([compiler, str(GUARD), "-o", str(draft), *flags], check=True, timeout=120)
        draft.rename(library)
    ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def gpu(device_guard: None) -> PretendedGpu:
    return PretendedGpu()
