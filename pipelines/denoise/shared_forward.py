"""The predictions of one step: in one UNet forward of all images or, if it fails, in smaller ones. Torch thread."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from pipelines.denoise.compiled_kinds import CompiledKinds
from pipelines.denoise.forward import Rows, padded_rows, predict
from pipelines.denoise.state import DenoiseState
from pipelines.device import free_cached, wait_for
from pipelines.errors import is_out_of_memory, raise_if_device_lost
from pipelines.lora.backend import AdapterSet, LoraBackend
from pipelines.model.load import LoadedModel
from pipelines.model.memory_model import MemoryModel
from pipelines.outcome import Outcome

log = logging.getLogger(__name__)

States = dict[str, DenoiseState]
Alone = Callable[[AdapterSet, Outcome, str, Callable[[AdapterSet], Tensor]], Tensor | None]
"""(LoRAs, outcome, image id, work) → the result of `work(LoRAs)`; None if it raised, then the image has failed."""


class SharedForward:
    """`exact_rows`: if not 0, every forward has exactly that many rows. `alone` makes the last attempt for an image."""

    def __init__(self, model: LoadedModel, loras: LoraBackend, exact_rows: int, alone: Alone) -> None:
        self._model = model
        self._loras = loras
        self._exact_rows = exact_rows
        self._alone = alone
        self.memory: MemoryModel | None = None
        self.compiled: CompiledKinds | None = None

    def predict(self, states: States, pad_to_rows: int, outcome: Outcome) -> dict[str, Tensor]:
        """The guided prediction of each image; the device may still be at it. If the shared forward cannot be launched,
        it is repeated with fewer images (memory ran out) or for each image alone, so that only the images that cause
        the error fail."""
        num_rows = padded_rows(_num_rows(states), pad_to_rows, self._exact_rows)
        if (max_rows := self._max_rows(states)) < num_rows and len(states) > 1:
            outcome.too_many_rows = max_rows + 1
            log.info("a forward of %d rows would not fit into memory: forwards have %d at most", num_rows, max_rows)
            return self._predict_in_parts(states, outcome, max_rows)
        try:
            predictions = self._forward(states, num_rows, self._exact_rows, outcome)
            outcome.step_rows = num_rows
            return dict(zip(states, predictions, strict=True))
        except Exception as error:
            raise_if_device_lost(error)
            if is_out_of_memory(error):
                outcome.too_many_rows = num_rows
                log.warning("out of memory in a forward of %d rows; later forwards have fewer rows", num_rows)
            else:
                log.exception("a forward of %d rows failed; trying its images one by one", num_rows)
        free_cached(self._model.device)
        return self._predict_in_parts(states, outcome)

    def _max_rows(self, states: States) -> int:
        """Rows that fit into memory, as far as that is known."""
        if self.memory is None or self._exact_rows:
            return sys.maxsize
        first = next(iter(states.values())).latents
        return self.memory.max_rows(first.shape[-2] * first.shape[-1] * self._model.pixels_per_latent**2)

    def _predict_in_parts(self, states: States, outcome: Outcome, max_rows: int = 0) -> dict[str, Tensor]:
        """Predict as many images at a time as have two rows each in `max_rows`; 0: half of them if memory ran out, one
        at a time after any other error. `step_rows` stays 0: the time of such a step is no measurement for any row
        count."""
        ids = list(states)
        size = max(1, max_rows // 2 if max_rows else len(ids) // 2 if outcome.too_many_rows else 1)
        predictions: dict[str, Tensor] = {}
        for start in range(0, len(ids), size):
            part = {image_id: states[image_id] for image_id in ids[start : start + size]}
            predictions |= self._predict_part(part, outcome)
        return predictions

    def _predict_part(self, states: States, outcome: Outcome) -> dict[str, Tensor]:
        num_rows = padded_rows(_num_rows(states), 0, self._exact_rows)
        if len(states) > 1:
            try:
                return dict(zip(states, self._waited(states, num_rows, self._exact_rows, outcome), strict=True))
            except Exception as error:
                raise_if_device_lost(error)
            free_cached(self._model.device)
            return self._predict_in_parts(states, outcome)
        ((image_id, state),) = states.items()
        row_by_row = 1 if outcome.too_many_rows and not self._exact_rows else self._exact_rows
        alone = self._alone(
            state.adapters,
            outcome,
            image_id,
            lambda loras: self._waited({image_id: replace(state, adapters=loras)}, num_rows, row_by_row, outcome)[0],
        )
        return {} if alone is None else {image_id: alone}

    def _waited(self, states: States, num_rows: int, exact_rows: int, outcome: Outcome) -> list[Tensor]:
        """A late error belongs to these images."""
        predictions = self._forward(states, num_rows, exact_rows, outcome)
        wait_for(self._model.device)
        return predictions

    def _forward(self, states: States, num_rows: int, exact_rows: int, outcome: Outcome) -> list[Tensor]:
        def note(rows: Rows) -> None:
            if self.compiled is not None and (reason := self.compiled.reason(rows)) is not None:
                outcome.uncompiled = reason

        return predict(self._model, self._loras, list(states.values()), num_rows, exact_rows, note)


def _num_rows(states: States) -> int:
    return sum(state.rows for state in states.values())
