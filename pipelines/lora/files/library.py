"""Scan the folder of LoRA files: which can be used, and why the others cannot. Torch-free."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipelines.lora.files.base_layers import BaseLayers
from pipelines.lora.files.file import LoraData
from pipelines.lora.files.metadata import BASE_KEY, label_text, read_facts
from pipelines.lora.files.names import (
    ARCHIVES,
    COMPANIONS,
    PICKLES,
    SUFFIX,
    UNFINISHED,
    LoraCut,
    LoraFormatError,
    LoraMisfit,
    LoraNameError,
    has_suffix,
    label_of,
    split_name,
    without_suffix,
)
from pipelines.lora.files.scan import LoraFile, LoraScan, PendingLora, RejectedLora
from pipelines.model.info import DEMO_LORA_BASE, SDXL_LORA_BASE

GROWING_S = 30.0
"""A file that ends too early is pending, not rejected, for this long after its last change."""
SETTLED_S = 2.0
MAX_ENTRIES = 10_000
"""Files and folders that a scan looks at: a folder that is a whole disk must not block a reload."""

FileState = tuple[int, int, int, int]
"""Size, time of the last change of the bytes and of the inode (ns), inode number."""

_BASES = {DEMO_LORA_BASE: "the demo model", SDXL_LORA_BASE: "an SDXL model"}


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
        """Read and check every `.safetensors` file of the folder and its subfolders, and name every other file but
        notes and pictures. A missing folder is empty; names that start with a dot are ignored."""
        files: list[LoraFile] = []
        found = _Found(self.lora_dir)
        rejected, pending = found.rejected, found.pending
        for label, path in found.loras.items():
            file = found.shown(path)
            try:
                files.append(self._check_changed(path, label, file))
            except LoraCut as error:
                if _is_fresh(path):
                    pending.append(PendingLora(file, f"it is still being written, or {error}", label))
                else:
                    rejected.append(RejectedLora(file, str(error), label=label))
            except LoraFormatError as error:
                rejected.append(RejectedLora(file, str(error), isinstance(error, LoraMisfit), label))
            except OSError as error:
                rejected.append(RejectedLora(file, f"it cannot be read: {error.strerror or error}", label=label))
        self._placed.clear()
        for part in (files, rejected, pending):
            part.sort(key=_file_name)
        return LoraScan(tuple(files), tuple(rejected), tuple(pending))

    def path_of(self, label: str) -> Path:
        """The path of an upload with a label like `jade-v1`, whether it exists or not. Raises LoraNameError."""
        split_name(label)
        return self.lora_dir / f"{label}{SUFFIX}"

    def find(self, label: str) -> Path | None:
        """The file that has the label, under whatever name it is in the folder."""
        return _Found(self.lora_dir).loras.get(label)

    def check(self, path: Path, label: str, file: str | None = None) -> LoraFile:
        """Read and check a file that gets the name `label`. `file`: its path in the folder, if that is not what its
        name will be. Raises LoraFormatError and OSError."""
        name, version = split_name(label)
        lora = LoraData(self._read_bytes(path))
        facts = read_facts(lora.metadata)
        self._check_base(facts.base_model, lora.shaped_for)
        content = lora.content(self.base_layers)
        stem = without_suffix(path.name)
        own_name = label_text(stem) if file is not None and stem != label else None
        return LoraFile(
            name=name,
            version=version,
            sha256=content.sha256,
            short_hash=content.short_hash,
            num_bytes=content.num_bytes,
            rank=content.rank,
            num_modules=len(content.layers),
            has_text_encoder=content.has_text_encoder,
            trigger=facts.trigger,
            title=facts.title or own_name,
            base_model=facts.base_model,
            weight=facts.weight,
            path=path,
            file=file or f"{label}{SUFFIX}",
            ignored=content.ignored,
            metadata=content.metadata,
        )

    def place(self, draft: Path, label: str) -> LoraFile:
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
        return file

    def states(self) -> dict[Path, FileState]:
        """The state of each file, to detect that the folder has changed."""
        states: dict[Path, FileState] = {}
        for path in _Found(self.lora_dir).loras.values():
            with suppress(OSError, LoraFormatError):
                states[path] = _state(path)
        return states

    def _check_changed(self, path: Path, label: str, shown: str) -> LoraFile:
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
        file = self.check(path, label, shown)
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


def _leads_somewhere(link: Path) -> bool:
    try:
        return link.exists()
    except (OSError, RuntimeError):  # a circle of links
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file_name(entry: LoraFile | RejectedLora | PendingLora) -> str:
    return entry.file


class _Found:
    """The files of a folder and its subfolders. `loras`: those to read, by label, in the order of their paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.loras: dict[str, Path] = {}
        self.rejected: list[RejectedLora] = []
        self.pending: list[PendingLora] = []
        by_label: dict[str, list[Path]] = {}
        for number, path in enumerate(self._walk()):
            if number >= MAX_ENTRIES:
                self._reject(path, f"it is one of more than {MAX_ENTRIES:,} entries; the rest is not looked at")
                break
            if (label := self._label(path)) is not None:
                by_label.setdefault(label, []).append(path)
        for label, paths in by_label.items():
            self._give_name(label, paths)

    def shown(self, path: Path) -> str:
        """The path below the folder. Bytes that are no text and control characters are replaced."""
        name = os.fsencode(path.relative_to(self._folder).as_posix()).decode("utf-8", "replace")
        return "".join(char if char.isprintable() else "\ufffd" for char in name)

    def _walk(self) -> Iterator[Path]:
        """Every entry, but for names that start with a dot. Links to folders are entries, and are not followed."""
        for parent, folders, files in os.walk(self._folder):
            links = [name for name in folders if os.path.islink(Path(parent, name)) or has_suffix(name)]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            yield from (Path(parent, name) for name in sorted([*files, *links]) if not name.startswith("."))

    def _label(self, path: Path) -> str | None:
        """The label of a LoRA file; any other entry is noted as what it is."""
        ending = path.suffix.lower()
        if ending in UNFINISHED:
            label = label_of(without_suffix(path.stem))
            self.pending.append(PendingLora(self.shown(path), f"files named {ending} are still being written", label))
        elif path.is_symlink() and not _leads_somewhere(path):
            self._reject(path, "it is a link to nothing")
        elif path.is_symlink() and path.is_dir():
            self._reject(path, "it is a link to a folder; links to folders are not followed")
        elif has_suffix(path.name):
            label = label_of(without_suffix(path.name))
            try:
                split_name(label)
            except LoraNameError as error:
                self._reject(path, str(error))
            else:
                return label
        elif ending in PICKLES:
            self._reject(path, f"only {SUFFIX} files are read: a {ending} file can run code when it is opened")
        elif ending in ARCHIVES:
            self._reject(path, f"only {SUFFIX} files are read: unpack the archive")
        elif ending not in COMPANIONS:
            self._reject(path, f"only {SUFFIX} files are read")
        return None

    def _give_name(self, label: str, paths: Sequence[Path]) -> None:
        """A file with exactly that name has it; others must be the only one."""
        exact = self._folder / f"{label}{SUFFIX}"
        if exact in paths or len(paths) == 1:
            self.loras[label] = exact if exact in paths else paths[0]
        for path in paths:
            if path == self.loras.get(label):
                continue
            others = ", ".join(self.shown(other) for other in paths if other != path)
            has = "has" if label in self.loras else "would have, too"
            self._reject(path, f"its name would be {label}, which {others} {has}; rename one of them", label)

    def _reject(self, path: Path, reason: str, label: str | None = None) -> None:
        self.rejected.append(RejectedLora(self.shown(path), reason, label=label))
