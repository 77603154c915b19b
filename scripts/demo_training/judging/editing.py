"""Image-to-image, inpainting, outpainting and a larger size with the stock pipelines, to be looked at."""

from pathlib import Path

import numpy as np
import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image, ImageDraw, ImageFilter

from scripts.demo_training.conditioning import PRODUCT_NEGATIVE
from scripts.demo_training.dataset import Drawings
from scripts.demo_training.judging.sampling import GUIDANCE, LORA_WEIGHT, STEPS
from scripts.demo_training.parts import SIZE_PX

STRENGTHS = (0.3, 0.5, 0.7, 0.9)
NUM_SOURCES = 2
HIRES_PX = 384


def strange_pictures() -> list[Image.Image]:
    """What visitors may bring: a flat color, soft blobs like a photograph out of focus, and a scribble."""
    flat = Image.new("RGB", (SIZE_PX, SIZE_PX), (90, 150, 190))
    noise = np.random.default_rng(1).integers(0, 256, (6, 6, 3), np.uint8)
    blobs = Image.fromarray(noise).resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC)
    scribble = Image.new("RGB", (SIZE_PX, SIZE_PX), "white")
    pen = ImageDraw.Draw(scribble)
    pen.ellipse((88, 50, 168, 140), outline="black", width=5)
    pen.line([(128, 140), (128, 215), (96, 250)], fill="black", width=5)
    pen.line([(128, 215), (160, 250)], fill="black", width=5)
    pen.line([(80, 175), (176, 175)], fill="black", width=5)
    return [flat, blobs, scribble]


class Editor:
    """The stock pipelines on one set of weights in float32, with the LoRA jade at weight 0.9."""

    def __init__(self, model: Path, lora: Path) -> None:
        text = StableDiffusionXLPipeline.from_pretrained(model, dtype=torch.float32)
        text.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="jade")
        self.text, parts = text, text.components
        self.img2img = StableDiffusionXLImg2ImgPipeline(**parts)
        self.inpaint = StableDiffusionXLInpaintPipeline(**parts)
        for pipeline in (self.img2img, self.inpaint):
            pipeline.set_progress_bar_config(disable=True)

    def _run(self, pipeline: object, prompt: str, strength: float, jade: bool = False, **inputs: object) -> np.ndarray:
        """(H, W, 3) uint8; the strength is a share of the steps."""
        self.text.set_adapters(["jade"], [LORA_WEIGHT if jade else 0.0])
        assert callable(pipeline)
        result = pipeline(
            prompt,
            negative_prompt=PRODUCT_NEGATIVE,
            strength=strength,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(7),
            **inputs,
        )
        return np.asarray(result.images[0].resize((SIZE_PX, SIZE_PX)))

    def rows(self, drawings: Drawings, name: str) -> list[list[np.ndarray]]:
        """Rows of five pictures: a source first, then what was made of it."""
        people = [i for i, scene in enumerate(drawings.scenes(name)) if scene.is_person and not scene.style]
        sources = [Image.fromarray(drawings.pixels(name)[i]) for i in people[:NUM_SOURCES]]
        prompt = "woman, blue dress, forest, day"
        rows = [
            [np.asarray(source), *(self._run(self.img2img, prompt, s, image=source) for s in STRENGTHS)]
            for source in [*sources, *strange_pictures()]
        ]
        rows.append(
            [
                np.asarray(sources[0]),
                *(self._run(self.img2img, "jade woman, red dress", s, True, image=sources[0]) for s in STRENGTHS),
            ]
        )
        return [*rows, *self._inpainted(sources[0]), self._outpainted(sources[0]), self._enlarged(sources)]

    def _inpainted(self, source: Image.Image) -> list[list[np.ndarray]]:
        """The clothing, the head, and everything but the head, each with soft and hard edges."""
        boxes = {"red dress": (50, 150, 206, 256), "woman, long blonde hair": (60, 20, 196, 150)}
        rows: list[list[np.ndarray]] = []
        for prompt, box in boxes.items():
            mask = Image.new("L", source.size)
            ImageDraw.Draw(mask).rectangle(box, fill=255)
            masks = [mask, mask.filter(ImageFilter.GaussianBlur(8))]
            made = [
                self._run(self.inpaint, prompt, s, image=source, mask_image=each, width=SIZE_PX, height=SIZE_PX)
                for each in masks
                for s in (0.75, 1.0)
            ]
            rows.append([np.asarray(source), *made])
        return rows

    def _outpainted(self, source: Image.Image) -> list[np.ndarray]:
        """The picture at three quarters of its size, continued to all sides, to the left, and to the right."""
        small = source.resize((192, 192))
        row = [np.asarray(source)]
        for at in ((32, 32), (64, 64), (0, 64), (32, 64)):
            canvas, mask = small.resize(source.size), Image.new("L", source.size, 255)
            canvas = canvas.filter(ImageFilter.GaussianBlur(12))
            canvas.paste(small, at)
            mask.paste(0, (at[0] + 4, at[1] + 4, at[0] + 188, at[1] + 188))
            made = self._run(
                self.inpaint, "beach, day", 0.9, image=canvas, mask_image=mask, width=SIZE_PX, height=SIZE_PX
            )
            row.append(made)
        return row

    def _enlarged(self, sources: list[Image.Image]) -> list[np.ndarray]:
        """Enlarged to 384 px and painted over with a third of the steps, as hires does."""
        row = [np.asarray(sources[0])]
        for source in sources:
            large = source.resize((HIRES_PX, HIRES_PX), Image.Resampling.LANCZOS)
            row += [self._run(self.img2img, "woman, beach, day", s, image=large) for s in (0.35, 0.5)]
        return row
