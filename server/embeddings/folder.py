"""The embeddings that prompts can name: textual inversion files of a folder, copied by content hash."""

import hashlib
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.inversions.file import MAX_BYTES, InversionError, name_of, num_vectors, read_widths
from pipelines.lora.files.library import FileState
from pipelines.lora.files.names import COMPANIONS, PICKLES, SUFFIX, has_suffix, without_suffix
from pipelines.spec import EmbeddingRef
from server.loras.copies import LoraCopies

log = logging.getLogger(__name__)

MAX_FILES = 1000

Rejected = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read."""

    state: FileState
    embedding: EmbeddingRef


class EmbeddingFolder:
    """`by_name`: the embeddings of the last scan, by their names in lower case; `folder` None: there are none. The
    folder is read with the LoRAs: when the server starts and at each reload.

    `copies`: the folder of the LoRA copies, which holds those of embeddings, too. `configs`: those of the base model.
    `is_word`: True for a name that is a word of its vocabulary."""

    def __init__(self, folder: Path | None, copies: Path, configs: Path, is_word: Callable[[str], bool]) -> None:
        """Raises BaseModelError."""
        self._folder = folder
        self._copies = LoraCopies(copies)
        self._widths = read_widths(configs) if folder is not None else (0, 0)
        self._is_word = is_word
        self._read: dict[Path, _Read] = {}
        self._rejected: Rejected = ()
        self.by_name: Mapping[str, EmbeddingRef] = {}

    def offers(self, sha256: str) -> bool:
        """True if a prompt can name these bytes."""
        return any(embedding.sha256 == sha256 for embedding in self.by_name.values())

    def hashes(self) -> list[str]:
        return [embedding.sha256 for embedding in self.by_name.values()]

    def scan(self) -> Rejected:
        """On a thread. Copies what is new; returns the files that cannot be used, and why. The last good version of
        such a file goes on serving."""
        if self._folder is None:
            return ()
        found: dict[str, EmbeddingRef] = {}
        files: dict[str, str] = {}
        rejected: list[tuple[str, str]] = []
        read: dict[Path, _Read] = {}
        for number, path in enumerate(_files(self._folder)):
            file = _shown(path.relative_to(self._folder))
            if number >= MAX_FILES:
                rejected.append((f"{self._folder.name}/{file}", f"only {MAX_FILES} files are looked at"))
                break
            known = self._read.get(path)
            try:
                known = read[path] = self._checked(path, known)
            except (InversionError, OSError) as error:
                reason = f"it cannot be read: {error.strerror or error}" if isinstance(error, OSError) else str(error)
                rejected.append((f"{self._folder.name}/{file}", reason))
                if known is None:
                    continue
                read[path] = known
            name = known.embedding.name.lower()
            if name in found:
                reason = f"its name is that of {files[name]}; rename one of them"
                rejected.append((f"{self._folder.name}/{file}", reason))
                continue
            found[name], files[name] = known.embedding, file
        for file, reason in rejected:
            if (file, reason) not in self._rejected:
                log.warning("the embedding %s cannot be used: %s", file, reason)
        self._read, self._rejected = read, tuple(rejected)
        self.by_name = dict(sorted(found.items()))
        return self._rejected

    def _checked(self, path: Path, known: _Read | None) -> _Read:
        """`known` if the file is the same and copied. Raises InversionError and OSError."""
        if not has_suffix(path.name):
            why = ": others can run code when they are opened" if path.suffix.lower() in PICKLES else ""
            raise InversionError(f"only {SUFFIX} files are read{why}")
        name = name_of(without_suffix(path.name))
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InversionError("it is no regular file")
        if status.st_size > MAX_BYTES:
            raise InversionError(f"it has {status.st_size:,} bytes; up to {MAX_BYTES:,} are read")
        state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if known is not None and known.state == state and self._copies.has(known.embedding.sha256):
            return known
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InversionError(f"it is longer than the {MAX_BYTES:,} bytes that are read")
        count = num_vectors(data, self._widths)
        sha256 = hashlib.sha256(data).hexdigest()
        self._copies.put(sha256, data)
        return _Read(state, EmbeddingRef(name, sha256, count, self._is_word(name)))


def _files(folder: Path) -> Iterator[Path]:
    """Sorted. Hidden files, notes and pictures are left out; links to folders are not followed."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() not in COMPANIONS and not name.startswith("."):
                yield path


def _shown(path: Path) -> str:
    text = os.fsencode(path.as_posix()).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
