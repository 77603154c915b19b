"""A file that this process relies on under a name, and whether it still has it: it may be deleted, replaced or
unmounted while the process works on."""

import os
from pathlib import Path


class HeldFile:
    """`path` as it was when this was made. Raises OSError if there is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        # O_PATH: closing it releases no POSIX lock of SQLite's. While it is open, no other file gets the inode.
        self._handle = os.open(self.path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)

    def trouble(self) -> str | None:
        """Why the path does not name this file any more; None: it does."""
        try:
            now = os.stat(self.path)
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError)
            return f"{self.path} was deleted or unmounted" if is_gone else f"{self.path}: {error.strerror}"
        if not os.path.samestat(now, os.fstat(self._handle)):
            return f"{self.path} was replaced by another file; put the old one back, or restart the server"
        return None

    def close(self) -> None:
        os.close(self._handle)
