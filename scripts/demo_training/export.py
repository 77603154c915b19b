"""The shipped folder: averaged weights as float16 safetensors that the stock StableDiffusionXLPipeline loads."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline

from scripts.demo_training.budget import log
from scripts.demo_training.captions.captions import KNOWN_WORDS
from scripts.demo_training.parts import make_scheduler, make_text_encoders, make_unet, make_vae
from scripts.demo_training.train_unet import tokenizer_of

MAX_BYTES = 14_000_000


def build_pipeline(work: Path) -> StableDiffusionXLPipeline:
    """The pipeline from the newest checkpoint, float32."""
    average = torch.load(work / "unet.pt", map_location="cpu", weights_only=True)["average"]
    unet, (first, second), vae = make_unet(), make_text_encoders(), make_vae()
    unet.load_state_dict(average["unet"])
    first.load_state_dict(average["text_encoder"])
    second.load_state_dict(average["text_encoder_2"])
    vae.load_state_dict(AutoencoderKL.from_pretrained(work / "vae").state_dict())
    tokenizer = tokenizer_of(work)
    return StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=unet,
        scheduler=make_scheduler(),
        force_zeros_for_empty_prompt=True,
    )


def export(work: Path, out: Path) -> None:
    """Writes the diffusers folder and words.json; raises RuntimeError where it would be too large to ship."""
    pipeline = build_pipeline(work).to(dtype=torch.float16)
    out.mkdir(parents=True, exist_ok=True)
    pipeline.save_pretrained(out, safe_serialization=True)
    (out / "words.json").write_text(json.dumps({"words": sorted(KNOWN_WORDS)}, indent=1) + "\n", encoding="utf-8")
    num_bytes = sum(each.stat().st_size for each in out.rglob("*") if each.is_file())
    if num_bytes > MAX_BYTES:
        raise RuntimeError(f"{out} holds {num_bytes:,} bytes, at most {MAX_BYTES:,} may be shipped")
    log(f"exported {num_bytes:,} bytes to {out.name}")
