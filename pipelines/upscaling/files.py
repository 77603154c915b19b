"""The folder of upscalers: which files can be used under which name, and why the others cannot. Torch-free.

A name is a file's name without its ending. A name is looked up among the files of the folder and is never a part of a
path, so none leads out of the folder.
"""

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.lora.files.library import FileState
from pipelines.lora.files.names import COMPANIONS, PICKLES, SUFFIX, has_suffix, without_suffix
from pipelines.safetensors_header import (
    LENGTH_BYTES,
    SafetensorsError,
    SafetensorsHeader,
    check_payload,
    read_header,
)
from pipelines.spec import LATENT_UPSCALER, PIXEL_UPSCALER
from pipelines.upscaling.architecture import Architecture, UpscalerError, identified

MAX_BYTES = 300_000_000
"""Of a file. An ESRGAN network of 23 blocks in float32 has 67 MB."""
MAX_FILES = 500
MAX_NAME_CHARACTERS = 100
_NUMBERS = ("F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class UpscalerScan:
    """`names` in alphabetical order. `rejected`: pairs of file and reason."""

    names: Sequence[str] = ()
    rejected: Sequence[tuple[str, str]] = ()


def scan(folder: Path) -> UpscalerScan:
    """Read the header of every file. Hidden files, notes and pictures are passed over."""
    names: set[str] = set()
    rejected: list[tuple[str, str]] = []
    try:
        paths = [path for path in _entries(folder) if path.suffix.lower() not in COMPANIONS]
    except OSError as error:
        reason = f"the folder cannot be read: {error.strerror or error} (STUDIO_UPSCALER_DIR)"
        return UpscalerScan(rejected=((_shown(folder.name), reason),))
    for path in paths[:MAX_FILES]:
        try:
            name = _checked_name(path)
            with _opened(path) as file:
                num_bytes = os.fstat(file.fileno()).st_size
                length = file.read(LENGTH_BYTES)
                head = file.read(min(int.from_bytes(length, "little"), num_bytes))
            check(read_header(length + head), num_bytes)
            names.add(name)
        except (UpscalerError, SafetensorsError) as error:
            rejected.append((_shown(path.name), str(error)))
        except OSError as error:
            rejected.append((_shown(path.name), f"it cannot be read: {error.strerror or error}"))
    rejected += [(_shown(path.name), f"only {MAX_FILES} files are looked at") for path in paths[MAX_FILES:][:1]]
    return UpscalerScan(tuple(sorted(names, key=lambda name: (name.lower(), name))), tuple(rejected))


def state(folder: Path, name: str) -> FileState:
    """Of the upscaler's file. Raises UpscalerError."""
    with _reported():
        return _state(_path(folder, name))


def read(folder: Path, name: str) -> bytes:
    """All bytes of the upscaler's file, which is never mapped. Raises UpscalerError."""
    with _reported(), _opened(_path(folder, name)) as file:
        return file.read(MAX_BYTES)


def check(header: SafetensorsHeader, num_bytes: int) -> tuple[Architecture, dict[str, str]]:
    """As `identified`, of a sound file of so many bytes. Raises UpscalerError and SafetensorsError."""
    check_payload(header, num_bytes - header.payload_start)
    for key, entry in header.tensors.items():
        if entry.dtype not in _NUMBERS:
            raise UpscalerError(f"{key[:80]} is {entry.dtype}; possible are {', '.join(_NUMBERS)}")
    return identified({key: entry.shape for key, entry in header.tensors.items()})


def _entries(folder: Path) -> list[Path]:
    """Raises OSError."""
    return [folder / name for name in sorted(os.listdir(folder)) if not name.startswith(".")]


def _path(folder: Path, name: str) -> Path:
    """Raises UpscalerError and OSError."""
    for path in _entries(folder):
        if _name(path) == name:
            return path
    raise UpscalerError("its file is not in the folder of upscalers any more")


@contextmanager
def _reported() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise UpscalerError(f"it cannot be read: {error.strerror or error}") from error


def _name(path: Path) -> str | None:
    return without_suffix(path.name) if has_suffix(path.name) else None


def _checked_name(path: Path) -> str:
    """Raises UpscalerError."""
    name = _name(path)
    if name is None:
        why = ": others can run code when they are opened" if path.suffix.lower() in PICKLES else ""
        raise UpscalerError(f"only {SUFFIX} files are read{why}")
    if name.lower() in (LATENT_UPSCALER, PIXEL_UPSCALER):
        raise UpscalerError(f"the name {name} has another meaning; rename the file")
    if not (name.strip() == name != "" and len(name) <= MAX_NAME_CHARACTERS and name.isprintable() and ":" not in name):
        raise UpscalerError(
            f"its name must have 1 to {MAX_NAME_CHARACTERS} printable characters, no colon and no space at either end"
        )
    return name


def _opened(path: Path) -> BinaryIO:
    """Raises UpscalerError and OSError."""
    num_bytes = _state(path)[0]
    if num_bytes > MAX_BYTES:
        raise UpscalerError(f"it has {num_bytes:,} bytes; up to {MAX_BYTES:,} are read")
    return path.open("rb")


def _state(path: Path) -> FileState:
    """Raises UpscalerError for anything but a regular file: opening a pipe would block. Raises OSError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UpscalerError("it is no regular file")
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _shown(name: str) -> str:
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
