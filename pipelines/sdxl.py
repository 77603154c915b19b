"""`SDXLRunner`: executes step plans on a loaded SDXL model. Torch thread, except the LoRA methods."""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from pipelines.denoise.blank_forwards import compile_forwards, measured_memory
from pipelines.denoise.exact_rows import rows_are_exact
from pipelines.denoise.passes import next_pass
from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.shared_forward import SharedForward
from pipelines.denoise.state import DenoiseState, begin_pass
from pipelines.device import free_cached, wait_for
from pipelines.errors import blamed, image_error, is_out_of_memory, raise_if_device_lost
from pipelines.image.previews import Previewer
from pipelines.image.source_latents import EncodedSource, encode_in_pieces
from pipelines.image.vae import decode_image
from pipelines.inversions.vectors import Vectors
from pipelines.lora.backend import AdapterSet, LoraBackend, adapter_set
from pipelines.lora.bank import LoraBank
from pipelines.lora.loader import LoraLoader
from pipelines.lora.merge import LoraMerge
from pipelines.lora.weights import LoraParser
from pipelines.model.checkpoint import BaseModelError
from pipelines.model.load import LoadedModel
from pipelines.model.memory_model import MemoryModel
from pipelines.outcome import Outcome, timed
from pipelines.plan import BeginOrder, EncodeOrder, ImageError, Piece, Pieces, StepPlan, StepResult
from pipelines.prompt.encoder import PromptEncoder
from pipelines.spec import LATENT_UPSCALER, ImageSpec, SourceKey
from pipelines.upscaling.upscalers import Upscalers

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """`exact_rows`: if not 0, every UNet forward has exactly that many rows, whatever the plan says.
    `embedding_cache_bytes`: limit of the cache of encoded prompts. `lora_cache_bytes`: limit of the LoRAs in the
    model's memory, and of the loaded LoRAs that wait for it. `merged_loras`: merge one LoRA set at a time into the
    weights. `compiled_rank`: if not 0, the UNet is compiled, for LoRAs up to this rank. `upscaler_dir`: the folder of
    upscalers."""

    exact_rows: int = 0
    embedding_cache_bytes: int = 64 * 1024 * 1024
    lora_cache_bytes: int = 2_000_000_000
    merged_loras: bool = False
    compiled_rank: int = 0
    upscaler_dir: Path | None = None


