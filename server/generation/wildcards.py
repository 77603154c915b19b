"""The wildcards that prompts can name: lists of words in a folder."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

log = logging.getLogger(__name__)

MAX_FILES = 1000
MAX_FILE_BYTES = 1_000_000
MAX_VALUES = 10_000
"""Of one wildcard; a YAML file holds so many in all."""
MAX_VALUE_CHARACTERS = 1000
MAX_NAME_CHARACTERS = 100

Rejected = tuple[tuple[str, str], ...]


class WildcardFolder:
    """`values`: the values of each wildcard as of the last scan; `folder` None: there are none. The folder is read with
    the LoRAs: when the server starts and at each reload. A prompt names what was read, never a path."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._rejected: Rejected = ()
        self.values: Mapping[str, Sequence[str]] = {}

    def scan(self) -> Rejected:
        """On a thread. Returns the files that cannot be used, and why."""
        if self._folder is None:
            return ()
        values: dict[str, Sequence[str]] = {}
        rejected: list[tuple[str, str]] = []
        for number, path in enumerate(_files(self._folder)):
            file = path.relative_to(self._folder).as_posix()
            try:
                if number >= MAX_FILES:
                    raise ValueError(f"more than {MAX_FILES} files")
                for name, lines in _read(path, file).items():
                    values.setdefault(_checked_name(name), lines)
            except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
                rejected.append((f"{self._folder.name}/{file}", " ".join(str(error).split())))
        for file, reason in rejected:
            if (file, reason) not in self._rejected:
                log.warning("the wildcards of %s cannot be used: %s", file, reason)
        self._rejected = tuple(rejected)
        self.values = dict(sorted(values.items()))
        return self._rejected


def _files(folder: Path) -> Iterator[Path]:
    """Sorted; links that lead out of the folder are left out."""
    inside = folder.resolve()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in (".txt", ".yaml", ".yml") and path.resolve().is_relative_to(inside):
                yield path


def _read(path: Path, file: str) -> dict[str, Sequence[str]]:
    """Raises OSError, ValueError, YAMLError, and RecursionError for YAML that nests too deep."""
    num_bytes = path.stat().st_size
    if num_bytes > MAX_FILE_BYTES:
        raise ValueError(f"{num_bytes:,} bytes are more than {MAX_FILE_BYTES:,}")
    text = path.read_text(encoding="utf-8-sig")
    stem = file.removesuffix(path.suffix)
    if path.suffix.lower() == ".txt":
        lines = (line.strip() for line in text.splitlines())
        return {stem: _checked([line for line in lines if line and not line.startswith("#")])}
    found: dict[str, list[str]] = {}
    for number, (name, value) in enumerate(_leaves(yaml.safe_load(text), ())):
        if number >= MAX_VALUES:
            raise ValueError(f"it has more than {MAX_VALUES:,} values")
        found.setdefault("/".join(name) or stem, []).append(value)
    return {name: _checked(values) for name, values in found.items()}


def _leaves(node: Any, name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Mappings are folders, lists hold values."""
    if isinstance(node, dict):
        for key, child in cast(dict[Any, Any], node).items():
            yield from _leaves(child, (*name, str(key)))
    elif isinstance(node, list):
        for child in cast(list[Any], node):
            if not isinstance(child, str | int | float):
                raise ValueError(f"{'/'.join(name) or 'the list'} holds something else than words")
            yield name, str(child)
    elif node is not None:
        yield name, str(node)


def _checked(values: list[str]) -> Sequence[str]:
    """Raises ValueError."""
    if not values:
        raise ValueError("it has no values")
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values):,} values are more than {MAX_VALUES:,}")
    longest = max(map(len, values))
    if longest > MAX_VALUE_CHARACTERS:
        raise ValueError(f"a value of {longest:,} characters is longer than {MAX_VALUE_CHARACTERS:,}")
    if any("\0" in value for value in values):
        raise ValueError("a value holds a NUL character")
    return tuple(values)


def _checked_name(name: str) -> str:
    """Raises ValueError."""
    is_usable = all(character.isalnum() or character in "_-./" for character in name) and "__" not in name
    if not is_usable or not 1 <= len(name) <= MAX_NAME_CHARACTERS or name.startswith("_") or name.endswith("_"):
        raise ValueError(f"{name[:MAX_NAME_CHARACTERS]!r} cannot be named in a prompt: letters, digits, _ - . / only")
    return name
