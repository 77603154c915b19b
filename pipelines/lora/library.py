"""Scan the folder of LoRA files: which can be used, and why the others cannot. Torch-free."""

import hashlib
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from pipelines.lora.base_layers import BaseLayers, check_fits
from pipelines.lora.file import (
    LoraCut,
    LoraFormatError,
    LoraMisfit,
    LoraNameError,
    read_lora,
)
from pipelines.lora.metadata import BASE_KEY, read_facts
from pipelines.model.info import DEMO_LORA_BASE, SDXL_LORA_BASE

GROWING_S = 30.0
"""A file that ends too early is pending, not rejected, for this long after its last change."""
SETTLED_S = 2.0
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
_COPY_CHUNK_BYTES = 1024 * 1024

FileState = tuple[int, int, int, int]
"""Size, time of the last change of the bytes and of the inode (ns), inode number."""

_BASES = {DEMO_LORA_BASE: "the demo model", SDXL_LORA_BASE: "an SDXL model"}
_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}")
RESERVED_NAME = "base"
"""Requests use it for "no LoRA"."""

_VERSIONED = re.compile(r"(?P<name>.+)-v(?P<version>[0-9]+(?:\.[0-9]+)*)")


@dataclass(frozen=True, slots=True)
class LoraFile:
    """One usable LoRA file. `short_hash` is A1111's: 12 hex digits over the payload. `trigger`, `title`, `base_model`
    and `weight` are the file's own metadata (see `LoraFacts`)."""

    name: str
    version: str | None
    sha256: str
    short_hash: str
    num_bytes: int
    rank: int
    num_modules: int
    has_text_encoder: bool
    trigger: str | None
    title: str | None
    base_model: str | None
    weight: float | None
    path: Path
    metadata: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def label(self) -> str:
        return self.name if self.version is None else f"{self.name}-v{self.version}"

    def copy_to(self, target: BinaryIO) -> None:
        """Copy the bytes that were checked. Raises LoraFormatError if the file has changed since, and OSError."""
        digest = hashlib.sha256()
        with self.path.open("rb") as source:
            while chunk := source.read(_COPY_CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
        if digest.hexdigest() != self.sha256:
            raise LoraFormatError(f"{self.path.name} changed after it was read")


@dataclass(frozen=True, slots=True)
class RejectedLora:
    """A file that cannot be used; `file` is its name in the folder. `is_sound`: True if only the base model differs."""

    file: str
    reason: str
    is_sound: bool = False


@dataclass(frozen=True, slots=True)
class PendingLora:
    """A file that is still being written; the next scan reads it again."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoraScan:
    """The result of one scan, each part in the order of the file names."""

    files: tuple[LoraFile, ...]
    rejected: tuple[RejectedLora, ...]
    pending: tuple[PendingLora, ...] = ()

    @property
    def unfit(self) -> tuple[RejectedLora, ...]:
        """The rejected files that another base model could use."""
        return tuple(file for file in self.rejected if file.is_sound)


class LoraLibrary:
    """The folder of LoRA files. Any thread, one at a time.

    `lora_base`: what a LoRA must be made for (`ModelInfo.lora_base`). `max_bytes`: limit of a file's size.
    `base_layers`: the layers of the base model; None if they are unknown yet, then files are not checked against them.
    """

    def __init__(
        self, lora_dir: Path, lora_base: str, max_bytes: int = 2_000_000_000, base_layers: BaseLayers | None = None
    ) -> None:
        self.lora_dir = lora_dir
        self.lora_base = lora_base
        self.max_bytes = max_bytes
        self.base_layers = base_layers
        self._read: dict[Path, tuple[FileState, LoraFile]] = {}
        self._placed: dict[Path, tuple[FileState, LoraFile]] = {}

    def scan(self) -> LoraScan:
        """Read and check every `*.safetensors` file of the folder. A missing folder is empty; file names that start
        with a dot are ignored."""
        files: list[LoraFile] = []
        rejected: list[RejectedLora] = []
        pending: list[PendingLora] = []
        for path in sorted(self.lora_dir.glob("[!.]*")):
            if path.suffix in UNFINISHED:
                pending.append(PendingLora(path.name, f"files named {path.suffix} are still being written"))
            if path.suffix != ".safetensors":
                continue
            try:
                files.append(self._check_changed(path))
            except LoraCut as error:
                if _is_fresh(path):
                    pending.append(PendingLora(path.name, f"it is still being written, or {error}"))
                else:
                    rejected.append(RejectedLora(path.name, str(error)))
            except LoraFormatError as error:
                rejected.append(RejectedLora(path.name, str(error), isinstance(error, LoraMisfit)))
            except OSError as error:
                rejected.append(RejectedLora(path.name, f"it cannot be read: {error.strerror or error}"))
        self._placed.clear()
        return LoraScan(tuple(files), tuple(rejected), tuple(pending))

    def path_of(self, label: str) -> Path:
        """The path of the file of a label like `jade-v1`, whether it exists or not. Raises LoraNameError."""
        split_name(label)
        return self.lora_dir / f"{label}.safetensors"

    def check(self, path: Path, label: str) -> LoraFile:
        """Read and check a file that gets the name `label`. Raises LoraFormatError and OSError."""
        name, version = split_name(label)
        content = read_lora(self._read_bytes(path))
        facts = read_facts(content.metadata)
        self._check_base(facts.base_model, content.shaped_for)
        if self.base_layers is not None:
            check_fits(content, self.base_layers)
        return LoraFile(
            name=name,
            version=version,
            sha256=content.sha256,
            short_hash=content.short_hash,
            num_bytes=content.num_bytes,
            rank=content.rank,
            num_modules=len(content.modules),
            has_text_encoder=content.has_text_encoder,
            trigger=facts.trigger,
            title=facts.title,
            base_model=facts.base_model,
            weight=facts.weight,
            path=path,
            metadata=content.metadata,
        )

    def place(self, draft: Path, label: str) -> None:
        """Check a finished draft in the folder, then give it its name in one atomic step that survives a power cut.

        The next scan uses this check and does not read the file again if it is the same file: same inode, size and
        times. Raises LoraFormatError and OSError; then the draft keeps its name.
        """
        path = self.path_of(label)
        size, changed_ns, _, inode = _state(draft)
        file = replace(self.check(draft, label), path=path)
        draft.replace(path)
        _sync_folder(path.parent)
        state = _state(path)  # a rename changes the inode's time
        if (size, changed_ns, inode) == (state[0], state[1], state[3]):
            self._placed[path] = (state, file)

    def states(self) -> dict[Path, FileState]:
        """The state of each file, to detect that the folder has changed."""
        states: dict[Path, FileState] = {}
        for path in self.lora_dir.glob("[!.]*.safetensors"):
            with suppress(OSError, LoraFormatError):
                states[path] = _state(path)
        return states

    def _check_changed(self, path: Path) -> LoraFile:
        """Check a file unless it is known and unchanged.

        A file is known only if it was read at least SETTLED_S after its last change: a second change within one tick of
        the file system's clock leaves the state as it was.
        """
        state = _state(path)
        for known in (self._placed.get(path), self._read.get(path)):
            if known is not None and known[0] == state:
                return known[1]
        self._read.pop(path, None)
        read_at_s = time.time()
        file = self.check(path, path.stem)
        if _state(path) != state:
            raise LoraCut("it changed while it was being read")
        if read_at_s - max(state[1], state[2]) / 1e9 > SETTLED_S:
            self._read[path] = (state, file)
        return file

    def _read_bytes(self, path: Path) -> bytes:
        with path.open("rb") as file:
            data = file.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise LoraFormatError(f"it is larger than {self.max_bytes:,} bytes (STUDIO_MAX_LORA_MB)")
        return data

    def _check_base(self, made_for: str | None, shaped_for: str | None) -> None:
        """Most files do not name their base model: the shapes decide, else SDXL is assumed. Raises LoraMisfit."""
        if made_for is None and shaped_for is None and self.lora_base == DEMO_LORA_BASE:
            raise LoraMisfit(f"it is not marked as made for the demo model ({BASE_KEY} = {DEMO_LORA_BASE})")
        base = made_for or SDXL_LORA_BASE
        if base != self.lora_base:
            named = _BASES.get(base, base)
            raise LoraMisfit(f"it is made for {named}; the base model here is {_BASES[self.lora_base]}")


def _state(path: Path) -> FileState:
    """Raises OSError, and LoraFormatError for anything but a regular file: reading a pipe would block."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise LoraFormatError("it is no regular file")
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_fresh(path: Path) -> bool:
    """True if the file changed within GROWING_S, by this machine's clock."""
    try:
        return time.time() - path.stat().st_mtime < GROWING_S
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def split_name(stem: str) -> tuple[str, str | None]:
    """Name and version of a file: `jade-v1` -> ("jade", "1"), `jade` -> ("jade", None). Raises LoraNameError."""
    if not _NAME.fullmatch(stem):
        raise LoraNameError("its name must be 1 to 64 letters, digits, dots, underscores or hyphens, no dot first")
    if stem == RESERVED_NAME:
        raise LoraNameError(f"no LoRA may be called {RESERVED_NAME}: requests use that name for no LoRA")
    match = _VERSIONED.fullmatch(stem)
    return (match["name"], match["version"]) if match else (stem, None)


def version_key(version: str | None) -> tuple[int, ...]:
    """Sort key of a version, by number: 10 after 9, 1.2 after 1.1; a file without a version comes first."""
    return () if version is None else tuple(int(part) for part in version.split("."))
