"""How often a LoRA file is read, in bytes that this process reads: a LoRA of a gigabyte takes seconds each time."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.lora.files.library import LoraLibrary
from pipelines.lora.files.scan import LoraFile
from pipelines.model.info import DEMO_LORA_BASE
from server.db.session import Database
from server.loras.errors import LoraOverwritten
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry
from tests.support.loras.file_bytes import lora_bytes, pair

IO = Path("/proc/self/io")
pytestmark = pytest.mark.skipif(not IO.is_file(), reason="needs Linux: it counts what a process reads")


class Server:
    """The LoRA half of a server, started in a data folder."""

    def __init__(self, folder: Path) -> None:
        self.loras = folder / "loras"
        self.loras.mkdir(exist_ok=True)
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'studio.db'}")
        self.registry = LoraRegistry(self.database, folder / "copies", DEMO_LORA_BASE)
        self.folder = LoraFolder(LoraLibrary(self.loras, DEMO_LORA_BASE), self.registry, lambda views: None)


class Reads:
    """`times`: how often the bytes of `data` have been read since the last look, rounded."""

    def __init__(self, data: bytes) -> None:
        self._num_bytes = len(data)
        self._before = self._total()

    @property
    def times(self) -> int:
        before, self._before = self._before, self._total()
        return round((self._before - before) / self._num_bytes)

    @staticmethod
    def _total() -> int:
        fields = dict(line.split(": ") for line in IO.read_text().splitlines())
        return int(fields["rchar"])


@pytest.fixture(scope="module")
def data() -> bytes:
    """A sound LoRA of 32 MB, far more than anything else that is read meanwhile."""
    (down, up) = pair()
    return lora_bytes({down: np.ones((4, 1_000_000), np.float32), up: np.ones((1_000_000, 4), np.float32)})


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.database.migrate()
    yield server
    await server.database.close()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1_000_000):
        yield data[start : start + 1_000_000]


async def test_an_upload_is_read_to_check_it_and_to_copy_it(
    server: Server, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(data)
    view = await server.folder.put("jade-v1", chunks(data))
    assert view.num_bytes == len(data)
    assert reads.times == 2
    monkeypatch.setattr("pipelines.lora.files.library.SETTLED_S", -60.0)  # as if the upload were some seconds ago
    assert (await server.folder.reload()).unchanged == ("jade-v1",)
    assert reads.times == 1  # for certain: within one tick of the clock, a second write would not show
    for _ in range(3):
        assert (await server.folder.reload()).unchanged == ("jade-v1",)
    assert reads.times == 0


async def test_a_start_reads_each_file_and_copies_new_ones(server: Server, data: bytes, tmp_path: Path) -> None:
    (server.loras / "jade-v1.safetensors").write_bytes(data)
    reads = Reads(data)
    await server.folder.start()
    assert reads.times == 2
    again = Server(tmp_path)
    try:
        await again.folder.start()
        assert reads.times == 1
        assert [view.label for view in await again.registry.list()] == ["jade-v1"]
    finally:
        await again.database.close()


async def test_an_upload_that_is_overwritten_at_once_is_read_again(
    server: Server, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of the upload counts for exactly that file."""
    path = server.loras / "jade-v1.safetensors"
    place = LoraLibrary.place

    def place_and_overwrite(library: LoraLibrary, draft: Path, label: str) -> LoraFile:
        file = place(library, draft, label)
        path.write_bytes(b"not a LoRA")
        return file

    monkeypatch.setattr(LoraLibrary, "place", place_and_overwrite)
    with pytest.raises(LoraOverwritten, match="jade-v1 was overwritten"):
        await server.folder.put("jade-v1", chunks(data))
    assert await server.registry.list() == []
