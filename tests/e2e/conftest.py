import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.servers.server_process import ROOT, ServerProcess
from tests.support.tiny_model import write_tiny_model

PAINTING = "tests.support.servers.painting_server"

NewServer = Callable[..., ServerProcess]


def demo_server(folder: Path, **settings: str) -> ServerProcess:
    """Of the demo model and the repository's LoRAs, not started; STUDIO_BASE_MODEL names another model."""
    model = {name: os.environ[name] for name in ("STUDIO_BASE_MODEL",) if name in os.environ}
    folder.mkdir()
    return ServerProcess(folder, {"STUDIO_LORA_DIR": str(ROOT / "loras"), **model, **settings}, is_watched=True)


@pytest.fixture
def new_demo_server(tmp_path: Path) -> NewServer:
    """Makes servers, not started, of the demo model."""
    return lambda name, **settings: demo_server(tmp_path / name, **settings)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server of the demo model, shared by the tests of a file."""
    with demo_server(tmp_path_factory.mktemp("demo") / "server") as server:
        server.start()
        yield server


def painting_server(folder: Path, name: str, **settings: str) -> ServerProcess:
    """Paints its pictures: all of the real thing but the model. Not started."""
    model = folder / "model"
    if not model.exists():
        write_tiny_model(model)
    (folder / name).mkdir()
    loras = {"STUDIO_LORA_DIR": str(folder / "loras"), "STUDIO_DEFAULT_MODEL": "base"}
    return ServerProcess(
        folder / name, {"STUDIO_BASE_MODEL": str(model), **loras, **settings}, module=PAINTING, is_watched=True
    )


@pytest.fixture
def new_painting_server(tmp_path: Path) -> NewServer:
    """Makes servers, not started, that paint."""
    return lambda name, **settings: painting_server(tmp_path, name, **settings)
