"""Which files are LoRAs for few steps, and how images with them are sampled."""

import pytest

from pipelines.denoise.samplers import SAMPLERS
from pipelines.lora.files.few_steps import FAMILIES, FAMILY_NAMES, MAX_FEW_STEPS, recognized

LCM_SHA256 = "a764e6859b6e04047cd761c08ff0cee96413a8e004c9f07707530cd776b19141"
PUBLISHED = {
    "sdxl_lightning_2step_lora": ("lightning", 2, "euler_trailing", 1.0),
    "sdxl_lightning_4step_lora": ("lightning", 4, "euler_trailing", 1.0),
    "sdxl_lightning_8step_lora": ("lightning", 8, "euler_trailing", 1.0),
    "SDXL-Lightning": ("lightning", 4, "euler_trailing", 1.0),
    "Hyper-SDXL-1step-lora": ("hyper", 1, "tcd", 1.0),
    "Hyper-SDXL-2steps-lora": ("hyper", 2, "euler_trailing", 1.0),
    "Hyper-SDXL-8steps-lora": ("hyper", 8, "euler_trailing", 1.0),
    "Hyper-SDXL-8steps-CFG-lora": ("hyper_cfg", 8, "euler_trailing", 5.0),
    "Hyper-SDXL-12steps-CFG-lora": ("hyper_cfg", 12, "euler_trailing", 5.0),
    "sdxl_hyper_sd_4step_lora": ("hyper", 4, "euler_trailing", 1.0),
    "dmd2_sdxl_4step_lora": ("dmd2", 4, "lcm", 1.0),
    "dmd2_sdxl_4step_lora_fp16": ("dmd2", 4, "lcm", 1.0),
    "lcm-lora-sdxl": ("lcm", 8, "lcm", 1.0),
    "sdxl_lcm_lora": ("lcm", 8, "lcm", 1.0),
    "TCD-SDXL-LoRA": ("tcd", 4, "tcd", 1.0),
    "sd_xl_turbo_lora_v1": ("turbo", 4, "lcm", 1.0),
}
OTHERS = (
    "lightning-bolts",
    "Lightning strike, trained for 3000 steps",
    "hyperrealism-v2",
    "turbo-engine",
    "nissan_turbo_xl_car",
    "jade-v1",
    "jade-000004steps",
    "film-look-12-steps",
    "pytorch_lora_weights",
    "",
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files_are_known_by_their_names(name: str) -> None:
    found = recognized("0" * 64, ("Some title", name))
    assert found is not None
    assert (found.family, found.steps, found.sampler, found.guidance_scale) == PUBLISHED[name]


@pytest.mark.parametrize("name", OTHERS)
def test_a_style_is_not_taken_for_one(name: str) -> None:
    assert recognized("0" * 64, (name, None)) is None


def test_the_title_counts_before_the_name_of_the_file() -> None:
    found = recognized("0" * 64, ("SDXL-Lightning 8 steps", "dmd2_sdxl_4step_lora"))
    assert found is not None and (found.family, found.steps) == ("lightning", 8)


def test_a_file_with_a_name_that_says_nothing_is_known_by_its_hash() -> None:
    assert recognized(LCM_SHA256, ("pytorch_lora_weights",)) == FAMILIES["lcm"]


def test_every_family_can_be_sampled() -> None:
    assert tuple(FAMILIES) == FAMILY_NAMES
    for family in FAMILIES.values():
        sampler = SAMPLERS[family.sampler]
        assert sampler.min_steps <= family.steps <= MAX_FEW_STEPS <= sampler.max_steps
