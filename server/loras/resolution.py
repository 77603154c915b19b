"""What LoRA names mean: newest versions, the operator's pins, words and weights; the LoRAs of an order made exact."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora.library import version_key
from pipelines.params import LoraRef
from server.db.lora_models import LoraChoiceRow, LoraUseRow
from server.db.models import LoraRow
from server.loras.prompt_tags import lora_tags, without_lora_tags
from server.queue.errors import LoraGone, UnknownLora
from server.queue.grid import told_apart, variant_label
from server.queue.mapping import lora_json
from server.queue.model import (
    Comparison,
    JobOrder,
    LoraChoice,
    Pinned,
)

LORA_WEIGHT = 0.9
"""Where neither the request, the operator nor the file says how strong."""


@dataclass(frozen=True, slots=True)
class LoraNames:
    """The LoRA table and the operator's choices, as one transaction saw them."""

    rows: Sequence[LoraRow]
    choices: Mapping[str, LoraChoiceRow]

    @classmethod
    async def read(cls, session: AsyncSession) -> "LoraNames":
        rows = list(await session.scalars(select(LoraRow)))
        return cls(rows, {row.target: row for row in await session.scalars(select(LoraChoiceRow))})

    def all(self) -> tuple[str, ...]:
        """Every name and label."""
        return tuple(sorted({row.name for row in self.rows} | {row.label for row in self.rows}))

    def find(self, name: str) -> LoraRow | None:
        """A bare name means the pinned version, as long as there is such a file, else the newest."""
        versions = [row for row in self.rows if row.name == name]
        if not versions:
            return next((row for row in self.rows if row.label == name), None)
        pinned = self.pinned_version(name)
        newest = max(versions, key=lambda row: (version_key(row.version), row.label))
        return next((row for row in versions if pinned is not None and row.version == pinned), newest)

    def pinned_version(self, name: str) -> str | None:
        choice = self.choices.get(name)
        return choice.pinned_version if choice else None

    def trigger(self, row: LoraRow) -> str | None:
        """The words that call it up: the operator's for the version, for the name, else the file's."""
        for choice in self._choices_of(row):
            if choice.trigger is not None:
                return choice.trigger or None
        return row.trigger

    def weight(self, row: LoraRow) -> float | None:
        """How strong it is where a request does not say; None: nobody has said."""
        for choice in self._choices_of(row):
            if choice.weight is not None:
                return choice.weight
        return row.default_weight

    def _choices_of(self, row: LoraRow) -> list[LoraChoiceRow]:
        return [self.choices[target] for target in (row.label, row.name) if target in self.choices]


@dataclass(frozen=True, slots=True)
class ResolvedLoras:
    """The LoRAs of an order made exact. `loras` is what `JobRow.loras` holds, `model` the label of the model's."""

    final_prompt: str
    model: str | None
    loras: list[dict[str, Any]]
    triggers: tuple[str, ...] = ()  # words that call them up
    comparison: dict[str, Any] | None = None  # as JobRow.comparison


async def resolve(session: AsyncSession, order: JobOrder) -> ResolvedLoras:
    """Names → exact LoRAs, as the tables say in this transaction. LoRA tags leave the prompt, the style is applied to
    it, then the model's trigger words come before it unless they are in it. A LoRA named twice counts once, with both
    weights. Raises UnknownLora."""
    names = await LoraNames.read(session)
    return _resolved(names, order) if order.comparison is None else _compared(names, order, order.comparison)


def _resolved(names: LoraNames, order: JobOrder) -> ResolvedLoras:
    model = _find(names, order.model) if order.model else None
    found = [(_find(names, choice), choice) for choice in order.loras]
    if model is not None and order.model is not None:
        found.insert(0, (model, order.model))
    weights: dict[str, float] = {}
    by_hash: dict[str, LoraRow] = {}
    for row, choice in found:
        weights[row.sha256] = weights.get(row.sha256, 0.0) + _weight(names, row, choice)
        by_hash.setdefault(row.sha256, row)
    words = without_lora_tags(order.prompt)
    styled = order.style.apply(words) if order.style else words
    return ResolvedLoras(
        final_prompt=with_trigger(styled, names.trigger(model) if model else None),
        model=model.label if model else None,
        loras=[
            lora_json(LoraRef(row.name, row.version, row.sha256, weights[row.sha256]), row.short_hash)
            for row in by_hash.values()
        ],
        triggers=tuple(filter(None, map(names.trigger, by_hash.values()))),
    )


