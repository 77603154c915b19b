"""What the budget table is for: for each of its lines a cause that costs more, put back into the program."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor, nn

from pipelines.denoise import forward as denoise_forward
from pipelines.denoise.blend import HardBlend
from pipelines.denoise.samplers import SAMPLERS
from pipelines.denoise.state import DenoiseState
from pipelines.device import to_device
from pipelines.image import source_latents, vae
from pipelines.image.previews import Previewer
from pipelines.image.source_latents import EncodedSource
from pipelines.lora import layer as lora_layer
from pipelines.lora.merge import LoraMerge
from pipelines.lora.weights import LoraPair, LoraWeights
from pipelines.model import acceleration
from pipelines.prompt.encoder import PromptEncoder
from tests.gpu import lines
from tests.gpu.lines import Measure
from tests.gpu.pretended import CUDA
from tests.gpu.studio import Studio

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Cause:
    """`put_back` changes the program; `measure` then gives books in which `column` of the `lines` does not hold."""

    put_back: Callable[[Patch, Studio], None]
    column: str
    measure: Measure
    lines: tuple[str, ...]


def attention_divides(patch: Patch, studio: Studio) -> None:
    """diffusers' own attention."""
    for module in studio.model.unet.modules():
        if isinstance(module, Attention):
            patch.setattr(module, "processor", AttnProcessor2_0())


def a_wait_in_each_step(patch: Patch, studio: Studio) -> None:
    after(patch, denoise_forward, "forward", lambda output, *_: output.sum().item())


def a_copy_for_each_image(patch: Patch, studio: Studio) -> None:
    after(patch, denoise_forward, "forward", lambda output, *_: [torch.ones(1).to(CUDA) for _ in output])


def numbers_sent_apart(patch: Patch, studio: Studio) -> None:
    after(patch, denoise_forward, "forward", lambda output, *_: to_device([1.0], output.device))


def outputs_held(patch: Patch, studio: Studio) -> None:
    held: list[Tensor] = []
    after(patch, nn.GroupNorm, "forward", lambda output, *_: held.append(output))


def a_number_is_read(patch: Patch, studio: Studio) -> None:
    """As UniPC read six in each step."""
    after(patch, DenoiseState, "advance", lambda clean, *_: clean.sum().item())


def runs_are_gathered(patch: Patch, studio: Studio) -> None:
    patch.setattr(studio.runner._loras, "_by_runs", False)


def a_change_is_added_apart(patch: Patch, studio: Studio) -> None:
    def add(output: Tensor, x: Tensor, down: Tensor, up: Tensor, scale: Tensor) -> None:
        rows = x.reshape(len(scale), -1, x.shape[-1])
        narrow = torch.bmm(rows, down.mT).mul_(scale[:, None, None])
        output.view(len(scale), -1, output.shape[-1]).add_(torch.bmm(narrow, up.mT))

    patch.setattr(lora_layer, "add_to_linear", add)


def a_convolution_s_change_is_added_apart(patch: Patch, studio: Studio) -> None:
    add_run = lora_layer._add_run

    def add(layer: Any, run: Any, output: Tensor, x: Tensor, stack: Any, alpha: float) -> None:
        if not isinstance(layer, nn.Conv2d):
            return add_run(layer, run, output, x, stack, alpha)
        narrow = nn.functional.conv2d(x, stack.down[run.slot], None, layer.stride, layer.padding, layer.dilation)
        output.add_(nn.functional.conv2d(narrow, stack.up[run.slot][..., None, None]), alpha=alpha)

    patch.setattr(lora_layer, "_add_run", add)


def merged_in_each_step(patch: Patch, studio: Studio) -> None:
    before(patch, LoraMerge, "prepare", lambda merge, *_: setattr(merge, "_merged", ()))


def a_preview_is_checked(patch: Patch, studio: Studio) -> None:
    before(patch, Previewer, "preview", lambda _, latents: bool(torch.isfinite(latents).all()))


def the_mask_s_noise_is_drawn_in_each_step(patch: Patch, studio: Studio) -> None:
    after(patch, HardBlend, "blended", lambda latents, *_: torch.randn(latents.shape).to(CUDA))


def matrices_are_copied_one_by_one(patch: Patch, studio: Studio) -> None:
    def on(weights: LoraWeights, device: torch.device) -> LoraWeights:
        pairs = {
            name: LoraPair(pair.values.to(device), pair.down_shape, pair.scale) for name, pair in weights.pairs.items()
        }
        return LoraWeights(pairs, weights.packed)

    patch.setattr(LoraWeights, "on", on)


def prompts_are_encoded_twice(patch: Patch, studio: Studio) -> None:
    encode = PromptEncoder._encode
    before(patch, PromptEncoder, "_encode", lambda *inputs: encode(*inputs))


def an_embedding_is_checked(patch: Patch, studio: Studio) -> None:
    after(patch, PromptEncoder, "_encode", lambda embedding, *_: bool(torch.isfinite(embedding.context).all()))


def each_image_encodes_its_prompts(patch: Patch, studio: Studio) -> None:
    before(patch, PromptEncoder, "encode", lambda encoder, *_: encoder._cache.clear())


