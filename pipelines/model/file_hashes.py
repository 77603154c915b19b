"""Cache the SHA-256 of large files in a JSON file, so that a start does not read gigabytes again. Torch-free."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, cast

log = logging.getLogger(__name__)


class FileHashes:
    """Hashes by path in the JSON file `cache_file`. An entry is valid while size, time of the last change and inode are
    the same. Any thread, one at a time."""

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file
        self._entries = _read(cache_file)

    def known(self, path: Path) -> str | None:
        """The cached hash; None if there is none or the file has changed."""
        entry = self._entries.get(str(path.absolute()))
        return entry["sha256"] if entry is not None and entry.get("seen") == _identity(path) else None

    def sha256(self, path: Path) -> str:
        """The file's hash; reads the file unless it is cached. Raises OSError."""
        if (known := self.known(path)) is not None:
            return known
        seen = _identity(path)  # before the bytes: if the file changes meanwhile, the next call reads it again
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._entries[str(path.absolute())] = {"seen": seen, "sha256": sha256}
        self._write()
        return sha256

    def _write(self) -> None:
        draft = self._cache_file.with_name(f".{self._cache_file.name}.new")
        try:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._entries, indent=1), encoding="utf-8")
            draft.replace(self._cache_file)
        except OSError as error:
            log.warning("hashes of the base model are not cached, the next start computes them again: %s", error)


def _identity(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _read(cache_file: Path) -> dict[str, Any]:
    """The entries; empty if the file is missing or damaged."""
    try:
        document: object = json.loads(cache_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(document, dict):
        return {}
    entries = cast(dict[str, object], document)
    return {path: entry for path, entry in entries.items() if isinstance(entry, dict) and "sha256" in entry}
