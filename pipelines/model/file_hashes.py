"""SHA-256 of large files, remembered as long as a file is the same one. Torch-free."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, cast

log = logging.getLogger(__name__)


class FileHashes:
    """Remembers hashes in the JSON file `book` by path, size, time of the last change and inode, so that gigabytes are
    read once and not at every start. Any thread, one at a time."""

    def __init__(self, book: Path) -> None:
        self._book = book
        self._entries = _read(book)

    def known(self, path: Path) -> str | None:
        """The hash, if the file is the one it was computed from."""
        entry = self._entries.get(str(path.absolute()))
        return entry["sha256"] if entry is not None and entry.get("seen") == _identity(path) else None

    def sha256(self, path: Path) -> str:
        """Reads the file unless its hash is known. Raises OSError."""
        if (known := self.known(path)) is not None:
            return known
        seen = _identity(path)  # before the bytes: a file that changes meanwhile is read again next time
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._entries[str(path.absolute())] = {"seen": seen, "sha256": sha256}
        self._write()
        return sha256

    def _write(self) -> None:
        draft = self._book.with_name(f".{self._book.name}.new")
        try:
            self._book.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._entries, indent=1), encoding="utf-8")
            draft.replace(self._book)
        except OSError as error:
            log.warning("hashes of the base model are not remembered, the next start computes them again: %s", error)


def _identity(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _read(book: Path) -> dict[str, Any]:
    """A book that is missing or damaged is empty."""
    try:
        entries: object = json.loads(book.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    pages = cast(dict[str, object], entries)
    return {path: page for path, page in pages.items() if isinstance(page, dict) and "sha256" in page}
