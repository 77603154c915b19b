"""Nothing builds Dockerfile.cuda here, so at least: what it copies exists and is let through by .dockerignore."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COPIES = re.findall(r"^COPY (?!--from)(?:--chown=\S+ )?(.+) \S+$", (ROOT / "Dockerfile.cuda").read_text(), re.MULTILINE)
SOURCES = [source for copy in COPIES for source in copy.split()]


def is_ignored(path: str) -> bool:
    """The last line that matches the path or a folder above it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        parents = ["/".join(path.split("/")[: n + 1]) for n in range(path.count("/") + 1)]
        if line and not line.startswith("#") and any(fnmatch(each, pattern) for each in parents):
            ignored = not line.startswith("!")
    return ignored


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_copied_is_there(source: str) -> None:
    assert (ROOT / source).exists()
    assert not is_ignored(source)


@pytest.mark.parametrize("path", [".git", ".env", "data", ".venv", "frontend/node_modules", "server/page", "tests"])
def test_what_is_local_stays_out(path: str) -> None:
    assert is_ignored(path)
