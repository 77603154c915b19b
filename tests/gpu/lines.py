"""How each line of the budget table is measured. A measurement gives the same again, on the same studio."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from pipelines.denoise.samplers import SAMPLERS
from pipelines.image.vae import decode_image
from pipelines.model.acceleration import in_tiles
from pipelines.plan import EncodeOrder, SourceImage
from pipelines.sdxl import RunnerOptions
from pipelines.spec import ImageSpec, LoraRef, Mask, Source
from tests.gpu.books import Books
from tests.gpu.pretended import CUDA
from tests.gpu.studio import SIDE_PX, Studio, advances_apart, wanted

Measured = Mapping[str, Books]
Measure = Callable[[Studio], Measured]


def samplers(studio: Studio) -> Measured:
    studio.runner._encoder._cache.clear()
    ids, begun = studio.begin(*(wanted(sampler=name) for name in SAMPLERS))
    with advances_apart(studio.gpu) as after:
        _, forward = studio.run(step=ids)
        with studio.gpu, torch.inference_mode():
            for _ in range(3):  # a solver's later steps take more than its first
                for image_id in ids:
                    state = studio.runner._states[image_id]
                    state.advance(torch.empty_like(state.latents))
    studio.run(release=ids)
    return {
        f"two prompts and the noise of {len(SAMPLERS)} pictures": begun,
        f"forward of {2 * len(SAMPLERS)} rows": forward,
        **{f"a step of {name}": after[name] for name in SAMPLERS},
    }


def one_lora(studio: Studio) -> Measured:
    jade = (studio.lora("jade"),)
    forward = studio.forward(wanted(loras=jade), wanted(loras=jade, seed=1))
    return {"forward of 4 rows, one LoRA": forward}


def a_lora_joins(studio: Studio) -> Measured:
    """The second one."""
    jade, amber = studio.lora("jade"), studio.lora("amber")
    studio.keep_only(jade)
    return {
        "a LoRA joins": studio.join(amber),
        "two prompts are encoded with a LoRA": studio.encode(wanted(loras=(amber,))),
    }


def two_loras(studio: Studio) -> Measured:
    def with_lora(lora: LoraRef, **changes: Any) -> ImageSpec:
        return wanted(loras=(lora,), **changes)

    jade, amber = studio.lora("jade"), studio.lora("amber")
    mixed = studio.forward(with_lora(jade), with_lora(amber), with_lora(jade, guidance_scale=1.0))
    return {"forward of 5 rows, two LoRAs": mixed}


def convolutions(studio: Studio) -> Measured:
    film = studio.lora("film", convolutions=True, only="unet.")
    return {"forward of 2 rows, one LoRA with convolutions": studio.forward(wanted(loras=(film,)))}


def merged(studio: Studio) -> Measured:
    merging = Studio(studio.gpu, studio.model, studio.folder, RunnerOptions(merged_loras=True))
    forward = merging.forward(wanted(loras=(merging.lora("small", only="mid_block"),)))
    merging.forward(wanted())  # the weights are as before
    return {"forward of 2 rows, one LoRA merged": forward}


def weighted_prompt(studio: Studio) -> Measured:
    """The empty negative prompt is encoded already."""
    studio.encode(wanted())
    ids, books = studio.begin(wanted(prompt="a woman (in red:1.2), (beach:0.8)"))
    studio.run(release=ids)
    return {"a prompt with weights": books}


def preview(studio: Studio) -> Measured:
    ids, _ = studio.begin(wanted())
    with advances_apart(studio.gpu):
        studio.run(step=ids, preview=ids)  # the map is fitted once
        _, later = studio.run(step=ids, preview=ids)
    studio.run(release=ids)
    return {"forward of 2 rows and a preview": later}


def source(mode: str | None) -> dict[str, Any]:
    return {
        "source": Source("0" * 64, SIDE_PX, SIDE_PX, mask=Mask("1" * 64, mode=mode) if mode else None),
        "strength": 0.5,
    }


def images_from_images(studio: Studio) -> Measured:
    """Without a mask, and with both kinds of masks."""
    specs = [wanted(**source(mode)) for mode in (None, "hard", "soft")]
    image = SourceImage(SIDE_PX, SIDE_PX, bytes(3 * SIDE_PX**2), bytes(SIDE_PX**2))
    keys = [spec.source_key for spec in specs if spec.source_key]
    _, encoded = studio.run(encode=(EncodeOrder(keys[0], image),))
    studio.run(encode=tuple(EncodeOrder(key, replace(image)) for key in keys[1:]))
    studio.begin(wanted())  # its prompts are encoded
    studio.run(release=("image-0",))
    ids, begun = studio.begin(*specs)
    with advances_apart(studio.gpu) as after:
        _, forward = studio.run(step=ids)
    studio.run(release=ids, forget=tuple(keys))
    return {
        "a source is encoded": encoded,
        "three pictures from a source begin": begun,
        "forward of 6 rows": forward,
        "a step of euler with a mask": after["euler"],
    }


def latents_of(studio: Studio) -> Tensor:
    side = studio.decoded_px // 8
    return torch.empty((1, 4, side, side), device=CUDA)


def decode(studio: Studio) -> Measured:
    with studio.gpu, torch.inference_mode(), studio.gpu.counting() as whole:
        decode_image(studio.model, latents_of(studio))
    return {"decode in float16": whole}


def decode_in_tiles(studio: Studio) -> Measured:
    with studio.gpu, torch.inference_mode(), in_tiles(studio.model.vae), studio.gpu.counting() as tiled:
        decode_image(studio.model, latents_of(studio))
    return {"decode in float16, in tiles": tiled}


def decode_in_float32(studio: Studio) -> Measured:
    model = replace(studio.model, half_vae=False)
    with studio.gpu, torch.inference_mode():
        decode_image(model, latents_of(studio))  # the first time the weights are cast, for good
        with studio.gpu.counting() as in_float32:
            decode_image(model, latents_of(studio))
        torch.nn.Module.to(model.vae, model.dtype)  # as the other measurements expect it
    return {"decode in float32": in_float32}


MEASUREMENTS: tuple[Measure, ...] = (
    samplers,
    weighted_prompt,
    preview,
    images_from_images,
    decode,
    decode_in_tiles,
    decode_in_float32,
    one_lora,
    a_lora_joins,
    two_loras,
    convolutions,
    merged,
)
