"""LoRAs by name: the table name → content hash, and the bytes kept by hash."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.lora_library import LoraScan
    from server.db.session import Database

DEFAULT_LORA_WEIGHT = 0.9


@dataclass(frozen=True, slots=True)
class LoraView:
    """One LoRA that can be asked for. `label` is `jade-v1` (or `jade` where the file carries no version)."""

    label: str
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


@dataclass(frozen=True, slots=True)
class LoraSync:
    """What a scan changed, as labels; `rejected` as (file, reason)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]


class LoraRegistry:
    """The LoRA table and the copies in `folder` (`{folder}/{sha256}.safetensors`)."""

    def __init__(self, database: "Database", folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def sync(self, scan: "LoraScan") -> LoraSync:
        """Copy the scanned files, switch the table in one transaction, then delete copies that neither the table nor
        an unfinished job names. A rejected file leaves its last good version serving."""
        raise NotImplementedError

    async def list(self) -> list[LoraView]:
        """All LoRAs by name, newest version first."""
        raise NotImplementedError