def a_source_is_encoded_twice(patch: Patch, studio: Studio) -> None:
    encode = source_latents.encode_pixels
    before(patch, source_latents, "encode_pixels", lambda *inputs: encode(*inputs))


def moments_stay_on_the_host(patch: Patch, studio: Studio) -> None:
    before(patch, EncodedSource, "sample", lambda source, _: setattr(source, "mean", source.mean.cpu().to(CUDA)))


def decoded_in_tiles(patch: Patch, studio: Studio) -> None:
    patch.setattr(vae, "_is_large", lambda *_: True)


def smaller_tiles(patch: Patch, studio: Studio) -> None:
    patch.setattr(acceleration, "TILE_PX", acceleration.TILE_PX // 2)


def cast_for_each_image(patch: Patch, studio: Studio) -> None:
    """There and back, as stock diffusers does."""
    after(patch, vae, "decode_image", lambda _, model, *__: vae._cast(model.vae, model.dtype))
    patch.setattr(lines, "decode_image", vae.decode_image)


def before(patch: Patch, owner: Any, name: str, work: Callable[..., object]) -> None:
    original = getattr(owner, name)

    def then(*inputs: Any, **options: Any) -> Any:
        work(*inputs)
        return original(*inputs, **options)

    patch.setattr(owner, name, then)


def after(patch: Patch, owner: Any, name: str, work: Callable[..., object]) -> None:
    """`work` gets the output, then the inputs."""
    original = getattr(owner, name)

    def then(*inputs: Any, **options: Any) -> Any:
        output = original(*inputs, **options)
        work(output, *inputs)
        return output

    patch.setattr(owner, name, then)


PLAIN, MASKED = "forward of 6 rows", "a step of euler with a mask"
ROWS = f"forward of {2 * len(SAMPLERS)} rows"
BEGUN = f"two prompts and the noise of {len(SAMPLERS)} pictures"
STEPS = tuple(f"a step of {name}" for name in SAMPLERS)
CAUSES: dict[str, Cause] = {
    "attention divides by 1": Cause(attention_divides, "launches", lines.samplers, (ROWS,)),
    "the host waits in each step": Cause(a_wait_in_each_step, "waits", lines.images_from_images, (PLAIN,)),
    "each image has a copy of its own": Cause(a_copy_for_each_image, "pageable", lines.images_from_images, (PLAIN,)),
    "numbers are sent apart": Cause(numbers_sent_apart, "pinned", lines.images_from_images, (PLAIN,)),
    "outputs of layers are held": Cause(outputs_held, "live_mb", lines.images_from_images, (PLAIN,)),
    "a sampler reads a number": Cause(a_number_is_read, "waits", lines.samplers, STEPS),
    "a mask's noise is drawn in each step": Cause(
        the_mask_s_noise_is_drawn_in_each_step, "pageable", lines.images_from_images, (MASKED,)
    ),
    "each row gathers its LoRA": Cause(runs_are_gathered, "launches", lines.one_lora, ("forward of 4 rows, one LoRA",)),
    "a LoRA's change is added apart": Cause(
        a_change_is_added_apart, "launches", lines.two_loras, ("forward of 5 rows, two LoRAs",)
    ),
    "a convolution's change is added apart": Cause(
        a_convolution_s_change_is_added_apart,
        "launches",
        lines.convolutions,
        ("forward of 2 rows, one LoRA with convolutions",),
    ),
    "a LoRA is merged in each step": Cause(
        merged_in_each_step, "launches", lines.merged, ("forward of 2 rows, one LoRA merged",)
    ),
    "a preview is checked": Cause(a_preview_is_checked, "waits", lines.preview, ("forward of 2 rows and a preview",)),
    "matrices are copied one by one": Cause(
        matrices_are_copied_one_by_one, "pageable", lines.a_lora_joins, ("a LoRA joins",)
    ),
    "prompts are encoded twice": Cause(
        prompts_are_encoded_twice, "launches", lines.a_lora_joins, ("two prompts are encoded with a LoRA",)
    ),
    "an embedding is checked": Cause(
        an_embedding_is_checked, "waits", lines.weighted_prompt, ("a prompt with weights",)
    ),
    "each image encodes its prompts": Cause(each_image_encodes_its_prompts, "launches", lines.samplers, (BEGUN,)),
    "a source is encoded twice": Cause(
        a_source_is_encoded_twice, "launches", lines.images_from_images, ("a source is encoded",)
    ),
    "a source stays on the host": Cause(
        moments_stay_on_the_host, "waits", lines.images_from_images, ("three pictures from a source begin",)
    ),
    "pictures are decoded in tiles": Cause(decoded_in_tiles, "launches", lines.decode, ("decode in float16",)),
    "tiles are smaller": Cause(smaller_tiles, "launches", lines.decode_in_tiles, ("decode in float16, in tiles",)),
    "the VAE is cast for each picture": Cause(
        cast_for_each_image, "launches", lines.decode_in_float32, ("decode in float32",)
    ),
}
