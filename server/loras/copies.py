"""Copies of LoRA files by content hash: what images are made with, whatever happens to the LoRA folder."""

import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.lora.files.names import LoraFormatError
from pipelines.lora.files.scan import LoraFile, LoraScan, PendingLora, RejectedLora


@dataclass(slots=True)
class Copied:
    """The result of a copy: `pending` are the files that changed meanwhile."""

    files: list[LoraFile] = field(default_factory=list[LoraFile])
    rejected: list[RejectedLora] = field(default_factory=list[RejectedLora])
    pending: list[PendingLora] = field(default_factory=list[PendingLora])


class LoraCopies:
    """`{folder}/{sha256}.safetensors`. Any thread, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, sha256: str) -> bool:
        """True if the folder holds a copy."""
        return self.path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.safetensors"

    def copy_all(self, scan: LoraScan) -> Copied:
        """Copy every scanned file."""
        self._folder.mkdir(exist_ok=True)
        copied = Copied()
        for file in scan.files:
            try:
                self._copy(file)
                copied.files.append(file)
            except LoraFormatError as error:
                copied.pending.append(PendingLora(file.file, str(error), file.label))
            except OSError as error:
                reason = f"it could not be copied: {error.strerror or error}"
                copied.rejected.append(RejectedLora(file.file, reason, label=file.label))
        return copied

    def delete_all_but(self, needed: Collection[str]) -> None:
        """Delete the copies with other hashes, and drafts that a crash left."""
        for path in self._folder.iterdir():
            if path.stem not in needed or path.suffix != ".safetensors":
                path.unlink(missing_ok=True)

    def _copy(self, file: LoraFile) -> None:
        path = self.path(file.sha256)
        if path.is_file() and path.stat().st_size == file.num_bytes:
            return
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as target:
                file.copy_to(target)
                target.flush()
                os.fsync(target.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
