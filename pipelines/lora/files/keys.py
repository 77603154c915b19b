"""Map every spelling of a LoRA file's keys to a layer of SDXL and a part of its change. Torch-free.

unet.mid_block.attentions.0.proj_in.lora_A.weight                       diffusers, PEFT
unet.mid_block.attentions.0.attn1.processor.to_q_lora.down.weight       diffusers, attention processors
base_model.model.mid_block.attentions.0.proj_in.lora_A.default.weight   PEFT, saved from the UNet itself
diffusion_model.middle_block.1.proj_in.lora_down.weight                 ComfyUI, OneTrainer, over SDXL's original blocks
lora_unet_mid_block_attentions_0_proj_in.lora_down.weight               kohya
lora_unet_middle_block_1_proj_in.hada_w1_a                              LyCORIS over SDXL's original blocks
→ lora_unet_mid_block_attentions_0_proj_in and its part

The block numbers follow diffusers' `_maybe_map_sgm_blocks_to_diffusers` (`loaders/lora_conversion_utils.py`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

MAX_KEY_CHARACTERS = 1000
LAYERS_PER_BLOCK = 2
"""SDXL's; it determines how the original blocks are numbered."""

_KEY = re.compile(
    r"(?P<module>.+?)(?:"
    r"\.lora_(?P<peft>[AB])(?:\.[^.]+)?\.weight"
    r"|\.lora\.(?P<dotted>down|up)\.weight"
    r"|\.lora_linear_layer\.(?P<text>down|up)\.weight"
    r"|\.lora_(?P<kohya>down|up|mid)\.weight"
    r"|_lora\.(?P<processor>down|up)\.weight"
    r"|\.(?P<lycoris>hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2))(?:\.[^.]+)?"
    r"|\.(?P<alpha>alpha)"
    r")",
    re.DOTALL,
)
_PEFT_PARTS = {"A": "down", "B": "up"}

