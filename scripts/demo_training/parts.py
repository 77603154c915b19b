"""The parts of the demo model: SDXL's classes and wiring at toy width (6.7 million parameters, 13.5 MB in float16)."""

from typing import Any

from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

VOCAB_SIZE = 1024
BOS, EOS = VOCAB_SIZE - 2, VOCAB_SIZE - 1
SIZE_PX = 256

SCHEDULER: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "set_alpha_to_one": False,
    "clip_sample": False,
    "skip_prk_steps": True,
}


def make_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 48, 64, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=SIZE_PX,
        scaling_factor=1.0,
        force_upcast=False,
    )


def make_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIZE_PX // 8,
        block_out_channels=(48, 80, 128),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(3, 5, 8),
        norm_num_groups=16,
        cross_attention_dim=64 + 96,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=96 + 6 * 32,
    )


def _text_config(width: int, layers: int, heads: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        hidden_act=act,
        projection_dim=width,
        max_position_embeddings=77,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=EOS,
    )


def make_text_encoders() -> tuple[CLIPTextModel, CLIPTextModelWithProjection]:
    return CLIPTextModel(_text_config(64, 2, 4, "quick_gelu")), CLIPTextModelWithProjection(
        _text_config(96, 3, 6, "gelu")
    )


def make_scheduler() -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler.from_config(SCHEDULER)
