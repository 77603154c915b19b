"""LoRAs by name: the table name → content hash, and the bytes kept by hash."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora.file import LoraFormatError
from pipelines.lora.library import LoraFile, LoraScan, version_key
from pipelines.model.info import SDXL_LORA_BASE
from server.db.clock import now_s
from server.db.lora_models import LoraChoiceRow, LoraUseRow
from server.db.models import JobLoraRow, JobRow, LoraRow
from server.db.session import Database
from server.loras.errors import LoraNotFound, UnknownLora
from server.loras.resolution import LoraNames
from server.queue.states import unfinished

Reasons = tuple[tuple[str, str], ...]
"""(file, reason) each."""


@dataclass(frozen=True, slots=True)
class LoraView:
    """One LoRA that can be asked for. `label` is `jade-v1` (or `jade` where the file carries no version). `trigger` and
    `weight` are the operator's, else the file's. `is_default`: it is what the bare name means; `is_pinned`: because the
    operator says so. `times_used`: accepted jobs that named these bytes."""

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
    weight: float | None
    is_default: bool
    is_pinned: bool
    times_used: int


@dataclass(frozen=True, slots=True)
class LoraDetail:
    """What only the operator sees: the file's own metadata can hold private paths. `trigger` and `weight` are the
    file's, `loaded_at_s` is since 1970."""

    view: LoraView
    trigger: str | None
    weight: float | None
    metadata: Mapping[str, str]
    loaded_at_s: float