# The first prefix that fits decides.
_FLAT_PREFIXES = (
    ("lora_unet_", "lora_unet"),
    ("lora_te1_", "lora_te1"),
    ("lora_te2_", "lora_te2"),
    ("lora_te_", "lora_te1"),
    ("lycoris_unet_", "lora_unet"),
    ("lycoris_", "lora_unet"),
)
_DOTTED_PREFIXES = (
    ("unet.", "lora_unet"),
    ("diffusion_model.", "lora_unet"),
    ("model.diffusion_model.", "lora_unet"),
    ("text_encoder.", "lora_te1"),
    ("text_encoder_2.", "lora_te2"),
    ("clip_l.", "lora_te1"),
    ("clip_g.", "lora_te2"),
    ("text_encoders.clip_l.transformer.", "lora_te1"),
    ("text_encoders.clip_g.transformer.", "lora_te2"),
)
_PEFT_PREFIX = "base_model.model."
_FLAT_PATH = re.compile(r"[A-Za-z0-9_]+")
_UNET_ROOT = re.compile(
    r"(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding"
    r"|input_blocks|middle_block|output_blocks|time_embed|label_emb|out)\."
)
_PROCESSOR_LAYERS = {
    "lora_unet": {"to_q": "to_q", "to_k": "to_k", "to_v": "to_v", "to_out": "to_out.0"},
    "lora_te1": {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"},
}
_PROCESSOR_LAYERS["lora_te2"] = _PROCESSOR_LAYERS["lora_te1"]

_SGM_BLOCK = re.compile(r"(input_blocks|output_blocks)_(\d{1,4})_(\d{1,4})(?:_(.+))?")
_SGM_MIDDLE = re.compile(r"middle_block_([012])_(.+)")
_SGM_MIDDLE_PARTS = ("resnets_0", "attentions_0", "resnets_1")
_SGM_LAYERS = {
    "in_layers_2": "conv1",
    "out_layers_3": "conv2",
    "emb_layers_1": "time_emb_proj",
    "skip_connection": "conv_shortcut",
}
_SGM_OUTSIDE = {
    "input_blocks_0_0": "conv_in",
    "out_2": "conv_out",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
}

MAX_IGNORED_GROUPS = 20
_SHOWN_KEY_CHARACTERS = 120
_NO_PART = "no part of a LoRA that is known here"
_EMBEDDING = "an embedding (textual inversion); a LoRA is used without it"
_EMBEDDING_KEY = re.compile(r"bundle_emb\.|(clip_[lg]|emb_params)$")


class KeyPlace(NamedTuple):
    """The meaning of a key. `component` is `lora_unet`, `lora_te1` or `lora_te2`; `path` leads to the layer in that
    component, as the file spells it.

    `part`: `down`, `up`, `mid` (a low-rank pair), `alpha`, or one of LyCORIS' names (`hada_w1_a`, `lokr_w2`).
    """

    component: str
    path: str
    part: str


def place_of(key: str) -> KeyPlace | None:
    """None for a key that is no part of a LoRA, or of no part of SDXL that is known here."""
    match = _KEY.fullmatch(key) if len(key) <= MAX_KEY_CHARACTERS else None
    if match is None:
        return None
    place = _layer_of(match["module"])
    if place is None:
        return None
    component, path = place
    if match["processor"]:
        parent, dot, leaf = path.rpartition(".")
        if leaf not in _PROCESSOR_LAYERS[component]:
            return None
        path = parent + dot + _PROCESSOR_LAYERS[component][leaf]
    fields = ("dotted", "text", "kohya", "processor", "lycoris", "alpha")
    part = _PEFT_PARTS.get(match["peft"]) or next(match[field] for field in fields if match[field])
    return KeyPlace(component, path, part)


def _layer_of(module: str) -> tuple[str, str] | None:
    """(component, path) of a key's module."""
    for prefix, component in _FLAT_PREFIXES:
        if module.startswith(prefix):
            path = module.removeprefix(prefix)
            return (component, path) if _FLAT_PATH.fullmatch(path) else None
    path = module.removeprefix(_PEFT_PREFIX)
    prefix, component = next((each for each in _DOTTED_PREFIXES if path.startswith(each[0])), ("", "lora_unet"))
    if not prefix and not _UNET_ROOT.match(f"{path}."):
        return None
    path = path.removeprefix(prefix).removeprefix(_PEFT_PREFIX).replace(".processor.", ".")
    return component, path if component == "lora_unet" else path.removeprefix("text_model.")


def layer_name(component: str, path: str, layers_per_block: int = LAYERS_PER_BLOCK) -> str:
    """The name of a layer: kohya's, over diffusers' blocks. `path` is the layer's path in diffusers' model or, for the
    UNet, in the original one, with dots or underscores."""
    flat = path.replace(".", "_")
    if component != "lora_unet":
        return f"{component}_{flat.removeprefix('text_model_')}"
    return f"{component}_{_diffusers_blocks(flat, layers_per_block)}"


def _diffusers_blocks(flat: str, layers_per_block: int) -> str:
    if flat in _SGM_OUTSIDE:
        return _SGM_OUTSIDE[flat]
    if middle := _SGM_MIDDLE.fullmatch(flat):
        return f"mid_block_{_SGM_MIDDLE_PARTS[int(middle[1])]}_{_SGM_LAYERS.get(middle[2], middle[2])}"
    block = _SGM_BLOCK.fullmatch(flat)
    if block is None or block[4] is None:
        return flat
    side, place, inner, layer = block[1], int(block[2]), int(block[3]), block[4]
    if side == "input_blocks":
        number, within = divmod(place - 1, layers_per_block + 1)
        if layer == "op":
            return f"down_blocks_{number}_downsamplers_0_conv"
    else:
        number, within = divmod(place, layers_per_block + 1)
        if layer == "conv":
            return f"up_blocks_{number}_upsamplers_0_conv"
    blocks = "down_blocks" if side == "input_blocks" else "up_blocks"
    kind = "attentions" if inner == 1 else "resnets"
    return f"{blocks}_{number}_{kind}_{within}_{_SGM_LAYERS.get(layer, layer)}"


# ---- what is left out


class Stray(NamedTuple):
    """A key that is left out. `component`: the part of SDXL that it names, "" for none."""

    key: str
    component: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IgnoredKeys:
    """Keys of a file that change nothing, and why. `keys`: the only one, or what they start with and `*`."""

    keys: str
    count: int
    reason: str


def grouped(strays: Iterable[Stray]) -> tuple[IgnoredKeys, ...]:
    """At most MAX_IGNORED_GROUPS, by reason and component or, for keys of no component, by their first name."""
    groups: dict[tuple[str, str], list[str]] = {}
    for stray in strays:
        reason = stray.reason or (_EMBEDDING if _EMBEDDING_KEY.match(stray.key) else _NO_PART)
        place = (stray.component or stray.key.partition(".")[0], reason)
        if place not in groups and len(groups) >= MAX_IGNORED_GROUPS:
            place = next(reversed(groups))
        groups.setdefault(place, []).append(stray.key)
    return tuple(IgnoredKeys(_common_start(keys), len(keys), reason) for (_, reason), keys in groups.items())


def _common_start(keys: list[str]) -> str:
    if len(keys) == 1:
        return keys[0][:_SHOWN_KEY_CHARACTERS]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(min(keys), max(keys), strict=False))
    return "".join(char for char, _ in alike)[:_SHOWN_KEY_CHARACTERS] + "*"
