"""The LoRA registry: the table name → content hash, and copies of the files by hash."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora.files.few_steps import FewSteps
from pipelines.lora.files.keys import IgnoredKeys
from pipelines.lora.files.names import version_key
from pipelines.lora.files.scan import LoraFile, LoraScan
from pipelines.model.info import SDXL_LORA_BASE
from server.db.clock import now_s
from server.db.lora_models import LoraSettingsRow, LoraUseRow
from server.db.models import JobLoraRow, JobRow, LoraRow
from server.db.session import Database
from server.loras import vault
from server.loras.catalog import LoraCatalog, file_few_steps
from server.loras.copies import LoraCopies
from server.loras.errors import LoraNotFound, UnknownLora
from server.queue.states import unfinished

Reasons = tuple[tuple[str, str], ...]
"""Pairs of (file, reason)."""


@dataclass(frozen=True, slots=True)
class LoraView:
    """One LoRA that requests can name. `label`: `jade-v1`, or `jade` if the file has no version. `trigger`, `weight`:
    the operator's, else the file's. `is_default`: True if the bare name means this version; `is_pinned`: True if the
    operator has pinned it. `is_chosen`: True if the operator uses its name for requests that name no LoRA.
    `times_used`: accepted jobs with these bytes. `file`: its path in the LoRA folder. `ignored`: what of the file is
    not used. `few_steps`: how images with it are sampled, if it is distilled to few steps."""

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
    is_chosen: bool
    times_used: int
    file: str
    ignored: tuple[IgnoredKeys, ...]
    few_steps: FewSteps | None


@dataclass(frozen=True, slots=True)
class LoraRecord:
    """A LoRA with the file's own `trigger`, `weight`, `few_steps` and `metadata`. For operators only: the metadata can
    hold private paths. `loaded_at_s`: seconds since 1970. `failure`: why it is not offered, if it makes no image."""

    view: LoraView
    trigger: str | None
    weight: float | None
    few_steps: FewSteps | None
    metadata: Mapping[str, str]
    loaded_at_s: float
    failure: str | None


@dataclass(frozen=True, slots=True)
class LoraSync:
    """The changes of a reload, as labels; `rejected` and `pending` as (file, reason). LoRAs that have failed are among
    the rejected."""

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
        self._copies = LoraCopies(folder)
        self._lora_base = lora_base

    async def sync(self, scan: LoraScan, held: Collection[str] | None = None) -> LoraSync:
        """Copy the scanned files, switch the table in one transaction, then delete the copies that neither the table
        nor an unfinished job names. If a file is rejected or pending, its last good version goes on serving. Bytes that
        have failed stay failed under any name. LoRAs without a file leave the table: all, or with `held` the labels
        among these."""
        copied = await asyncio.to_thread(self._copies.copy_all, scan)
        rejected, pending = (*scan.rejected, *copied.rejected), (*scan.pending, *copied.pending)
        unread = {lora.label for lora in (*rejected, *pending)}
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # a job is accepted before the switch or after it
            rows = list(await session.scalars(select(LoraRow)))
            before = {row.label: row for row in rows}
            failures = {row.sha256: row.failure for row in rows if row.failure is not None}
            served = {row.label: row.sha256 for row in rows if row.failure is None}
            after = {row.label: row.sha256 for row in rows if row.label in unread and self._still_serves(row)}
            if held is not None:
                after |= {row.label: row.sha256 for row in rows if row.label not in {*held, *unread}}
            after |= {file.label: file.sha256 for file in copied.files}
            loaded_at_s = await session.scalar(select(now_s())) or 0.0
            await session.execute(delete(LoraRow).where(LoraRow.label.not_in(after)))
            for file in copied.files:
                row = before.get(file.label)
                if row is None or row.sha256 != file.sha256:
                    await session.merge(_row_of(file, loaded_at_s, failures.get(file.sha256)))
                elif (row.file, row.ignored) != (file.file, _ignored_json(file)):
                    row.file, row.ignored = file.file, _ignored_json(file)
            needed = {*after.values(), *await _needed_by_jobs(session)}
            await vault.delete_all_but(session, needed)
        await asyncio.to_thread(self._copies.delete_all_but, needed)
        report = _sync_report(served, {label: sha256 for label, sha256 in after.items() if sha256 not in failures})
        return replace(
            report,
            rejected=(*((lora.file, lora.reason) for lora in rejected), *await self.failed()),
            pending=tuple((lora.file, lora.reason) for lora in pending),
        )

    async def copy(self, scan: LoraScan) -> None:
        """Copy the scanned files without a change of the table, which another process has switched."""
        await asyncio.to_thread(self._copies.copy_all, scan)

    async def tidy(self) -> None:
        """Delete the copies that neither the table nor an unfinished job names."""
        async with self._database.read() as session:
            needed = {*await session.scalars(select(LoraRow.sha256)), *await _needed_by_jobs(session)}
        await asyncio.to_thread(self._copies.delete_all_but, needed)

    def has(self, sha256: str) -> bool:
        """True if the folder holds a copy."""
        return self._copies.has(sha256)

    def path(self, sha256: str) -> Path:
        """Of the copy, whether there is one or not."""
        return self._copies.path(sha256)

    async def list(self) -> list[LoraView]:
        """All LoRAs that are offered, by name, newest version first."""
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
            uses = await _num_uses(session)
        rows = sorted(catalog.offered, key=lambda row: version_key(row.version), reverse=True)
        return [_view_of(row, catalog, uses) for row in sorted(rows, key=lambda row: row.name)]

    async def few_steps(self) -> Mapping[str, FewSteps]:
        """How images with a LoRA are sampled, by every name and label of a LoRA that is distilled to few steps."""
        async with self._database.read() as session:
            return (await LoraCatalog.read(session)).all_few_steps()

    async def failed(self) -> Reasons:
        """The LoRAs that are not offered, because they make no image."""
        async with self._database.read() as session:
            statement = select(LoraRow.file, LoraRow.failure).where(LoraRow.failure.is_not(None)).order_by(LoraRow.file)
            return tuple((file, failure or "") for file, failure in await session.execute(statement))

    async def record(self, name: str) -> LoraRecord:
        """The LoRA of a label, or the current default of a bare name; without one, the LoRA of that name that has
        failed. Raises LoraNotFound."""
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
            row = catalog.find(name) or catalog.failed(name)
            if row is None:
                raise LoraNotFound(name, catalog.all())
            return await _record_of(session, catalog, row)

    async def record_of_label(self, label: str) -> LoraRecord | None:
        """The LoRA of exactly this label, failed or not."""
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
            row = next((row for row in catalog.rows if row.label == label), None)
            return None if row is None else await _record_of(session, catalog, row)

    async def pin(self, name: str, version: str | None) -> LoraView:
        """Pin the version that the bare name means; None removes the pin, so that the newest counts. Raises
        LoraNotFound, and UnknownLora for an unknown version."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            catalog = await LoraCatalog.read(session)
            versions = {row.version for row in catalog.offered if row.name == name}
            if not versions:
                raise LoraNotFound(name, tuple(sorted({row.name for row in catalog.offered})))
            if version not in versions and version is not None:
                known = sorted(filter(None, versions), key=version_key, reverse=True)
                raise UnknownLora("version", version, tuple(known))
            await _save_settings(session, name, {"pinned_version": version})
        return (await self.record(name)).view

    async def choose(self, name: str, is_chosen: bool) -> None:
        """Use a name for requests that name no LoRA, in place of the one before; or no longer. Raises LoraNotFound."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            catalog = await LoraCatalog.read(session)
            if name not in {row.name for row in catalog.offered}:
                raise LoraNotFound(name, tuple(sorted({row.name for row in catalog.offered})))
            if is_chosen:
                others = update(LoraSettingsRow).where(LoraSettingsRow.target != name).values(is_default=False)
                await session.execute(others.execution_options(synchronize_session="fetch"))
            await _save_settings(session, name, {"is_default": is_chosen})

    async def describe(self, target: str, changes: Mapping[str, str | float | None]) -> LoraView:
        """Set `trigger`, `weight`, `family` and `steps` of a name (all its versions) or of a label; None removes a
        setting. Raises LoraNotFound."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            catalog = await LoraCatalog.read(session)
            if target not in catalog.all():
                raise LoraNotFound(target, catalog.all())
            await _save_settings(session, target, changes)
        return (await self.record(target)).view

    def _still_serves(self, row: LoraRow) -> bool:
        """True if the copy exists and fits the base model."""
        return self._copies.has(row.sha256) and (row.base_model or SDXL_LORA_BASE) == self._lora_base


def _row_of(file: LoraFile, loaded_at_s: float, failure: str | None) -> LoraRow:
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
        file=file.file,
        ignored=_ignored_json(file),
        failure=failure,
    )


def _ignored_json(file: LoraFile) -> list[dict[str, Any]] | None:
    return [asdict(ignored) for ignored in file.ignored] or None


async def _record_of(session: AsyncSession, catalog: LoraCatalog, row: LoraRow) -> LoraRecord:
    metadata = await session.scalar(select(LoraRow.file_metadata).where(LoraRow.label == row.label))
    view = _view_of(row, catalog, await _num_uses(session))
    few_steps = file_few_steps(row)
    return LoraRecord(view, row.trigger, row.default_weight, few_steps, metadata or {}, row.loaded_at_s, row.failure)


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
        is_chosen=catalog.is_chosen(row),
        times_used=uses.get(row.sha256, 0),
        file=row.file,
        ignored=tuple(IgnoredKeys(**ignored) for ignored in row.ignored or ()),
        few_steps=catalog.few_steps(row),
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
