"""SDXLRunner: carries out step plans on a loaded SDXL model. Everything here runs on the one torch thread."""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from pipelines.denoise.forward import padded_rows, predict
from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.state import DenoiseState, begin_picture
from pipelines.errors import picture_error, raise_if_device_lost
from pipelines.image.previews import Previewer
from pipelines.image.vae import decode_picture
from pipelines.lora.backend import AdapterSet, LoraBackend, adapter_set
from pipelines.lora.bank import LoraBank
from pipelines.lora.loader import LoraReader
from pipelines.lora.merge import LoraMerge
from pipelines.lora.weights import LoraParser
from pipelines.model.load import LoadedModel
from pipelines.out_of_memory import free_cached, is_out_of_memory
from pipelines.plan import BeginOrder, PictureError, RawPicture, StepPlan, StepResult
from pipelines.prompt.encoder import PromptEncoder
from pipelines.spec import ImageSpec

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class _Outcome:
    """What becomes the StepResult."""

    begun: dict[str, int] = field(default_factory=dict[str, int])
    stepped: list[str] = field(default_factory=list[str])
    decoded: dict[str, RawPicture] = field(default_factory=dict[str, RawPicture])
    previews: dict[str, RawPicture] = field(default_factory=dict[str, RawPicture])
    failed: dict[str, PictureError] = field(default_factory=dict[str, PictureError])
    deferred: list[str] = field(default_factory=list[str])
    begin_s: float = 0.0
    step_s: float = 0.0
    step_rows: int = 0
    too_many_rows: int = 0
    decode_s: dict[str, float] = field(default_factory=dict[str, float])
    embedding_hits: int = 0
    embedding_misses: int = 0

    def result(self) -> StepResult:
        return StepResult(
            begun={picture_id: count for picture_id, count in self.begun.items() if picture_id not in self.failed},
            stepped=tuple(picture_id for picture_id in self.stepped if picture_id not in self.failed),
            decoded=self.decoded,
            previews={
                picture_id: shown for picture_id, shown in self.previews.items() if picture_id not in self.failed
            },
            failed=self.failed,
            deferred=tuple(self.deferred),
            begin_s=self.begin_s,
            step_s=self.step_s,
            step_rows=self.step_rows,
            too_many_rows=self.too_many_rows,
            decode_s=self.decode_s,
            embedding_hits=self.embedding_hits,
            embedding_misses=self.embedding_misses,
        )


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """With `exact_rows` every UNet forward has exactly that many rows, whatever a plan says; `embedding_cache_bytes`
    bounds the cache of encoded prompts, `lora_cache_bytes` the LoRAs in the model's memory (and those that were read
    and wait for it). `merged_loras`: one LoRA set at a time, in the weights. `compiled`: the UNet is."""

    exact_rows: int = 0
    embedding_cache_bytes: int = 64 * 1024 * 1024
    lora_cache_bytes: int = 2_000_000_000
    merged_loras: bool = False
    compiled: bool = False


