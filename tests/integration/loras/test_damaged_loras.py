"""300 damaged files: each is rejected with a reason, and the last good version goes on serving."""

import asyncio
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.lora.files.library import LoraLibrary
from pipelines.lora.files.names import LoraNameError
from pipelines.model.info import DEMO_LORA_BASE
from server.db.session import Database
from server.loras.registry import LoraRegistry, LoraSync
from tests.support.tiny_model import write_lora

LAYER = "unet.down_blocks.0.attentions.0.proj_in"
BASE_LAYERS = {"lora_unet_down_blocks_0_attentions_0_proj_in": (2, 2)}
DOWN, UP = f"{LAYER}.lora_A.weight", f"{LAYER}.lora_B.weight"


class Shelf:
    """A folder with a good jade-v1, and the registry that serves it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.copies = folder / "loras", folder / "copies"
        self.file = write_lora(self.folder / "jade-v1.safetensors", value=0.1)
        self.good = self.file.read_bytes()
        self.library = LoraLibrary(self.folder, DEMO_LORA_BASE, base_layers=BASE_LAYERS)
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'studio.db'}")
        self.registry = LoraRegistry(self.database, self.copies, DEMO_LORA_BASE)
        self.runner = asyncio.Runner()
        self.runner.run(self.database.migrate())
        self.sync()

    def sync(self) -> LoraSync:
        return self.runner.run(self.registry.sync(self.library.scan()))

    def check_good_serves(self) -> None:
        views = self.runner.run(self.registry.list())
        assert [(view.label, view.sha256) for view in views] == [("jade-v1", hashlib.sha256(self.good).hexdigest())]
        (copy,) = self.copies.iterdir()
        assert copy.read_bytes() == self.good

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    yield shelf
    shelf.close()


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def whole(header: Any, payload: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    header, payload = parts(good)
    key = draw(st.sampled_from([DOWN, UP]))
    kind = draw(
        st.sampled_from(["cut", "length", "huge", "padded", "number", "shape", "dtype", "offsets", "layer", "bytes"])
    )
    match kind:
        case "cut":
            return good[: draw(st.integers(0, len(good) - 1))]
        case "length":
            right = int.from_bytes(good[:8], "little")
            return struct.pack("<Q", draw(st.integers(0, 2 * len(good)).filter(lambda n: n != right))) + good[8:]
        case "huge":
            return struct.pack("<Q", draw(st.integers(32 * 1024 * 1024 + 1, 2**64 - 1))) + good[8:]
        case "padded":
            return good + draw(st.binary(min_size=1, max_size=50))
        case "number":
            bad = struct.pack("<f", draw(st.sampled_from([float("nan"), float("inf"), float("-inf")])))
            at = 4 * draw(st.integers(0, len(payload) // 4 - 1))
            return whole(header, payload[:at] + bad + payload[at + 4 :])
        case "shape":
            right = header[key]["shape"]
            shapes = st.lists(st.integers(-1, 4) | st.just(2**62), max_size=5).filter(lambda shape: shape != right)
            header[key]["shape"] = draw(shapes | st.sampled_from([None, "2", [1.5, 2], [[2]]]))
        case "dtype":
            header[key]["dtype"] = draw(st.sampled_from(["F64", "I32", "U8", "BOOL", "F8_E4M3", "F16", "", "f32", 5]))
        case "offsets":
            right = header[key]["data_offsets"]
            pairs = st.lists(st.integers(-8, 40), min_size=2, max_size=2).filter(lambda pair: pair != right)
            header[key]["data_offsets"] = draw(pairs)
        case "layer":
            other = draw(st.sampled_from(["unet.mid_block.x", "text_encoder.x", "x", "../x", "\0", "lora_unet_\n"]))
            header = {name.replace(LAYER, other): value for name, value in header.items()}
        case _:
            return draw(st.binary(max_size=200))
    return whole(header, payload)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_rejected_and_the_good_one_serves(shelf: Shelf, data: st.DataObject) -> None:
    shelf.file.write_bytes(data.draw(damaged(shelf.good)))
    os.utime(shelf.file, (0, 0))  # no longer being written
    report = shelf.sync()
    assert (report.added, report.updated, report.removed, report.pending) == ((), (), (), ())
    ((file, reason),) = report.rejected
    assert file == "jade-v1.safetensors"
    assert len(reason) > 15
    shelf.check_good_serves()


TRICKS = [
    "..",
    "../x",
    "..\\x",
    "/etc/x",
    "a/b",
    "jade\0",
    "\0",
    "jade\n",
    "j" * 300,
    ".jade",
    "~",
    "$HOME",
    "jädé",
    "",
]


@given(name=st.sampled_from(TRICKS) | st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(shelf: Shelf, name: str) -> None:
    try:
        path = shelf.library.path_of(name)
    except LoraNameError as error:
        assert str(error)
        return
    assert name not in TRICKS
    assert path.resolve().parent == shelf.folder.resolve()
    assert not path.name.startswith(".")


def test_files_with_odd_names_get_a_safe_one_or_are_rejected_and_all_are_left_alone(shelf: Shelf) -> None:
    shelf.file.write_bytes(shelf.good)
    odd = ["jade woman", "jädé", "a\nb", "..x" * 20 + "y", "base", "-v1 "]
    for name in odd:
        (shelf.folder / f"{name}.safetensors").write_bytes(shelf.good)
    report = shelf.sync()
    assert [file for file, _ in report.rejected] == ["base.safetensors"]
    assert {"jade-woman", "a-b"} < set(report.added)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", label) for label in report.added)
    assert "jade-v1" in report.unchanged
    for name in odd:
        (shelf.folder / f"{name}.safetensors").unlink()
