"""Layer names agree with diffusers' converters, for LoRA files and for base models."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders import lora_conversion_utils

from pipelines.lora.files.base_layers import read_base_layers
from pipelines.lora.files.file import read_lora
from pipelines.lora.files.keys import layer_name, place_of
from tests.support.loras.files import kohya_copy
from tests.support.loras.original_layout import write_small_sdxl
from tests.support.servers.server_process import ROOT

converters: Any = lora_conversion_utils

LAYERS = [
    "input_blocks_0_0",
    "input_blocks_1_0_in_layers_2",
    "input_blocks_2_0_emb_layers_1",
    "input_blocks_3_0_op",
    "input_blocks_4_0_skip_connection",
    "input_blocks_4_1_proj_in",
    "input_blocks_5_1_transformer_blocks_1_attn2_to_k",
    "input_blocks_8_1_transformer_blocks_9_ff_net_0_proj",
    "middle_block_0_out_layers_3",
    "middle_block_1_transformer_blocks_3_attn1_to_out_0",
    "middle_block_2_in_layers_2",
    "output_blocks_0_1_transformer_blocks_0_attn1_to_q",
    "output_blocks_2_2_conv",
    "output_blocks_5_1_proj_out",
    "output_blocks_8_0_skip_connection",
    "out_2",
    "time_embed_0",
    "time_embed_2",
    "label_emb_0_0",
    "label_emb_0_2",
]
RENAMED = ["down_blocks_1_attentions_0_proj_in", "up_blocks_0_resnets_2_conv_shortcut", "mid_block_resnets_0_conv1"]


class Sdxl:
    layers_per_block = 2


@pytest.mark.parametrize("names", [LAYERS, RENAMED])
def test_each_layer_of_the_unet(names: list[str]) -> None:
    for name in names:
        state = {f"lora_unet_{name}.lora_{side}.weight": torch.ones(1, 1) for side in ("down", "up")}
        mapped = converters._maybe_map_sgm_blocks_to_diffusers(state, Sdxl)
        converted, _ = converters._convert_non_diffusers_lora_to_diffusers(mapped)
        (down,) = [key for key in converted if ".down." in key]
        path = down.removeprefix("unet.").replace(".processor.", ".").replace("_lora.down.weight", "")
        path = path.replace(".lora.down.weight", "").replace("to_out", "to_out.0")
        expected = layer_name("lora_unet", path)
        place = place_of(f"lora_unet_{name}.lora_down.weight")
        assert place is not None
        assert (layer_name(place.component, place.path), place.part) == (expected, "down"), down


def test_a_base_model_has_the_same_layers_as_a_folder_and_as_a_file(tmp_path: Path) -> None:
    folder, file = write_small_sdxl(tmp_path)
    assert read_base_layers(file) == read_base_layers(folder)


@pytest.mark.parametrize("label", ["jade-v1", "amber-v1"])
def test_the_demo_s_loras_fit_the_demo_in_kohya_s_layout_too(label: str) -> None:
    data = (ROOT / "loras" / f"{label}.safetensors").read_bytes()
    layers = read_base_layers(ROOT / "pipelines" / "demo")
    ours, kohya = (read_lora(copy, layers) for copy in (data, kohya_copy(data, 6.0)))
    assert [content.ignored for content in (ours, kohya)] == [(), ()]
    assert {name: change.shape for name, change in ours.layers.items()} == {
        name: change.shape for name, change in kohya.layers.items()
    }