class SDXLRunner:
    """Keeps a DenoiseState for each begun image until it is decoded, fails or is released. `lora_bytes_dir` holds LoRAs
    and embeddings, `{sha256}.safetensors`."""

    def __init__(self, model: LoadedModel, lora_bytes_dir: Path, options: RunnerOptions | None = None) -> None:
        options = options or RunnerOptions()
        self.model = model
        self._exact_rows = options.exact_rows
        self._samplers = SamplerFactory(model.scheduler_config)
        self._loader = LoraLoader(lora_bytes_dir, LoraParser(model).parse, options.lora_cache_bytes)
        by_runs = not (options.compiled_rank or options.exact_rows)
        self._loras: LoraBackend = (
            LoraMerge(model, self._loader, options.lora_cache_bytes)
            if options.merged_loras
            else LoraBank(model, self._loader, options.lora_cache_bytes, options.compiled_rank, by_runs)
        )
        self._lora_cache_bytes = 0 if options.merged_loras else options.lora_cache_bytes
        self._forward = SharedForward(model, self._loras, options.exact_rows, self._attempt_with)
        self._encoder = PromptEncoder(model, self._loras, options.embedding_cache_bytes, Vectors(lora_bytes_dir, model))
        self._previewer = Previewer(model)
        self._upscalers = Upscalers(options.upscaler_dir, model.device)
        self._states: dict[str, DenoiseState] = {}
        self._sources: dict[SourceKey, EncodedSource] = {}
        self._encoding: dict[SourceKey, Pieces[EncodedSource]] = {}
        self._advancing: dict[str, Pieces[DenoiseState]] = {}
        self._proven_loras: set[str] = set()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the images whose latents are in memory."""
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
        """Load the LoRAs that are not in memory, on the loader's thread. Images with them can begin when the future
        ends; if a LoRA cannot be loaded, its images fail then. Any thread."""
        return self._loader.fetch([sha256 for sha256 in sha256s if sha256 not in self._loras.resident])

    @torch.inference_mode()
    def check_exact_rows(self) -> None:
        """Raises BaseModelError if rows of a forward of `exact_rows` rows depend on their place on this device."""
        empty = self._encoder.encode("", ())
        if not rows_are_exact(self.model, self._loras, self._samplers, empty, self._exact_rows):
            raise BaseModelError(
                f"STUDIO_EXACT_ROWS is {self._exact_rows}, but on this device the bits of a picture depend on its place"
                " in the forward: another number of rows may help, or leave the setting out"
            )

    @property
    def memory(self) -> MemoryModel | None:
        """None: it is not known what fits; where memory runs out, work is made smaller. Any thread."""
        return self._forward.memory

    @torch.inference_mode()
    def measure_memory(self, width: int, height: int) -> None:
        """Of a CUDA device, for images of this size. From now on rows and decodes are chosen to fit."""
        empty, left_bytes = self._encoder.encode("", ()), max(0, self._lora_cache_bytes - self._loras.num_bytes)
        try:
            self._forward.memory = measured_memory(self.model, self._loras, empty, width, height, left_bytes)
        except Exception as error:
            raise_if_device_lost(error)
            if not is_out_of_memory(error):
                raise
            log.warning("two rows of %d x %d do not fit into memory", width, height)

    @torch.inference_mode()
    def compile_forwards(self, sizes: Sequence[tuple[int, int]], row_counts: Sequence[int]) -> None:
        """For images of these sizes (width, height); nothing is compiled afterwards."""
        empty = self._encoder.encode("", ())
        self._forward.compiled = compile_forwards(self.model, self._loras, empty, sizes, row_counts)

    def latents(self, image_id: str) -> Tensor:
        """(1, 4, H/8, W/8) float32 of a begun image."""
        return self._states[image_id].latents

    @torch.inference_mode()
    def execute(self, plan: StepPlan) -> StepResult:
        """Release, encode, begin, step, advance, decode. An image that fails is reported and released; the others go
        on. Raises ValueError if the images of `step` cannot share a forward, and DeviceLost, wherever it shows."""
        outcome = Outcome()
        try:
            self._carry_out(plan, outcome)
        except Exception as error:
            raise_if_device_lost(error)
            raise
        return outcome.result()

    def _carry_out(self, plan: StepPlan, outcome: Outcome) -> None:
        for image_id in plan.release:
            self._release(image_id)
        for key in plan.forget:
            self._sources.pop(key, None)
            self._encoding.pop(key, None)
        for order in plan.encode:
            self._encode(order, outcome)
        if plan.begin:
            outcome.begin_s = timed(lambda: self._begin(plan.begin, outcome))
        if plan.step:
            self._step(plan, outcome)
        for image_id in plan.advance:
            self._advance(image_id, outcome)
        for image_id in plan.decode:
            seconds = timed(lambda image_id=image_id: self._decode(image_id, outcome))
            if image_id in outcome.decoded:
                outcome.decode_s[image_id] = seconds

    def _begin(self, orders: Sequence[BeginOrder], outcome: Outcome) -> None:
        encoder = self._encoder
        hits, misses = encoder.num_hits, encoder.num_misses
        for order in orders:
            adapters = adapter_set(order.spec.loras)
            admitted = self._attempt_with(
                adapters, outcome, order.image_id, lambda loras: self._loras.admit(loras, self._loras_in_use())
            )
            if admitted is False:
                outcome.deferred.append(order.image_id)
            if not admitted:
                continue
            state = self._attempt_with(
                adapters, outcome, order.image_id, lambda loras, order=order: self._begin_one(order.spec, loras)
            )
            if state is not None:
                self._states[order.image_id] = state
                outcome.begun[order.image_id] = state.num_evaluations
        outcome.embedding_hits, outcome.embedding_misses = encoder.num_hits - hits, encoder.num_misses - misses

    def _begin_one(self, spec: ImageSpec, adapters: AdapterSet) -> DenoiseState:
        source = None if spec.source_key is None else self._sources[spec.source_key]
        conditions = self._encoder.encode_pair(spec, adapters)
        state = begin_pass(self.model, self._samplers, spec, adapters, conditions, source)
        wait_for(self.model.device)  # a late error belongs to this image
        return state

    def _encode(self, order: EncodeOrder, outcome: Outcome) -> None:
        """One piece of it."""
        key = order.key
        try:
            if key not in self._encoding:
                self._encoding[key] = encode_in_pieces(self.model, self._upscalers, order)
            source = outcome.piece(self._encoding[key], Piece("encode", key.width * key.height))
        except Exception as error:
            raise_if_device_lost(error)
            self._encoding.pop(key, None)
            outcome.encode_failed[key] = image_error(error)
            log.error("a source cannot be encoded", exc_info=error)
            return
        if source is not None:
            del self._encoding[key]
            self._sources[key] = source
            outcome.encoded.append(key)

    def _advance(self, image_id: str, outcome: Outcome) -> None:
        """One piece of the way to the image's next pass."""

        def piece() -> DenoiseState | None:
            state = self._states[image_id]
            if image_id not in self._advancing:
                self._advancing[image_id] = next_pass(self.model, self._samplers, self._upscalers, state, self.memory)
            target = state.spec.passes[state.pass_index + 1]
            last = None if target.upscaler == LATENT_UPSCALER else Piece("encode", target.num_px)
            return outcome.piece(self._advancing[image_id], last)

        state = self._attempt(outcome, image_id, piece)
        if state is not None:
            self._release(image_id)
            self._states[image_id] = state
            outcome.begun[image_id] = state.num_evaluations
            outcome.advanced.append(image_id)

    def _release(self, image_id: str) -> None:
        self._states.pop(image_id, None)
        self._advancing.pop(image_id, None)

    def _loras_in_use(self) -> set[str]:
        return {sha256 for state in self._states.values() for sha256, _ in state.adapters}

    def _step(self, plan: StepPlan, outcome: Outcome) -> None:
        """The samplers' work is launched behind the forward, before the one wait of the step."""
        states = self._states_of(plan.step, outcome)
        if not states:
            return
        started_s = time.perf_counter()
        predictions = self._forward.predict(states, plan.pad_to_rows, outcome)
        cleans: dict[str, Tensor] = {}
        for image_id, prediction in predictions.items():
            state = states[image_id]
            clean = self._attempt(outcome, image_id, lambda s=state, p=prediction: s.advance(p))
            if clean is not None:
                cleans[image_id] = clean
        if not self._arrived(list(cleans), outcome):
            return
        if outcome.step_rows:
            outcome.step_s = time.perf_counter() - started_s
        outcome.stepped += cleans
        for image_id in cleans:
            if image_id in plan.preview:
                self._preview(image_id, cleans[image_id], outcome)

    def _arrived(self, image_ids: Sequence[str], outcome: Outcome) -> bool:
        """Wait for the step. After an error that the device survives the latents are worth nothing. Where memory ran
        out, several images begin again, in smaller forwards; any others fail."""
        try:
            wait_for(self.model.device)
            return True
        except Exception as error:
            raise_if_device_lost(error)
            log.exception("a step of %d rows failed on the device", outcome.step_rows)
            if is_out_of_memory(error) and len(image_ids) > 1:
                outcome.too_many_rows = outcome.step_rows
                outcome.deferred += image_ids
                for image_id in image_ids:
                    self._release(image_id)
            else:
                for image_id in image_ids:
                    self._fail(outcome, image_id, error)
            outcome.step_rows = 0
            return False

    def _states_of(self, image_ids: Sequence[str], outcome: Outcome) -> dict[str, DenoiseState]:
        """The states of the begun images. An image that was never begun fails. Raises ValueError if sizes differ."""
        states: dict[str, DenoiseState] = {}
        for image_id in image_ids:
            if image_id in outcome.failed or image_id in outcome.deferred:
                continue
            if image_id in self._states:
                states[image_id] = self._states[image_id]
            else:
                outcome.failed[image_id] = ImageError("internal", "the picture was stepped before it was begun")
        if len({state.latents.shape for state in states.values()}) > 1:
            raise ValueError("all images of a step must have the same size")
        return states

    def _preview(self, image_id: str, clean: Tensor, outcome: Outcome) -> None:
        try:
            outcome.previews[image_id] = self._previewer.preview(clean)
        except Exception as error:  # a missing preview does not fail its image
            raise_if_device_lost(error)
            log.exception("image %s: preview failed", image_id)

    def _decode(self, image_id: str, outcome: Outcome) -> None:
        if image_id in outcome.failed:
            return
        state = self._states.pop(image_id, None)
        if state is None:
            outcome.failed[image_id] = ImageError("internal", "the picture was decoded before it was begun")
            return
        raw = self._attempt(outcome, image_id, lambda: decode_image(self.model, state.latents, self.memory))
        if raw is not None:
            outcome.decoded[image_id] = raw
            self._proven_loras |= {sha256 for sha256, _ in state.adapters}

    def _attempt(self, outcome: Outcome, image_id: str, work: Callable[[], T]) -> T | None:
        """The result of `work`; None if it raised, then the image has failed."""
        try:
            return work()
        except Exception as error:
            self._fail(outcome, image_id, error)
            return None

    def _attempt_with(
        self, adapters: AdapterSet, outcome: Outcome, image_id: str, work: Callable[[AdapterSet], T]
    ) -> T | None:
        """The same for work that applies LoRAs and can be repeated: if one of them is at fault, the error names it; if
        memory ran out, the work is done once more with all the memory that torch holds in reserve."""
        try:
            return work(adapters)
        except Exception as error:
            raise_if_device_lost(error)
            if not is_out_of_memory(error):
                cause = blamed(error, adapters, self._proven_loras, work)
                if cause is not error:
                    log.error("image %s failed for its LoRA", image_id, exc_info=error)
                self._fail(outcome, image_id, cause)
                return None
        free_cached(self.model.device)
        return self._attempt(outcome, image_id, lambda: work(adapters))

    def _fail(self, outcome: Outcome, image_id: str, error: Exception) -> None:
        raise_if_device_lost(error)
        outcome.failed[image_id] = image_error(error)
        self._release(image_id)
        log.error("image %s failed", image_id, exc_info=error)
