"""The LoRA registry: the table name → content hash, and copies of the files by hash."""

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
from server.db.lora_models import LoraSettingsRow, LoraUseRow
from server.db.models import JobLoraRow, JobRow, LoraRow
from server.db.session import Database
from server.loras.catalog import LoraCatalog
from server.loras.errors import LoraNotFound, UnknownLora
from server.queue.states import unfinished

Reasons = tuple[tuple[str, str], ...]
"""Pairs of (file, reason)."""


@dataclass(frozen=True, slots=True)
class LoraView:
    """One LoRA that requests can name. `label`: `jade-v1`, or `jade` if the file has no version. `trigger`, `weight`:
    the operator's, else the file's. `is_default`: True if the bare name means this version; `is_pinned`: True if the
    operator has pinned it. `times_used`: accepted jobs with these bytes."""

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
class LoraRecord:
    """A LoRA with the file's own `trigger`, `weight` and `metadata`. For operators only: the metadata can hold private
    paths. `loaded_at_s`: seconds since 1970."""

    view: LoraView
    trigger: str | None
    weight: float | None
    metadata: Mapping[str, str]
    loaded_at_s: float


@dataclass(frozen=True, slots=True)
class LoraSync:
    """The changes of a reload, as labels; `rejected` and `pending` as (file, reason)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: Reasons
    pending: Reasons = ()


class LoraRegistry:
    """The LoRA table and the copies `{folder}/{sha256}.safetensors`. `lora_base`: what a LoRA must be made for
    (`ModelInfo.lora_base`). Event loop; file work runs in threads."""

    def __init__(self, database: Database, folder: Path, lora_base: str) -> None:
        self._database = database
        self._folder = folder
        self._lora_base = lora_base

    async def sync(self, scan: LoraScan) -> LoraSync:
        """Copy the scanned files, switch the table in one transaction, then delete the copies that neither the table
        nor an unfinished job names. If a file is rejected or pending, its last good version goes on serving."""
        copied, failed, changing = await asyncio.to_thread(self._copy_all, scan)
        rejected = tuple((lora.file, lora.reason) for lora in scan.rejected) + failed
        pending = tuple((lora.file, lora.reason) for lora in scan.pending) + changing
        stems = {Path(file).stem for file, _ in rejected + pending}
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # a job is accepted before the switch or after it
            rows = list(await session.scalars(select(LoraRow)))
            before = {row.label: row.sha256 for row in rows}
            kept = {row.label: row.sha256 for row in rows if row.label in stems and self._still_serves(row)}
            after = {file.label: file.sha256 for file in copied} | kept
            loaded_at_s = await session.scalar(select(now_s())) or 0.0
            await session.execute(delete(LoraRow).where(LoraRow.label.not_in(after)))
            for file in copied:
                if before.get(file.label) != file.sha256:
                    await session.merge(_row_of(file, loaded_at_s))
            needed = {*after.values(), *await _needed_by_jobs(session)}
        await asyncio.to_thread(self._delete_all_but, needed)
        return replace(_sync_report(before, after), rejected=rejected, pending=pending)

    async def copy(self, scan: LoraScan) -> None:
        """Copy the scanned files without a change of the table, which another process has switched."""
        await asyncio.to_thread(self._copy_all, scan)

    def has(self, sha256: str) -> bool:
        """True if the folder holds a copy."""
        return self._path(sha256).is_file()

    async def list(self) -> list[LoraView]:
        """All LoRAs, by name, newest version first."""
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
            uses = await _num_uses(session)
        rows = sorted(catalog.rows, key=lambda row: version_key(row.version), reverse=True)
        return [_view_of(row, catalog, uses) for row in sorted(rows, key=lambda row: row.name)]

    async def record(self, name: str) -> LoraRecord:
        """The LoRA of a label, or the current default of a bare name. Raises LoraNotFound."""
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
            row = catalog.find(name)
            if row is None:
                raise LoraNotFound(name, catalog.all())
            metadata = await session.scalar(select(LoraRow.file_metadata).where(LoraRow.label == row.label))
            view = _view_of(row, catalog, await _num_uses(session))
        return LoraRecord(view, row.trigger, row.default_weight, metadata or {}, row.loaded_at_s)

    async def pin(self, name: str, version: str | None) -> LoraView:
        """Pin the version that the bare name means; None removes the pin, so that the newest counts. Raises
        LoraNotFound, and UnknownLora for an unknown version."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            catalog = await LoraCatalog.read(session)
            versions = {row.version for row in catalog.rows if row.name == name}
            if not versions:
                raise LoraNotFound(name, tuple(sorted({row.name for row in catalog.rows})))
            if version not in versions and version is not None:
                known = sorted(filter(None, versions), key=version_key, reverse=True)
                raise UnknownLora("version", version, tuple(known))
            await _save_settings(session, name, {"pinned_version": version})
        return (await self.record(name)).view

    async def describe(self, target: str, changes: Mapping[str, str | float | None]) -> LoraView:
        """Set `trigger` and `weight` of a name (all its versions) or of a label; None removes a setting. Raises
        LoraNotFound."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            catalog = await LoraCatalog.read(session)
            if target not in catalog.all():
                raise LoraNotFound(target, catalog.all())
            await _save_settings(session, target, changes)
        return (await self.record(target)).view

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.safetensors"

    def _still_serves(self, row: LoraRow) -> bool:
        """True if the copy exists and fits the base model."""
        return self._path(row.sha256).is_file() and (row.base_model or SDXL_LORA_BASE) == self._lora_base

    def _copy_all(self, scan: LoraScan) -> tuple[tuple[LoraFile, ...], Reasons, Reasons]:
        """Copy every file. Returns the copied files, the failures, and the files that changed during the copy."""
        self._folder.mkdir(exist_ok=True)
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
                file.copy_to(target)
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
    """Hashes of the LoRAs of unfinished jobs."""
    named = select(JobLoraRow.sha256).join(JobRow, JobRow.id == JobLoraRow.job_id).where(unfinished()).distinct()
    return set(await session.scalars(named))


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text cannot hold NUL, and a file's metadata can hold anything."""
    return text.replace("\0", "") if text else None


async def _num_uses(session: AsyncSession) -> dict[str, int]:
    return {row.sha256: row.num_jobs for row in await session.scalars(select(LoraUseRow))}


async def _save_settings(session: AsyncSession, target: str, changes: Mapping[str, str | float | None]) -> None:
    """Change some columns of the operator's settings for a name or label."""
    row = await session.get(LoraSettingsRow, target) or LoraSettingsRow(target=target)
    for column, value in changes.items():
        setattr(row, column, value)
    session.add(row)


def _view_of(row: LoraRow, catalog: LoraCatalog, uses: Mapping[str, int]) -> LoraView:
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
        trigger=catalog.trigger(row),
        title=row.title,
        base_model=row.base_model,
        weight=catalog.weight(row),
        is_default=catalog.find(row.name) is row,
        is_pinned=row.version is not None and catalog.pinned_version(row.name) == row.version,
        times_used=uses.get(row.sha256, 0),
    )


def _sync_report(before: dict[str, str], after: dict[str, str]) -> LoraSync:
    """Compare label → hash before and after."""
    both = sorted(before.keys() & after.keys())
    return LoraSync(
        added=tuple(sorted(after.keys() - before.keys())),
        updated=tuple(label for label in both if before[label] != after[label]),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=tuple(label for label in both if before[label] == after[label]),
        rejected=(),
    )
