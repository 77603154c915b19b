"""LoRAs by name: the table name → content hash, and the bytes kept by hash."""

import asyncio
import os
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora_file import LoraFormatError
from pipelines.lora_library import LoraFile, LoraScan, version_key
from pipelines.model_info import SDXL_LORA_BASE
from pipelines.params import LoraRef
from server.db.clock import now_s
from server.db.models import JobRow, LoraRow
from server.db.session import Database
from server.jobs.errors import UnknownLora
from server.jobs.model import JobOrder, LoraChoice
from server.jobs.rows import lora_json
from server.jobs.transitions import unfinished

Reasons = tuple[tuple[str, str], ...]
"""(file, reason) each."""


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
    """What a scan changed, as labels; `rejected` and `pending` as (file, reason)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    pending: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedLoras:
    """The LoRAs of an order made exact. `loras` is what `JobRow.loras` holds, `model` the label of the model's."""

    final_prompt: str
    model: str | None
    loras: list[dict[str, Any]]


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
            pinned = await session.scalars(select(JobRow.loras).where(unfinished()))
            needed = {*after.values(), *(lora["sha256"] for loras in pinned for lora in loras)}
        await asyncio.to_thread(self._delete_all_but, needed)
        return replace(_sync_report(before, after), rejected=rejected, pending=pending)

    async def list(self) -> list[LoraView]:
        """All LoRAs by name, newest version first."""
        async with self._database.read() as session:
            rows = list(await session.scalars(select(LoraRow)))
        rows.sort(key=lambda row: version_key(row.version), reverse=True)
        return [_view_of(row) for row in sorted(rows, key=lambda row: row.name)]

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


async def resolve(session: AsyncSession, order: JobOrder) -> ResolvedLoras:
    """Names → exact LoRAs, as the table says in this transaction. The style is applied to the prompt, then the model's
    trigger words come before it unless they are in it. A LoRA named twice counts once, with both weights. Raises
    UnknownLora."""
    rows = list(await session.scalars(select(LoraRow)))
    model = _find(rows, order.model) if order.model else None
    found = [(_find(rows, choice), choice.weight) for choice in order.loras]
    if model is not None and order.model is not None:
        found.insert(0, (model, order.model.weight))
    weights: dict[str, float] = {}
    by_hash: dict[str, LoraRow] = {}
    for row, weight in found:
        weights[row.sha256] = weights.get(row.sha256, 0.0) + weight
        by_hash.setdefault(row.sha256, row)
    styled = order.style.apply(order.prompt) if order.style else order.prompt
    return ResolvedLoras(
        final_prompt=with_trigger(styled, model.trigger if model else None),
        model=model.label if model else None,
        loras=[
            lora_json(LoraRef(row.name, row.version, row.sha256, weights[row.sha256]), row.short_hash)
            for row in by_hash.values()
        ],
    )


def with_trigger(prompt: str, trigger: str | None) -> str:
    """`prompt` with the trigger words before it, unless they stand in it as whole words, in any case and spacing."""
    words = r"\s+".join(re.escape(word) for word in (trigger or "").split())
    if not words or re.search(rf"(?<!\w){words}(?!\w)", prompt, re.IGNORECASE):
        return prompt
    return f"{trigger}, {prompt}"


def _find(rows: list[LoraRow], choice: LoraChoice) -> LoraRow:
    """A bare name means its newest version."""
    versions = [row for row in rows if row.name == choice.name] or [row for row in rows if row.label == choice.name]
    if not versions:
        allowed = sorted({row.name for row in rows} | {row.label for row in rows})
        raise UnknownLora(choice.field, choice.name, tuple(allowed))
    return max(versions, key=lambda row: (version_key(row.version), row.label))


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
        file_metadata=dict(file.metadata),
        loaded_at_s=loaded_at_s,
    )


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL, and a file's metadata may say anything."""
    return text.replace("\0", "") if text else None


def _view_of(row: LoraRow) -> LoraView:
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
        trigger=row.trigger,
        title=row.title,
        base_model=row.base_model,
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