def _compared(names: LoraNames, order: JobOrder, comparison: Comparison) -> ResolvedLoras:
    """Every prompt with every variant. What is told of the whole job is the first variant's, but the LoRAs are all."""
    columns = [
        replace(order, prompt="", model=variant.model, loras=variant.loras, comparison=None)
        for variant in comparison.variants
    ]
    cells = [
        [
            _resolved(names, replace(column, prompt=prompt, loras=(*column.loras, *tagged(prompt, f"prompts[{n}]"))))
            for column in columns
        ]
        for n, prompt in enumerate(comparison.prompts)
    ]
    everything = [cell for row in cells for cell in row]
    loras = {lora["sha256"]: lora for cell in reversed(everything) for lora in reversed(cell.loras)}
    labels = [variant_label(_resolved(names, column).loras) for column in columns]
    return ResolvedLoras(
        final_prompt="\n".join(row[0].final_prompt for row in cells),
        model=cells[0][0].model,
        loras=list(reversed(loras.values())),
        triggers=tuple(dict.fromkeys(trigger for cell in everything for trigger in cell.triggers)),
        comparison={
            "prompts": list(comparison.prompts),
            "seeds": list(comparison.seeds),
            "variants": told_apart(labels),
            "cells": [[{"final_prompt": cell.final_prompt, "loras": cell.loras} for cell in row] for row in cells],
        },
    )


def tagged(prompt: str, field: str) -> tuple[LoraChoice, ...]:
    """The LoRAs that a prompt names; `field` is where it stands in the request."""
    return tuple(LoraChoice(tag.name, tag.number, field) for tag in lora_tags(prompt))


async def resolve_pinned(session: AsyncSession, pinned: Pinned) -> ResolvedLoras:
    """The very same LoRAs once more. Raises LoraGone."""
    names = await LoraNames.read(session)
    loras: list[dict[str, Any]] = []
    triggers: list[str | None] = []
    for label, sha256, weight in pinned.loras:
        same = [row for row in names.rows if row.sha256 == sha256]
        if not same:
            raise LoraGone(label, sha256)
        row = next((row for row in same if row.label == label), same[0])
        loras.append(lora_json(LoraRef(row.name, row.version, row.sha256, weight), row.short_hash))
        triggers.append(names.trigger(row))
    return ResolvedLoras(pinned.final_prompt, pinned.model, loras, tuple(filter(None, triggers)))


async def count_use(session: AsyncSession, sha256s: set[str]) -> None:
    """One more accepted job for each of these. The caller holds the lock `queue`."""
    statement = (
        update(LoraUseRow)
        .where(LoraUseRow.sha256.in_(sha256s))
        .values(num_jobs=LoraUseRow.num_jobs + 1)
        .returning(LoraUseRow.sha256)
        .execution_options(synchronize_session=False)
    )
    known = set(await session.scalars(statement)) if sha256s else set[str]()
    if new := sha256s - known:
        await session.execute(insert(LoraUseRow), [{"sha256": sha256, "num_jobs": 1} for sha256 in sorted(new)])


def with_trigger(prompt: str, trigger: str | None) -> str:
    """`prompt` with the trigger words before it, unless they stand in it as whole words, in any case and spacing."""
    words = r"\s+".join(re.escape(word) for word in (trigger or "").split())
    if not words or re.search(rf"(?<!\w){words}(?!\w)", prompt, re.IGNORECASE):
        return prompt
    return f"{trigger}, {prompt}"


def _find(names: LoraNames, choice: LoraChoice) -> LoraRow:
    row = names.find(choice.name)
    if row is None:
        raise UnknownLora(choice.field, choice.name, names.all())
    return row


def _weight(names: LoraNames, row: LoraRow, choice: LoraChoice) -> float:
    if choice.weight is not None:
        return choice.weight
    default = names.weight(row)
    return LORA_WEIGHT if default is None else default