class SDXLRunner:
    """Keeps a DenoiseState for each begun picture until it is decoded, fails or is released. `lora_bytes_dir` holds
    `{sha256}.safetensors`."""

    def __init__(self, model: LoadedModel, lora_bytes_dir: Path, options: RunnerOptions | None = None) -> None:
        options = options or RunnerOptions()
        self.model = model
        self._exact_rows = options.exact_rows
        self._samplers = SamplerFactory(model.scheduler_config)
        self._reader = LoraReader(lora_bytes_dir, LoraParser(model).parse, options.lora_cache_bytes)
        self._loras: LoraBackend = (
            LoraMerge(model, self._reader, options.lora_cache_bytes)
            if options.merged_loras
            else LoraBank(model, self._reader, options.lora_cache_bytes, always_hooked=options.compiled)
        )
        self._encoder = PromptEncoder(model, self._loras, options.embedding_cache_bytes)
        self._previewer = Previewer(model)
        self._states: dict[str, DenoiseState] = {}

    @property
    def held(self) -> frozenset[str]:
        """Pictures whose latents are in memory."""
        return frozenset(self._states)

    @property
    def resident_loras(self) -> frozenset[str]:
        """Hashes of the LoRAs in memory. Any thread."""
        return self._loras.resident

    @property
    def lora_bytes(self) -> int:
        """Memory of the resident LoRAs."""
        return self._loras.num_bytes

    def fetch_loras(self, sha256s: Collection[str]) -> Future[None]:
        """Read those that are not in memory, on a thread of its own. A picture can be begun once it is done; where a
        LoRA cannot be read, that fails. Any thread."""
        return self._reader.fetch([sha256 for sha256 in sha256s if sha256 not in self._loras.resident])

    def latents(self, picture_id: str) -> Tensor:
        """(1, 4, H/8, W/8) float32 of a begun picture."""
        return self._states[picture_id].latents

    @torch.inference_mode()
    def execute(self, plan: StepPlan) -> StepResult:
        """Release, begin, step, decode. A picture that fails is reported and forgotten; the others go on. Raises
        ValueError where the pictures of `step` may not share a forward, and DeviceLost."""
        outcome = _Outcome()
        for picture_id in plan.release:
            self._states.pop(picture_id, None)
        if plan.begin:
            outcome.begin_s = self._timed(lambda: self._begin(plan.begin, outcome))
        if plan.step:
            self._step(plan, outcome)
        for picture_id in plan.decode:
            seconds = self._timed(lambda picture_id=picture_id: self._decode(picture_id, outcome))
            if picture_id in outcome.decoded:
                outcome.decode_s[picture_id] = seconds
        return outcome.result()

    # ---- begin

    def _begin(self, orders: Sequence[BeginOrder], outcome: _Outcome) -> None:
        cache = self._encoder.cache
        hits, misses = cache.num_hits, cache.num_misses
        for order in orders:
            adapters = adapter_set(order.spec.loras)
            admitted = self._attempt(
                outcome, order.picture_id, lambda adapters=adapters: self._loras.admit(adapters, self._loras_in_use())
            )
            if admitted is False:
                outcome.deferred.append(order.picture_id)
            if not admitted:
                continue
            state = self._attempt(
                outcome,
                order.picture_id,
                lambda order=order, adapters=adapters: self._begin_one(order.spec, adapters),
            )
            if state is not None:
                self._states[order.picture_id] = state
                outcome.begun[order.picture_id] = state.num_evaluations
        outcome.embedding_hits, outcome.embedding_misses = cache.num_hits - hits, cache.num_misses - misses

    def _begin_one(self, spec: ImageSpec, adapters: AdapterSet) -> DenoiseState:
        negative_prompt = spec.negative_prompt if spec.rows == 2 else None
        embeddings = self._encoder.encode_pair(spec.prompt, negative_prompt, adapters)
        return begin_picture(self.model, self._samplers, spec, adapters, embeddings)

    def _loras_in_use(self) -> set[str]:
        return {sha256 for state in self._states.values() for sha256, _ in state.adapters}

    # ---- step

    def _step(self, plan: StepPlan, outcome: _Outcome) -> None:
        states = self._states_of(plan.step, outcome)
        predictions = self._predict(states, plan.pad_to_rows, outcome)
        for picture_id, prediction in predictions.items():
            state = states[picture_id]
            clean = self._attempt(outcome, picture_id, lambda s=state, p=prediction: s.advance(p))
            if clean is None:
                continue
            outcome.stepped.append(picture_id)
            if picture_id in plan.preview:
                self._preview(picture_id, clean, outcome)

    def _states_of(self, picture_ids: Sequence[str], outcome: _Outcome) -> dict[str, DenoiseState]:
        """The begun ones among the named; they must agree in latent size."""
        states: dict[str, DenoiseState] = {}
        for picture_id in picture_ids:
            if picture_id in outcome.failed or picture_id in outcome.deferred:
                continue
            if picture_id in self._states:
                states[picture_id] = self._states[picture_id]
            else:
                outcome.failed[picture_id] = PictureError("internal", "the picture was stepped before it was begun")
        if len({state.latents.shape for state in states.values()}) > 1:
            raise ValueError("the pictures of a step must have one size")
        return states

    def _predict(self, states: dict[str, DenoiseState], pad_to_rows: int, outcome: _Outcome) -> dict[str, Tensor]:
        """One guided prediction a picture. If the shared forward fails, fewer share one (where memory ran out) or each
        picture is tried alone, so that only those that cannot be made fail."""
        if not states:
            return {}
        predicted: list[Tensor] = []
        num_rows = padded_rows(sum(state.rows for state in states.values()), pad_to_rows, self._exact_rows)
        try:
            outcome.step_s = self._timed(lambda: predicted.extend(self._forward(states, num_rows)))
            outcome.step_rows = num_rows
            return dict(zip(states, predicted, strict=True))
        except Exception as error:
            raise_if_device_lost(error)
            if is_out_of_memory(error):
                outcome.too_many_rows = num_rows
                log.warning("not enough memory for a forward of %d rows; fewer rows share one from now on", num_rows)
            else:
                log.exception("a forward of %d rows failed; its pictures are tried one by one", num_rows)
        free_cached(self.model.device)
        return self._predict_in_parts(states, outcome)

    def _predict_in_parts(self, states: dict[str, DenoiseState], outcome: _Outcome) -> dict[str, Tensor]:
        """Half of the pictures at a time after memory ran out, one at a time after any other error. `step_rows` stays
        0: what such a step costs says nothing about any row count."""
        ids = list(states)
        size = len(ids) // 2 if outcome.too_many_rows and len(ids) > 1 else 1
        predictions: dict[str, Tensor] = {}
        for start in range(0, len(ids), size):
            part = {picture_id: states[picture_id] for picture_id in ids[start : start + size]}
            predictions |= self._predict_part(part, outcome)
        return predictions

    def _predict_part(self, states: dict[str, DenoiseState], outcome: _Outcome) -> dict[str, Tensor]:
        num_rows = padded_rows(sum(state.rows for state in states.values()), 0, self._exact_rows)
        if len(states) > 1:
            try:
                return dict(zip(states, self._forward(states, num_rows), strict=True))
            except Exception as error:
                raise_if_device_lost(error)
            free_cached(self.model.device)
            return self._predict_in_parts(states, outcome)
        ((picture_id, state),) = states.items()
        row_by_row = 1 if outcome.too_many_rows and not self._exact_rows else self._exact_rows
        alone = self._attempt(
            outcome, picture_id, lambda: predict(self.model, self._loras, [state], num_rows, row_by_row)[0]
        )
        return {} if alone is None else {picture_id: alone}

    def _forward(self, states: dict[str, DenoiseState], num_rows: int) -> list[Tensor]:
        return predict(self.model, self._loras, list(states.values()), num_rows, self._exact_rows)

    def _preview(self, picture_id: str, clean: Tensor, outcome: _Outcome) -> None:
        try:
            outcome.previews[picture_id] = self._previewer.picture(clean)
        except Exception:  # nobody loses a picture for want of its preview
            log.exception("no preview of picture %s", picture_id)

    # ---- decode

    def _decode(self, picture_id: str, outcome: _Outcome) -> None:
        if picture_id in outcome.failed:
            return
        latents = self._states[picture_id].latents if picture_id in self._states else None
        if latents is None:
            outcome.failed[picture_id] = PictureError("internal", "the picture was decoded before it was begun")
            return
        picture = self._attempt(outcome, picture_id, lambda: decode_picture(self.model, latents))
        if picture is not None:
            outcome.decoded[picture_id] = picture
        self._states.pop(picture_id, None)

    # ---- failures and time

    def _attempt(self, outcome: _Outcome, picture_id: str, work: Callable[[], T]) -> T | None:
        """What `work` returns; None where it raised, and then the picture has failed."""
        try:
            return work()
        except Exception as error:
            self._fail(outcome, picture_id, error)
            return None

    def _fail(self, outcome: _Outcome, picture_id: str, error: Exception) -> None:
        raise_if_device_lost(error)
        outcome.failed[picture_id] = picture_error(error)
        self._states.pop(picture_id, None)
        log.error("picture %s failed", picture_id, exc_info=error)

    def _timed(self, work: Callable[[], None]) -> float:
        """Seconds of wall time until the device, too, has finished."""
        started_s = time.perf_counter()
        work()
        if self.model.device.type == "cuda":
            torch.cuda.synchronize(self.model.device)
        return time.perf_counter() - started_s
