"""The pretended GPU, for the tests of this folder."""

import ctypes
import hashlib
import shutil
from collections.abc import Iterator

import pytest
import torch

from tests.gpu.device_guard import GUARD, build_device_guard
from tests.gpu.pretended import PretendedGpu
from tests.gpu.sdxl import sdxl_model
from tests.gpu.studio import Studio


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
        build_device_guard(compiler, library)
    ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def gpu(device_guard: None) -> PretendedGpu:
    return PretendedGpu()


@pytest.fixture(scope="module")
def few_layers(gpu: PretendedGpu, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with gpu.installed():
        studio = Studio(gpu, sdxl_model(gpu, few_layers=True), tmp_path_factory.mktemp("loras"))
        studio.decoded_px = 576  # four tiles
        yield studio
