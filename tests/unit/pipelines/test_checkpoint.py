"""A file's kind is identified by its header, before any weight is read."""

from pathlib import Path

import pytest

from pipelines.model.checkpoint import (
    BaseModelError,
    check_checkpoint,
    kind_of,
    scheduler_changes,
)
from tests.support.tiny_model import write_weights

UNET = "model.diffusion_model"
SDXL_KEYS = {
    f"{UNET}.input_blocks.0.0.weight": (8, 4, 3, 3),
    f"{UNET}.label_emb.0.0.weight": (4, 4),
    "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight": (4,),
    "conditioner.embedders.1.model.positional_embedding": (4,),
    "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
}
OTHERS = {
    "a LoRA": "unet.mid_block.attentions.0.to_q.lora_A.weight",
    "a LoRA ": "lora_unet_mid_block_attentions_0_to_q.lora_down.weight",
    "a ControlNet": "control_model.input_blocks.0.0.weight",
    "a Stable Diffusion 1.x": "cond_stage_model.transformer.text_model.embeddings.position_ids",
    "a Stable Diffusion 2.x": "cond_stage_model.model.positional_embedding",
    "a Stable Diffusion 3": f"{UNET}.joint_blocks.0.context_block.adaLN_modulation.1.bias",
    "a FLUX": "double_blocks.0.img_attn.norm.key_norm.scale",
    "an SDXL refiner": "conditioner.embedders.0.model.text_projection",
    "the UNet of an SDXL model": f"{UNET}.label_emb.0.0.weight",
    "the UNet of a Stable Diffusion 1.x": "input_blocks.0.0.weight",
    "one part of a diffusers folder": "down_blocks.0.resnets.0.conv1.weight",
    "a VAE": "decoder.mid.block_1.conv1.weight",
    "a VAE ": "decoder.mid_block.resnets.0.conv1.weight",
    "a text encoder": "text_model.embeddings.token_embedding.weight",
    "a textual inversion (its place is the folder STUDIO_EMBEDDING_DIR)": "emb_params",
    "no model known here (it holds 'x')": "x",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_that_is_no_sdxl_checkpoint_is_called_what_it_is(tmp_path: Path, kind: str) -> None:
    file = write_weights(tmp_path / "file.safetensors", {OTHERS[kind]: (1,)})
    with pytest.raises(BaseModelError) as refused:
        check_checkpoint(file)
    assert f"file.safetensors is {kind.strip()}" in str(refused.value)
    assert str(refused.value).endswith("expected is an SDXL checkpoint")


def test_an_sdxl_checkpoint_is_one(tmp_path: Path) -> None:
    assert check_checkpoint(write_weights(tmp_path / "file.safetensors", SDXL_KEYS)).keys() == SDXL_KEYS.keys()
    assert kind_of([]) == "empty"


def test_an_inpainting_model_is_named(tmp_path: Path) -> None:
    keys = SDXL_KEYS | {f"{UNET}.input_blocks.0.0.weight": (8, 9, 3, 3)}
    with pytest.raises(BaseModelError, match="inpainting or editing: its UNet takes 9 channels"):
        check_checkpoint(write_weights(tmp_path / "file.safetensors", keys))


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "file.safetensors", SDXL_KEYS)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BaseModelError, match="cut or still being written"):
        check_checkpoint(file)


@pytest.mark.parametrize("data", [b"", b"\x80\x02}q\x00." * 4, b"<html>not found</html>"])
def test_a_file_with_only_the_right_name_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file.safetensors").write_bytes(data)
    with pytest.raises(BaseModelError, match="damaged or no safetensors file"):
        check_checkpoint(tmp_path / "file.safetensors")


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file.ckpt").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(BaseModelError, match=r"only \.safetensors files are read"):
        check_checkpoint(tmp_path / "file.ckpt")


def test_markers_of_v_prediction_become_scheduler_settings() -> None:
    assert scheduler_changes(SDXL_KEYS) == {}
    assert scheduler_changes([*SDXL_KEYS, "v_pred", "ztsnr"]) == {
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
