"""What the API takes and gives about LoRAs."""

import time
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pipelines.lora.files.few_steps import MAX_FEW_STEPS, FamilyName, FewSteps
from server.generation.requests import MAX_LORA_WEIGHT
from server.loras.registry import LoraSync, LoraView

MAX_TRIGGER_CHARACTERS = 500


class IgnoredPart(Struct, frozen=True):
    """Keys of a file that change nothing. `keys`: the only key, or what they start with and `*`."""

    keys: str
    count: int
    reason: str


class FewStepsOption(Struct, frozen=True):
    """What a request gets that leaves these fields out. `family`: what the LoRA is distilled by."""

    family: FamilyName
    steps: int
    sampler: str
    guidance_scale: float


class LoraOption(Struct, frozen=True, kw_only=True):
    """A LoRA that can be asked for by `label` (`jade-v1`) or by `name` (`jade`), which means the version with
    `is_default`: the one the operator has pinned (`is_pinned`), else the newest. `weight` is used where a request gives
    none; null: 0.9. `few_steps`: how its pictures are sampled, if it is distilled to few steps. `resident`: in the
    model's memory now; another is read from the disk first. `times_used`: jobs that named these bytes. `file`: the path
    in the LoRA folder. `ignored`: what of the file is not used; the rest is."""

    label: str
    name: str
    version: str | None
    sha256: str
    short_hash: str
    trigger: str | None
    title: str | None
    base_model: str | None
    rank: int
    num_modules: int
    has_text_encoder: bool
    bytes: int
    weight: float | None
    is_default: bool
    is_pinned: bool
    resident: bool
    times_used: int
    file: str
    ignored: list[IgnoredPart]
    few_steps: FewStepsOption | None


class LeftOut(Struct, frozen=True):
    """A file of the LoRA folder that does not serve, and why."""

    file: str
    reason: str


class Loras(Struct, frozen=True):
    """`rejected`: the files that were accepted and then made no picture. They are not offered any more; a request that
    names one gets the reason."""

    loras: list[LoraOption]
    rejected: list[LeftOut]


class LoraDetail(Struct, frozen=True, kw_only=True):
    """What the operator sees of a LoRA. `file_trigger`, `file_weight` and `file_few_steps` are the file's own, in
    addition to what the operator has set; `metadata` is all the file says of its training. `loaded_at` is in seconds
    since 1970. `failure`: why it makes no picture and is not offered; null: it is offered."""

    lora: LoraOption
    file_trigger: str | None
    file_weight: float | None
    file_few_steps: FewStepsOption | None
    metadata: dict[str, str]
    loaded_at: float
    failure: str | None


class LoraDefault(Struct, frozen=True):
    """What the bare name means: this version, or (null) the newest."""

    version: Annotated[str, Meta(max_length=64)] | None


class LoraChanges(Struct, frozen=True):
    """Absent: as it is. Null: what the file says. The trigger "" means no words, the family "none" a LoRA that is
    sampled like any other. `steps`: what a LoRA of a family is distilled to."""

    trigger: Annotated[str, Meta(max_length=MAX_TRIGGER_CHARACTERS)] | UnsetType | None = UNSET
    weight: Annotated[float, Meta(ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)] | UnsetType | None = UNSET
    family: FamilyName | Literal["none"] | UnsetType | None = UNSET
    steps: Annotated[int, Meta(ge=1, le=MAX_FEW_STEPS)] | UnsetType | None = UNSET


class Reloaded(Struct, frozen=True, kw_only=True):
    """What a reload changed, as labels. A `rejected` or `pending` file leaves its last good version serving; `pending`
    is a file that is still being written. A LoRA that made no picture is among the rejected, and does not serve."""

    added: list[str]
    updated: list[str]
    removed: list[str]
    unchanged: list[str]
    rejected: list[LeftOut]
    pending: list[LeftOut]
    elapsed_ms: float


def reloaded(sync: LoraSync, started_s: float) -> Reloaded:
    return Reloaded(
        added=list(sync.added),
        updated=list(sync.updated),
        removed=list(sync.removed),
        unchanged=list(sync.unchanged),
        rejected=[LeftOut(file, reason) for file, reason in sync.rejected],
        pending=[LeftOut(file, reason) for file, reason in sync.pending],
        elapsed_ms=round((time.perf_counter() - started_s) * 1000, 1),
    )


def lora_option(view: LoraView, resident: frozenset[str]) -> LoraOption:
    return LoraOption(
        label=view.label,
        name=view.name,
        version=view.version,
        sha256=view.sha256,
        short_hash=view.short_hash,
        trigger=view.trigger,
        title=view.title,
        base_model=view.base_model,
        rank=view.rank,
        num_modules=view.num_modules,
        has_text_encoder=view.has_text_encoder,
        bytes=view.num_bytes,
        weight=view.weight,
        is_default=view.is_default,
        is_pinned=view.is_pinned,
        resident=view.sha256 in resident,
        times_used=view.times_used,
        file=view.file,
        ignored=[IgnoredPart(part.keys, part.count, part.reason) for part in view.ignored],
        few_steps=few_steps_option(view.few_steps),
    )


def few_steps_option(few_steps: FewSteps | None) -> FewStepsOption | None:
    if few_steps is None:
        return None
    return FewStepsOption(few_steps.family, few_steps.steps, few_steps.sampler, few_steps.guidance_scale)
