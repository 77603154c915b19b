"""What a scan of the LoRA folder finds. Torch-free."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pipelines.lora.files.keys import IgnoredKeys
from pipelines.lora.files.names import LoraFormatError

_COPY_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LoraFile:
    """One usable LoRA file. `short_hash` is A1111's: 12 hex digits over the payload. `trigger`, `title`, `base_model`
    and `weight` are the file's own metadata (see `LoraFacts`). `file`: its path in the folder, as it can be shown.
    `ignored`: what of it is not used."""

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
    file: str
    ignored: Sequence[IgnoredKeys] = ()
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
            raise LoraFormatError(f"{self.file} changed after it was read")


@dataclass(frozen=True, slots=True)
class RejectedLora:
    """A file that cannot be used; `file` is its path in the folder. `is_sound`: True if only the base model differs.
    `label`: the LoRA that it would be, if it has a name that a LoRA can have."""

    file: str
    reason: str
    is_sound: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class PendingLora:
    """A file that is still being written; the next scan reads it again."""

    file: str
    reason: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class LoraScan:
    """The result of one scan, each part in the order of the file names."""

    files: tuple[LoraFile, ...]
    rejected: tuple[RejectedLora, ...]
    pending: tuple[PendingLora, ...] = ()

    @property
    def all(self) -> tuple[LoraFile | RejectedLora | PendingLora, ...]:
        return (*self.files, *self.rejected, *self.pending)

    @property
    def unfit(self) -> tuple[RejectedLora, ...]:
        """The rejected files that another base model could use."""
        return tuple(file for file in self.rejected if file.is_sound)
