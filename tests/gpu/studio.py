"""A runner of SDXL on the pretended GPU, and the books of what it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pipelines.denoise.state import DenoiseState
from pipelines.lora.backend import adapter_set
from pipelines.lora.bank import LoraBank
from pipelines.model.load import LoadedModel
from pipelines.plan import BeginOrder, StepPlan, StepResult
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, LoraRef
from tests.gpu.books import Books
from tests.gpu.pretended import PretendedGpu
from tests.gpu.sdxl import write_sdxl_lora
from tests.support.builders import image_spec

SIDE_PX = 1024


class Studio:
    """Within `gpu.installed()`. `folder`: of LoRA files."""

    def __init__(self, gpu: PretendedGpu, model: LoadedModel, folder: Path, options: RunnerOptions | None = None):
        self.gpu = gpu
        self.model = model
        self.folder = folder
        self.decoded_px = SIDE_PX
        self._loras: dict[str, LoraRef] = {}
        with gpu:
            self.runner = SDXLRunner(model, folder, options)

    def lora(self, name: str, **which: Any) -> LoraRef:
        """Written the first time; see `write_sdxl_lora`."""
        if name not in self._loras:
            self._loras[name] = write_sdxl_lora(self.model, self.folder, name, **which)
        return self._loras[name]

    def run(self, **plan: Any) -> tuple[StepResult, Books]:
        with self.gpu, self.gpu.counting() as books:
            result = self.runner.execute(StepPlan(**plan))
        assert not result.failed and not result.encode_failed and not result.deferred
        return result, books

    def begin(self, *specs: ImageSpec) -> tuple[tuple[str, ...], Books]:
        self.runner.fetch_loras({lora.sha256 for spec in specs for lora in spec.loras}).result()
        orders = tuple(BeginOrder(f"image-{number}", spec) for number, spec in enumerate(specs))
        _, books = self.run(begin=orders)
        return tuple(order.image_id for order in orders), books

    def encode(self, *specs: ImageSpec) -> Books:
        """The books of images that begin; no prompt is encoded yet."""
        self.runner._encoder._cache.clear()
        ids, books = self.begin(*specs)
        self.run(release=ids)
        return books

    def keep_only(self, lora: LoraRef) -> None:
        """Of all LoRAs in the bank."""
        with self.gpu, torch.inference_mode():
            for sha256 in self.runner.resident_loras - {lora.sha256}:
                self._bank._evict(sha256, shrink=True)
        self._bank._resident &= {lora.sha256}
        if not self._bank.resident:
            self.join(lora)

    def join(self, lora: LoraRef) -> Books:
        """The books of a LoRA's way into the bank."""
        self.runner.fetch_loras([lora.sha256]).result()
        with self.gpu, torch.inference_mode(), self.gpu.counting() as books:
            assert self._bank.admit(adapter_set((lora,)), ())
        return books

    @property
    def _bank(self) -> LoraBank:
        assert isinstance(self.runner._loras, LoraBank)
        return self.runner._loras

    def forward(self, *specs: ImageSpec) -> Books:
        """The books of one shared forward, up to the wait at its end."""
        ids, _ = self.begin(*specs)
        with advances_apart(self.gpu):
            result, books = self.run(step=ids)
        assert result.step_rows == sum(spec.rows for spec in specs)
        self.run(release=ids)
        return books


@contextmanager
def advances_apart(gpu: PretendedGpu) -> Iterator[dict[str, Books]]:
    """Keep the books of each image's sampler on their own: by sampler, those of the most launches."""
    kept: dict[str, Books] = {}
    advance = DenoiseState.advance

    def counted(state: DenoiseState, prediction: Tensor) -> Tensor:
        with gpu.counting() as books:
            clean = advance(state, prediction)
        name = state.spec.sampling.sampler
        if name not in kept or books.num_launches > kept[name].num_launches:
            kept[name] = books
        return clean

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DenoiseState, "advance", counted)
        yield kept


def wanted(**changes: Any) -> ImageSpec:
    return image_spec(**{"width": SIDE_PX, "height": SIDE_PX, "steps": 8, **changes})
