"""Map every spelling of a LoRA file's keys to one name for each layer: kohya's, over diffusers' blocks. Torch-free.

unet.mid_block.attentions.0.proj_in.lora_A.weight                       diffusers, PEFT
base_model.model.mid_block.attentions.0.proj_in.lora_A.weight           PEFT, saved from the UNet itself
lora_unet_mid_block_attentions_0_proj_in.lora_down.weight               kohya
lora_unet_middle_block_1_proj_in.lora_down.weight                       kohya, over SDXL's original blocks
→ lora_unet_mid_block_attentions_0_proj_in

The block numbers follow diffusers' `_maybe_map_sgm_blocks_to_diffusers` (`loaders/lora_conversion_utils.py`).
"""

import re
from collections.abc import Iterable

_LAYERS_PER_BLOCK = 2  # SDXL's; it determines how the original blocks are numbered

DOWN = (".lora_A.weight", ".lora.down.weight", ".lora_linear_layer.down.weight")
UP = (".lora_B.weight", ".lora.up.weight", ".lora_linear_layer.up.weight")
_KOHYA_PARTS = {"lora_down.weight": "down", "lora_up.weight": "up", "alpha": "alpha"}
_KOHYA = re.compile(r"(lora_unet|lora_te1|lora_te2|lora_te)_([A-Za-z0-9_]+)\.(lora_down\.weight|lora_up\.weight|alpha)")
_COMPONENTS = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}
_PEFT_PREFIX = "base_model.model."
_UNET_ROOTS = ("down_blocks", "mid_block", "up_blocks", "conv_in", "conv_out", "time_embedding", "add_embedding")

_SGM_BLOCK = re.compile(r"(input_blocks|output_blocks)_(\d+)_(\d+)(?:_(.+))?")
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


def peft_key(key: str) -> str:
    """Rename a key to PEFT's naming, which diffusers' loader expects; kohya's keys are returned unchanged, for
    diffusers' own converter.

    diffusers chooses the naming by the first key of a file and silently drops keys of another naming; files that were
    written by several of its versions mix them.
    """
    if key.startswith(_PEFT_PREFIX):
        key = key.removeprefix(_PEFT_PREFIX)
        if key.partition(".")[0] in _UNET_ROOTS:
            key = f"unet.{key}"
    for suffixes in (DOWN, UP):
        for suffix in suffixes:
            if key.endswith(suffix):
                return key.removesuffix(suffix) + suffixes[0]
    return key


def module_of(key: str) -> tuple[str, str] | None:
    """The layer of a key and its part: `down`, `up` or, in kohya's layout, `alpha`. None for any other key."""
    kohya = _KOHYA.fullmatch(key)
    if kohya:
        component = "lora_te1" if kohya[1] == "lora_te" else kohya[1]
        return layer_name(component, kohya[2]), _KOHYA_PARTS[kohya[3]]
    name = peft_key(key)
    component, _, rest = name.partition(".")
    for part, suffix in (("down", DOWN[0]), ("up", UP[0])):
        if component in _COMPONENTS and rest.endswith(suffix):
            return layer_name(_COMPONENTS[component], rest.removesuffix(suffix)), part
    return None


def layouts(keys: Iterable[str]) -> list[str]:
    """The spellings that occur. diffusers' converters assume one for a whole file and silently drop keys of others."""
    return sorted({_layout(key) for key in keys} - {""})


def _layout(key: str) -> str:
    if not key.startswith("lora_"):
        return "diffusers"
    if not key.startswith("lora_unet_"):
        return ""  # text encoders have a single spelling
    is_original = re.match(r"lora_unet_(input_blocks|middle_block|output_blocks)_", key)
    is_renamed = re.match(r"lora_unet_(down_blocks|mid_block|up_blocks)_", key)
    return "kohya over the original blocks" if is_original else "kohya over diffusers' blocks" if is_renamed else ""


def layer_name(component: str, path: str) -> str:
    """The name of a layer. `component` is `lora_unet`, `lora_te1` or `lora_te2`; `path` is the layer's path in
    diffusers' model or, for the UNet, in the original one, with dots or underscores."""
    flat = path.replace(".", "_")
    if component != "lora_unet":
        return f"{component}_{flat.removeprefix('text_model_')}"
    return f"{component}_{_diffusers_blocks(flat)}"


def _diffusers_blocks(flat: str) -> str:
    if flat in _SGM_OUTSIDE:
        return _SGM_OUTSIDE[flat]
    if middle := _SGM_MIDDLE.fullmatch(flat):
        return f"mid_block_{_SGM_MIDDLE_PARTS[int(middle[1])]}_{_SGM_LAYERS.get(middle[2], middle[2])}"
    block = _SGM_BLOCK.fullmatch(flat)
    if block is None or block[4] is None:
        return flat
    side, place, inner, layer = block[1], int(block[2]), int(block[3]), block[4]
    if side == "input_blocks":
        number, within = divmod(place - 1, _LAYERS_PER_BLOCK + 1)
        if layer == "op":
            return f"down_blocks_{number}_downsamplers_0_conv"
    else:
        number, within = divmod(place, _LAYERS_PER_BLOCK + 1)
        if layer == "conv":
            return f"up_blocks_{number}_upsamplers_0_conv"
    blocks = "down_blocks" if side == "input_blocks" else "up_blocks"
    kind = "attentions" if inner == 1 else "resnets"
    return f"{blocks}_{number}_{kind}_{within}_{_SGM_LAYERS.get(layer, layer)}"
