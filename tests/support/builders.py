"""Specs and drafts for tests, from flat parameters."""

from typing import Any

from pipelines.model.info import ModelInfo
from pipelines.spec import ImageSpec, Output, Pass, Sampling, seed_at, start_index
from server.generation.policy import RequestPolicy
from server.queue.model import BaseModelRef, ImageDraft, JobDraft, LoraChoice, LoraChoices, Requester


def image_spec(**changes: Any) -> ImageSpec:
    """A small quick image. Takes the fields of Sampling, Output and ImageSpec, and those of its first pass, by name;
    the start of the pass follows from `strength`."""
    values: dict[str, Any] = {
        "prompt": "woman, red dress, beach, sunset",
        "negative_prompt": "",
        "sampler": "euler",
        "steps": 6,
        "guidance_scale": 7.0,
        "seed": 5,
        "width": 128,
        "height": 128,
        **changes,
    }
    sampling = Sampling(**{name: values.pop(name) for name in Sampling.__struct_fields__ if name in values})
    output = Output(**{name: values.pop(name) for name in Output.__struct_fields__ if name in values})
    first = {name: values.pop(name) for name in ("width", "height", "strength", "upscaler") if name in values}
    start = start_index(sampling.steps, first.get("strength", 1.0))
    passes = (Pass(**first, start=start), *values.pop("more_passes", ()))
    return ImageSpec(sampling=sampling, output=output, passes=passes, **values)


def draft(
    owner: str = "ip:127.0.0.1",
    num_images: int = 2,
    model: LoraChoice | None = None,
    loras: tuple[LoraChoice, ...] = (),
    address: str | None = None,
    key_id: str | None = None,
    end_user: str | None = None,
    **spec: Any,
) -> JobDraft:
    """A quick job of `num_images` images, without LoRAs unless it names some."""
    values = {
        "prompt": "red dress, beach sunset",
        "steps": 3,
        "width": 16,
        "height": 16,
        "seed": 100,
        "format": "png",
        "quality": "low",
        **spec,
    }
    first, choices = image_spec(**values), LoraChoices(model, loras)
    seeds = [seed_at(first.sampling.seed, n) for n in range(num_images)]
    images = tuple(ImageDraft(first.with_seed(seed), choices) for seed in seeds)
    return JobDraft("generate", Requester(owner, address, key_id, end_user), first.prompt, images)


def request_policy(**model: Any) -> RequestPolicy:
    """For a model like the demo's."""
    values: dict[str, Any] = {
        "name": "lora-studio-demo",
        "is_demo": True,
        "native_width": 256,
        "native_height": 256,
        "min_size_px": 128,
        "max_size_px": 512,
        "max_pixels": 147_456,
        "lora_base": "lora-studio-demo",
        **model,
    }
    return RequestPolicy(ModelInfo(**values), "jade", BaseModelRef("lora-studio-demo", "0" * 64))
