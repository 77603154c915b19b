"""Makes the LoRA names of a draft exact, in the transaction that accepts it: names and pins cannot change in
between."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace as replaced
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.spec import MAX_LORA_WEIGHT, ImageSpec, LoraRef
from server.db.models import LoraRow
from server.errors import FieldError, InvalidRequest
from server.generation.styles import STYLES
from server.loras.catalog import LORA_WEIGHT, LoraCatalog
from server.loras.errors import FailedLora, LoraGone, UnknownLora
from server.loras.prompt_tags import without_lora_tags
from server.queue.grid import Axes, distinct, variant_label
from server.queue.model import ImageDraft, JobDraft, LoraChoice, LoraChoices


@dataclass(frozen=True, slots=True)
class Resolved:
    """The specs of a job's images. `triggers` are the words that call their LoRAs; `axes` of a comparison."""

    specs: tuple[ImageSpec, ...]
    triggers: tuple[str, ...]
    axes: Axes | None


async def resolve(session: AsyncSession, draft: JobDraft) -> Resolved:
    """LoRA tags leave the prompt, the style is applied, the model's trigger words are put before it unless they are in
    it. A LoRA that is named twice counts once, with both weights. Raises InvalidRequest and LoraGone."""
    return resolve_with(await LoraCatalog.read(session), draft)


def resolve_with(names: LoraCatalog, draft: JobDraft) -> Resolved:
    """The same, by a catalog that was read before. Pure."""
    specs: list[ImageSpec] = []
    triggers: dict[str, None] = {}
    for image in draft.images:
        loras = _pinned(names, image.spec) if image.choices is None else _chosen(names, image.choices)
        specs.append(_with_loras(names, image, loras))
        triggers |= dict.fromkeys(filter(None, (names.trigger(row) for row, _ in loras)))
    axes = draft.axes
    if axes is not None:
        labels = [variant_label(_refs(_chosen(names, choices))) for choices in draft.columns]
        axes = Axes(axes.prompts, axes.seeds, distinct(labels))
    return Resolved(tuple(specs), tuple(triggers), axes)


def with_trigger(prompt: str, trigger: str | None) -> str:
    """`prompt` with the trigger words before it, unless they stand in it as whole words, in any case and spacing."""
    words = r"\s+".join(re.escape(word) for word in (trigger or "").split())
    if not words or re.search(rf"(?<!\w){words}(?!\w)", prompt, re.IGNORECASE):
        return prompt
    return f"{trigger}, {prompt}"


WeightedRows = Sequence[tuple[LoraRow, float]]


def _with_loras(names: LoraCatalog, image: ImageDraft, loras: WeightedRows) -> ImageSpec:
    spec, choices = replaced(image.spec, loras=_refs(loras)), image.choices
    if choices is None:
        return spec
    words = without_lora_tags(spec.prompt)
    style = STYLES.get(spec.style or "")
    styled = style.apply(words) if style else words
    model = loras[0][0] if choices.model else None
    prompt = with_trigger(styled, names.trigger(model) if model else None)
    return replaced(spec, prompt=prompt, model=model.label if model else None)


def _chosen(names: LoraCatalog, choices: LoraChoices) -> WeightedRows:
    """In the order of their first mention, that of `model` first. Raises InvalidRequest."""
    weights: dict[str, float] = {}
    rows: dict[str, LoraRow] = {}
    errors: list[FieldError] = []
    for choice in (*((choices.model,) if choices.model else ()), *choices.others):
        row = names.find(choice.name)
        if row is None:
            raise _why_not(names, choice)
        weights[row.sha256] = weights.get(row.sha256, 0.0) + _weight(names, row, choice)
        rows.setdefault(row.sha256, row)
        if abs(weights[row.sha256]) > MAX_LORA_WEIGHT:
            allowed = f"from -{MAX_LORA_WEIGHT:g} to {MAX_LORA_WEIGHT:g}, for a LoRA that is named twice, too"
            errors.append(FieldError(choice.field, f"{row.label} gets a weight of {weights[row.sha256]:g}", allowed))
    if errors:
        raise InvalidRequest(errors)
    return [(row, weights[sha256]) for sha256, row in rows.items()]


def _why_not(names: LoraCatalog, choice: LoraChoice) -> InvalidRequest:
    """There is no such LoRA, or it has failed."""
    failed = names.failed(choice.name)
    if failed is None:
        return UnknownLora(choice.field, choice.name, names.all())
    return FailedLora(choice.field, failed.label, failed.failure or "", names.all())


def _pinned(names: LoraCatalog, spec: ImageSpec) -> WeightedRows:
    """The same bytes again, under whatever name they are served now."""
    pinned: list[tuple[LoraRow, float]] = []
    for lora in spec.loras:
        same = [row for row in names.rows if row.sha256 == lora.sha256]
        if not same or same[0].failure is not None:
            raise LoraGone(lora.label, lora.sha256, same[0].failure if same else None)
        pinned.append((next((row for row in same if row.label == lora.label), same[0]), lora.weight))
    return pinned


def _refs(loras: WeightedRows) -> tuple[LoraRef, ...]:
    return tuple(LoraRef(row.name, row.version, row.sha256, weight, row.short_hash) for row, weight in loras)


def _weight(names: LoraCatalog, row: LoraRow, choice: LoraChoice) -> float:
    if choice.weight is not None:
        return choice.weight
    default = names.weight(row)
    return LORA_WEIGHT if default is None else default
