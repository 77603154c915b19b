"""Identify the model in a `.safetensors` file by the names and shapes in its header. Torch-free; reads no tensor."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.safetensors_header import LENGTH_BYTES, SafetensorsError, TensorEntry, read_header

SDXL = "an SDXL checkpoint"
VAE = "a VAE (STUDIO_VAE takes one)"

_NOT_READ = "only .safetensors files are read: other formats can run code when they are opened"
_UNET_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
_LATENT_CHANNELS = 4
_EMA = "model_ema."

# The first pattern that a key of the file matches names its kind.
_KINDS = (
    (
        "a LoRA (its place is the folder STUDIO_LORA_DIR)",
        r"\.lora_[AB]\.|\blora_(up|down)\b|\.lora\.|^lora_|hada_|lokr_",
    ),
    ("a ControlNet", r"^control_model\.|^controlnet_|zero_convs\."),
    ("an SDXL refiner", r"^conditioner\.embedders\.0\.model\."),
    ("a Stable Diffusion 3 checkpoint", r"joint_blocks\.0\."),
    ("a FLUX checkpoint", r"double_blocks\.0\.|single_transformer_blocks\.0\."),
    ("a Stable Diffusion 1.x checkpoint", r"^cond_stage_model\.transformer\."),
    ("a Stable Diffusion 2.x checkpoint", r"^cond_stage_model\.model\."),
    (SDXL, r"^conditioner\.embedders\.1\.model\."),
    ("the UNet of an SDXL model, without its text encoders", r"^(model\.diffusion_model\.)?label_emb\."),
    ("the UNet of a Stable Diffusion 1.x or 2.x model", r"^(model\.diffusion_model\.)?input_blocks\.0\."),
    ("one part of a diffusers folder, a UNet (give the whole folder)", r"^down_blocks\.0\."),
    (VAE, r"^(first_stage_model\.|vae\.)?decoder\.(conv_in|mid|mid_block)\."),
    ("a text encoder", r"^(text_model|transformer\.resblocks|encoder\.block)\."),
    ("a textual inversion (its place is the folder STUDIO_EMBEDDING_DIR)", r"^(clip_[lg]|emb_params)$"),
)


class BaseModelError(ValueError):
    """The path is no base model (or VAE) that the studio can load; the text says what it is and what is expected."""


def read_tensors(path: Path) -> Mapping[str, TensorEntry]:
    """The tensors in a file's header, by key. Raises BaseModelError."""
    if path.suffix != ".safetensors":
        raise BaseModelError(f"{path} is a {path.suffix or 'file without an ending'}; {_NOT_READ}")
    try:
        with path.open("rb") as file:
            length = file.read(LENGTH_BYTES)
            header = read_header(length + file.read(min(int.from_bytes(length, "little"), path.stat().st_size)))
        num_bytes = path.stat().st_size
    except SafetensorsError as error:
        raise BaseModelError(f"{path} is damaged or no safetensors file: {error}") from error
    except OSError as error:
        raise BaseModelError(f"{path} cannot be read: {error.strerror or error}") from error
    expected = header.payload_start + header.num_payload_bytes
    if expected != num_bytes:
        raise BaseModelError(
            f"{path} is {num_bytes} bytes long, but its header describes {expected}: it is cut or still being written;"
            " download it again"
        )
    return header.tensors


def kind_of(keys: Iterable[str]) -> str:
    """The kind of a file in words, like "a Stable Diffusion 1.x checkpoint"."""
    names = list(keys)
    for kind, pattern in _KINDS:
        if any(re.search(pattern, name) for name in names):
            return kind
    return f"no model known here (it holds {names[0]!r})" if names else "empty"


def check_checkpoint(path: Path) -> Mapping[str, TensorEntry]:
    """The tensors of an SDXL checkpoint, with or without a VAE. Raises BaseModelError for anything else."""
    tensors = read_tensors(path)
    kind = kind_of(tensors)
    if kind != SDXL:
        raise BaseModelError(f"{path} is {kind}; expected is {SDXL}")
    unet_input = tensors.get(_UNET_INPUT)
    if unet_input is None:
        raise BaseModelError(f"{path} holds text encoders but no UNet ({_UNET_INPUT} is missing)")
    if unet_input.shape[1:2] != (_LATENT_CHANNELS,):
        raise BaseModelError(
            f"{path} is an SDXL model for inpainting or editing: its UNet takes {unet_input.shape[1]} channels,"
            f" expected are {_LATENT_CHANNELS}"
        )
    return tensors


def check_vae_file(path: Path) -> Mapping[str, TensorEntry]:
    """The tensors of a file that holds only a VAE. Raises BaseModelError for anything else."""
    tensors = read_tensors(path)
    kind = kind_of(tensors)
    if kind != VAE:
        raise BaseModelError(f"{path} is {kind}; STUDIO_VAE takes a VAE for SDXL, as a folder or a file")
    channels = next((entry.shape[1] for key, entry in tensors.items() if key.endswith("decoder.conv_in.weight")), 0)
    if channels != _LATENT_CHANNELS:
        raise BaseModelError(f"{path} is a VAE of {channels} latent channels; SDXL's have {_LATENT_CHANNELS}")
    return tensors


def has_vae(keys: Iterable[str]) -> bool:
    return any(key.startswith("first_stage_model.decoder.") for key in keys)


def num_weights(tensors: Mapping[str, TensorEntry]) -> int:
    """How many weights are loaded. The moving average of a training run, which some files carry too, is not."""
    return sum(math.prod(entry.shape) for key, entry in tensors.items() if not key.startswith(_EMA))


def scheduler_changes(keys: Iterable[str]) -> dict[str, object]:
    """The keys of the scheduler config that a checkpoint's marker tensors change.

    Models trained for v-prediction (arXiv 2202.00512) or a zero terminal signal-to-noise ratio (arXiv 2305.08891) carry
    an empty tensor named `v_pred` or `ztsnr`, the convention of ComfyUI.
    """
    names = set(keys)
    changes: dict[str, object] = {}
    if "v_pred" in names:
        changes["prediction_type"] = "v_prediction"
    if "ztsnr" in names:
        changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return changes
