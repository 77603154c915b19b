"""The LoRA files on disk, validated: which can be used, and why the others cannot. Torch-free."""

import hashlib
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

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
"""A file that ends too early and was written to within this time is taken for one that is still growing."""
SETTLED_S = 2.0
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")

FileState = tuple[int, int, int, int]
"""Size, times of the last change of bytes and of anything (ns), inode."""

_BASES = {DEMO_LORA_BASE: "the demo model", SDXL_LORA_BASE: "an SDXL model"}
_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}")
RESERVED_NAME = "base"
"""What requests call no LoRA at all."""

_VERSIONED = re.compile(r"(?P<name>.+)-v(?P<version>[0-9]+(?:\.[0-9]+)*)")


@dataclass(frozen=True, slots=True)
class LoraFile:
    """One usable LoRA. `short_hash` is A1111's: 12 hex digits over the bytes behind the header. `trigger` are the words
    that call it up and `weight` how strong it is best, as the file says; `base_model` is what it says it was made
    for."""

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

    def read_bytes(self) -> bytes:
        """The file's bytes, if they are still those that were validated. Raises LoraFormatError, OSError."""
        data = self.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise LoraFormatError(f"{self.path.name} changed after it was read")
        return data


@dataclass(frozen=True, slots=True)
class RejectedLora:
    """A file that cannot be used; `file` is its name in the folder. `is_sound`: nothing is wrong with it, but it is
    made for another base model."""

    file: str
    reason: str
    is_sound: bool = False


@dataclass(frozen=True, slots=True)
class PendingLora:
    """A file that is still being written, to be looked at again."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoraScan:
    """All in the order of the file names."""

    files: tuple[LoraFile, ...]
    rejected: tuple[RejectedLora, ...]
    pending: tuple[PendingLora, ...] = ()

    @property
    def unfit(self) -> tuple[RejectedLora, ...]:
        """Those among the rejected that another base model could use."""
        return tuple(each for each in self.rejected if each.is_sound)


class LoraLibrary:
    """The folder of LoRA files. `lora_base` is what the base model needs of them (see `ModelInfo`); none is larger than
    `max_bytes`; `base_layers` None: not known yet, so files are not held against them. Any thread, one at a time."""

    def __init__(
        self, lora_dir: Path, lora_base: str, max_bytes: int = 2_000_000_000, base_layers: BaseLayers | None = None
    ) -> None:
        self.lora_dir = lora_dir
        self.lora_base = lora_base
        self.max_bytes = max_bytes
        self.base_layers = base_layers
        self._read: dict[Path, tuple[FileState, LoraFile]] = {}

    def scan(self) -> LoraScan:
        """Reads and checks every `*.safetensors` file of the folder; a folder that is missing is empty. Names that
        begin with a dot are nobody's business."""
        files: list[LoraFile] = []
        rejected: list[RejectedLora] = []
        pending: list[PendingLora] = []
        for path in sorted(self.lora_dir.glob("[!.]*")):
            if path.suffix in UNFINISHED:
                pending.append(PendingLora(path.name, f"files named {path.suffix} are still being written"))
            if path.suffix != ".safetensors":
                continue
            try:
                files.append(self._check_again(path))
            except LoraCut as error:
                if _is_fresh(path):
                    pending.append(PendingLora(path.name, f"it is still being written, or {error}"))
                else:
                    rejected.append(RejectedLora(path.name, str(error)))
            except LoraFormatError as error:
                rejected.append(RejectedLora(path.name, str(error), isinstance(error, LoraMisfit)))
            except OSError as error:
                rejected.append(RejectedLora(path.name, f"it cannot be read: {error.strerror or error}"))
        return LoraScan(tuple(files), tuple(rejected), tuple(pending))

    def path_of(self, label: str) -> Path:
        """Where the file of `jade-v1` is or would be. Raises LoraNameError."""
        split_name(label)
        return self.lora_dir / f"{label}.safetensors"

    def check(self, path: Path, label: str) -> LoraFile:
        """A file that shall be called `label`. Raises LoraFormatError and OSError."""
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

    def states(self) -> dict[Path, FileState]:
        """What would show that somebody has written to the folder."""
        found: dict[Path, FileState] = {}
        for path in self.lora_dir.glob("[!.]*.safetensors"):
            with suppress(OSError, LoraFormatError):
                found[path] = _state(path)
        return found

    def _check_again(self, path: Path) -> LoraFile:
        """Files that nobody has written to since they were read, seconds after their last change, are not read again:
        within the grain of a file system's clock a second change would not show."""
        state = _state(path)
        known = self._read.get(path)
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
        """Files from elsewhere do not say what they are for: their shapes do, or they are taken for SDXL's. Raises
        LoraMisfit."""
        if made_for is None and shaped_for is None and self.lora_base == DEMO_LORA_BASE:
            raise LoraMisfit(f"it is not marked as made for the demo model ({BASE_KEY} = {DEMO_LORA_BASE})")
        base = made_for or SDXL_LORA_BASE
        if base != self.lora_base:
            named = _BASES.get(base, base)
            raise LoraMisfit(f"it is made for {named}; the base model here is {_BASES[self.lora_base]}")


def _state(path: Path) -> FileState:
    """Raises LoraFormatError for what is no file: a pipe would keep its reader waiting."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise LoraFormatError("it is no regular file")
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _is_fresh(path: Path) -> bool:
    """Written to a moment ago, by this machine's clock."""
    try:
        return time.time() - path.stat().st_mtime < GROWING_S
    except OSError:
        return False


def split_name(stem: str) -> tuple[str, str | None]:
    """`jade-v1` -> ("jade", "1"); a stem without a version is a LoRA without one. Raises LoraNameError."""
    if not _NAME.fullmatch(stem):
        raise LoraNameError("its name must be 1 to 64 letters, digits, dots, underscores or hyphens, no dot first")
    if stem == RESERVED_NAME:
        raise LoraNameError(f"no LoRA may be called {RESERVED_NAME}: requests say so for none")
    match = _VERSIONED.fullmatch(stem)
    return (match["name"], match["version"]) if match else (stem, None)


def version_key(version: str | None) -> tuple[int, ...]:
    """Orders versions by number: 10 after 9, 1.2 after 1.1; none at all comes first."""
    return () if version is None else tuple(int(part) for part in version.split("."))
