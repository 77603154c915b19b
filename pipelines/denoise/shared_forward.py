"""The predictions of one step: in one UNet forward of all images or, if it fails, in smaller ones. Torch thread."""

import logging
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from pipelines.denoise.forward import padded_rows, predict
from pipelines.denoise.state import DenoiseState
from pipelines.device import free_cached, wait_for
from pipelines.errors import is_out_of_memory, raise_if_device_lost
from pipelines.lora.backend import AdapterSet, LoraBackend
from pipelines.model.load import LoadedModel
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

    def predict(self, states: States, pad_to_rows: int, outcome: Outcome) -> dict[str, Tensor]:
        """The guided prediction of each image; the device may still be at it. If the shared forward cannot be launched,
        it is repeated with fewer images (memory ran out) or for each image alone, so that only the images that cause
        the error fail."""
        num_rows = padded_rows(_num_rows(states), pad_to_rows, self._exact_rows)
        try:
            predictions = self._forward(states, num_rows, self._exact_rows)
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

    def _predict_in_parts(self, states: States, outcome: Outcome) -> dict[str, Tensor]:
        """Predict half of the images at a time if memory ran out, one at a time after any other error. `step_rows`
        stays 0: the time of such a step is no measurement for any row count."""
        ids = list(states)
        size = len(ids) // 2 if outcome.too_many_rows and len(ids) > 1 else 1
        predictions: dict[str, Tensor] = {}
        for start in range(0, len(ids), size):
            part = {image_id: states[image_id] for image_id in ids[start : start + size]}
            predictions |= self._predict_part(part, outcome)
        return predictions

    def _predict_part(self, states: States, outcome: Outcome) -> dict[str, Tensor]:
        num_rows = padded_rows(_num_rows(states), 0, self._exact_rows)
        if len(states) > 1:
            try:
                return dict(zip(states, self._waited(states, num_rows, self._exact_rows), strict=True))
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
            lambda loras: self._waited({image_id: replace(state, adapters=loras)}, num_rows, row_by_row)[0],
        )
        return {} if alone is None else {image_id: alone}

    def _waited(self, states: States, num_rows: int, exact_rows: int) -> list[Tensor]:
        """A late error belongs to these images."""
        predictions = self._forward(states, num_rows, exact_rows)
        wait_for(self._model.device)
        return predictions

    def _forward(self, states: States, num_rows: int, exact_rows: int) -> list[Tensor]:
        return predict(self._model, self._loras, list(states.values()), num_rows, exact_rows)


def _num_rows(states: States) -> int:
    return sum(state.rows for state in states.values())
