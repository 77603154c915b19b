"""The bare diffusers loop that the server is compared with: the stock pipeline, one call after the other."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.utils.logging import disable_progress_bar
from PIL import Image
from transformers import CLIPTokenizer

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.model.info import read_config
from pipelines.model.load import DTYPES, load_model, resolve_device
from pipelines.prompt.vocabulary import read_vocabulary
from scripts.benchmark.jobs import NEGATIVE_PROMPT, Job

JPEG_QUALITY = 92  # the server's


@dataclass(frozen=True, slots=True)
class Model:
    """What both sides run. `base`: a folder, a file or a hub id; `lora`: one file, or none. `device`, `dtype` as the
    settings take them."""

    base: Path
    lora: Path | None
    lora_weight: float
    device: str
    dtype: str


class BareLoop:
    """A `StableDiffusionXLPipeline` as its documentation uses it, with the LoRA loaded the stock way, and each picture
    saved as a JPEG file in `folder`."""

    def __init__(self, model: Model, folder: Path) -> None:
        disable_progress_bar()
        self.folder = folder
        self.device, self.dtype = resolve_device(model.device, model.dtype)
        pipeline: Any = self._from_file(model.base) if model.base.is_file() else self._from_folder(model.base)
        pipeline.set_progress_bar_config(disable=True)
        self._pipeline = pipeline
        self._model = model
        if model.lora is not None:
            self._load(model.lora)
        self._scheduler_config: Mapping[str, Any] = dict(pipeline.scheduler.config)

    def pictures(self, jobs: Sequence[Job]) -> list[Image.Image]:
        """One call of the pipeline: a static batch of jobs that differ in prompt and seed alone."""
        first = jobs[0]
        self._pipeline.scheduler = make_sampler(first.sampler, self._scheduler_config)
        return self._pipeline(
            [job.prompt for job in jobs],
            negative_prompt=[NEGATIVE_PROMPT] * len(jobs),
            num_inference_steps=first.steps,
            guidance_scale=first.guidance_scale,
            width=first.width,
            height=first.height,
            generator=[torch.Generator("cpu").manual_seed(job.seed) for job in jobs],
        ).images

    def timed(self, jobs: Sequence[Job]) -> float:
        """Seconds from the prompts of one static batch to its files."""
        started_s = time.perf_counter()
        for job, picture in zip(jobs, self.pictures(jobs), strict=True):
            picture.save(self.folder / f"{job.seed}.jpg", "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return time.perf_counter() - started_s

    def timed_with_own_lora(self, job: Job, lora: Path) -> float:
        """Seconds from the prompt of a job to its file, its LoRA loaded before and unloaded after it."""
        started_s = time.perf_counter()
        self._load(lora)
        self.timed([job])
        self._pipeline.unload_lora_weights()
        return time.perf_counter() - started_s

    @contextmanager
    def without_lora(self) -> Generator[None]:
        self._pipeline.unload_lora_weights()
        yield
        if self._model.lora is not None:
            self._load(self._model.lora)

    def _load(self, lora: Path) -> None:
        self._pipeline.load_lora_weights(str(lora.parent), weight_name=lora.name, adapter_name="lora")
        self._pipeline.set_adapters(["lora"], [self._model.lora_weight])

    def _from_folder(self, base: Path) -> Any:
        """Or from a hub's cache."""
        return StableDiffusionXLPipeline.from_pretrained(str(base), dtype=DTYPES[self.dtype]).to(self.device)

    def _from_file(self, base: Path) -> Any:
        """The parts are read by our loader, as stock's fetches configs from a hub; the loop is stock's."""
        model = load_model(base, self.device, self.dtype)
        scheduler: Any = EulerDiscreteScheduler
        return StableDiffusionXLPipeline(
            vae=model.vae.to(memory_format=torch.contiguous_format),
            unet=model.unet.to(memory_format=torch.contiguous_format),
            text_encoder=model.text_encoders[0],
            text_encoder_2=model.text_encoders[1],
            tokenizer=_stock_tokenizer(model.configs / "tokenizer"),
            tokenizer_2=_stock_tokenizer(model.configs / "tokenizer_2"),
            scheduler=scheduler.from_config(dict(model.scheduler_config)),
        )


def _stock_tokenizer(folder: Path) -> Any:
    """transformers' own tokenizer, which cannot read the studio's packed vocabulary itself."""
    tokenizer_class: Any = CLIPTokenizer
    vocabulary, merges = read_vocabulary(folder)
    return tokenizer_class(vocab=vocabulary, merges=merges, **read_config(folder / "tokenizer_config.json"))