@dataclass(frozen=True, slots=True)
class LoraSync:
    """What a scan changed, as labels; `rejected` and `pending` as (file, reason)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    pending: tuple[tuple[str, str], ...] = ()


class LoraRegistry:
    """The LoRA table and the copies in `folder` (`{folder}/{sha256}.safetensors`). `lora_base` is what the base model
    needs of a LoRA (`ModelInfo.lora_base`). Runs on the event loop, its file work in threads."""

    def __init__(self, database: Database, folder: Path, lora_base: str) -> None:
        self._database = database
        self._folder = folder
        self._lora_base = lora_base

    async def sync(self, scan: LoraScan) -> LoraSync:
        """Copy the scanned files, switch the table in one transaction, then delete copies that neither the table nor
        an unfinished job names. A rejected or pending file leaves its last good version
        serving."""
        copied, failed, changing = await asyncio.to_thread(self._copy_all, scan)
        rejected = tuple((each.file, each.reason) for each in scan.rejected) + failed
        pending = tuple((each.file, each.reason) for each in scan.pending) + changing
        stems = {Path(file).stem for file, _ in rejected + pending}
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # an order is accepted before the switch or after it
            rows = list(await session.scalars(select(LoraRow)))
            before = {row.label: row.sha256 for row in rows}
            kept = {row.label: row.sha256 for row in rows if row.label in stems and self._still_serves(row)}
            after = {file.label: file.sha256 for file in copied} | kept
            now = await session.scalar(select(now_s())) or 0.0
            await session.execute(delete(LoraRow).where(LoraRow.label.not_in(after)))
            for file in copied:
                if before.get(file.label) != file.sha256:
                    await session.merge(_row_of(file, now))
            needed = {*after.values(), *await _needed_by_jobs(session)}
        await asyncio.to_thread(self._delete_all_but, needed)
        return replace(_sync_report(before, after), rejected=rejected, pending=pending)

    async def copy(self, scan: LoraScan) -> None:
        """Copy the scanned files and leave the table as it is: another process has switched it."""
        await asyncio.to_thread(self._copy_all, scan)

    def has(self, sha256: str) -> bool:
        """Are the bytes here?"""
        return self._path(sha256).is_file()

    async def list(self) -> list[LoraView]:
        """All LoRAs by name, newest version first."""
        async with self._database.read() as session:
            names = await LoraNames.read(session)
            uses = await _num_uses(session)
        rows = sorted(names.rows, key=lambda row: version_key(row.version), reverse=True)
        return [_view_of(row, names, uses) for row in sorted(rows, key=lambda row: row.name)]

    async def detail(self, name: str) -> LoraDetail:
        """Of a label, or of what a bare name means now. Raises LoraNotFound."""
        async with self._database.read() as session:
            names = await LoraNames.read(session)
            row = names.find(name)
            if row is None:
                raise LoraNotFound(name, names.all())
            metadata = await session.scalar(select(LoraRow.file_metadata).where(LoraRow.label == row.label))
            view = _view_of(row, names, await _num_uses(session))
        return LoraDetail(view, row.trigger, row.default_weight, metadata or {}, row.loaded_at_s)

    async def pin(self, name: str, version: str | None) -> LoraView:
        """What the bare name means from now on: this version, or (None) the newest. Raises LoraNotFound, and
        UnknownLora for a version that does not exist, with those that exist."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            names = await LoraNames.read(session)
            versions = {row.version for row in names.rows if row.name == name}
            if not versions:
                raise LoraNotFound(name, tuple(sorted({row.name for row in names.rows})))
            if version not in versions and version is not None:
                known = sorted(filter(None, versions), key=version_key, reverse=True)
                raise UnknownLora("version", version, tuple(known))
            await _choose(session, name, {"pinned_version": version})
        return (await self.detail(name)).view

    async def describe(self, target: str, changes: Mapping[str, str | float | None]) -> LoraView:
        """Set `trigger` and `weight` of a name (all its versions) or a label (that one); None takes a setting back.
        Raises LoraNotFound."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            names = await LoraNames.read(session)
            if target not in names.all():
                raise LoraNotFound(target, names.all())
            await _choose(session, target, changes)
        return (await self.detail(target)).view

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.safetensors"

    def _still_serves(self, row: LoraRow) -> bool:
        """Its bytes are here and fit the base model."""
        return self._path(row.sha256).is_file() and (row.base_model or SDXL_LORA_BASE) == self._lora_base

    def _copy_all(self, scan: LoraScan) -> tuple[tuple[LoraFile, ...], Reasons, Reasons]:
        """The files whose copies are in place; those that could not be copied; those that changed meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        copied: tuple[LoraFile, ...] = ()
        failed: Reasons = ()
        changing: Reasons = ()
        for file in scan.files:
            try:
                self._copy(file)
                copied += (file,)
            except LoraFormatError as error:
                changing += ((file.path.name, str(error)),)
            except OSError as error:
                failed += ((file.path.name, f"it could not be copied: {error.strerror or error}"),)
        return copied, failed, changing

    def _copy(self, file: LoraFile) -> None:
        path = self._path(file.sha256)
        if path.is_file() and path.stat().st_size == file.num_bytes:
            return
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as target:
                target.write(file.read_bytes())
                target.flush()
                os.fsync(target.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _delete_all_but(self, needed: set[str]) -> None:
        for path in self._folder.iterdir():
            if path.stem not in needed or path.suffix != ".safetensors":
                path.unlink(missing_ok=True)


def _row_of(file: LoraFile, loaded_at_s: float) -> LoraRow:
    return LoraRow(
        label=file.label,
        name=file.name,
        version=file.version,
        sha256=file.sha256,
        short_hash=file.short_hash,
        num_bytes=file.num_bytes,
        rank=file.rank,
        num_modules=file.num_modules,
        has_text_encoder=file.has_text_encoder,
        trigger=_storable(file.trigger),
        title=_storable(file.title),
        base_model=_storable(file.base_model),
        default_weight=file.weight,
        file_metadata=dict(file.metadata),
        loaded_at_s=loaded_at_s,
    )


async def _needed_by_jobs(session: AsyncSession) -> set[str]:
    """Content hashes that unfinished jobs name."""
    named = select(JobLoraRow.sha256).join(JobRow, JobRow.id == JobLoraRow.job_id).where(unfinished()).distinct()
    return set(await session.scalars(named))


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL, and a file's metadata may say anything."""
    return text.replace("\0", "") if text else None


async def _num_uses(session: AsyncSession) -> dict[str, int]:
    return {row.sha256: row.num_jobs for row in await session.scalars(select(LoraUseRow))}


async def _choose(session: AsyncSession, target: str, changes: Mapping[str, str | float | None]) -> None:
    """Changes these columns of the operator's choices."""
    row = await session.get(LoraChoiceRow, target) or LoraChoiceRow(target=target)
    for column, value in changes.items():
        setattr(row, column, value)
    session.add(row)


def _view_of(row: LoraRow, names: LoraNames, uses: Mapping[str, int]) -> LoraView:
    return LoraView(
        label=row.label,
        name=row.name,
        version=row.version,
        sha256=row.sha256,
        short_hash=row.short_hash,
        num_bytes=row.num_bytes,
        rank=row.rank,
        num_modules=row.num_modules,
        has_text_encoder=row.has_text_encoder,
        trigger=names.trigger(row),
        title=row.title,
        base_model=row.base_model,
        weight=names.weight(row),
        is_default=names.find(row.name) is row,
        is_pinned=row.version is not None and names.pinned_version(row.name) == row.version,
        times_used=uses.get(row.sha256, 0),
    )


def _sync_report(before: dict[str, str], after: dict[str, str]) -> LoraSync:
    """From the labels' hashes before and after."""
    both = sorted(before.keys() & after.keys())
    return LoraSync(
        added=tuple(sorted(after.keys() - before.keys())),
        updated=tuple(label for label in both if before[label] != after[label]),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=tuple(label for label in both if before[label] == after[label]),
        rejected=(),
    )
