"""Sharpness of second passes against plain Lanczos, for each upscaler and strength, with a grid to look at:

    python scripts/measure/hires.py                          # some minutes on two cores
    python scripts/measure/hires.py --strengths 0.2 0.3 --out hires.png

Sharpness is the mean gradient of the brightness, divided by that of the first pass enlarged by Lanczos; "kept" is the
peak signal-to-noise ratio of the result, made small again, to the first pass. Needs the packages of the tests.
"""

import argparse
import sys
import tempfile
from dataclasses import replace as changed
from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipelines.denoise.state import DenoiseState  # noqa: E402
from pipelines.image.vae import decode_image  # noqa: E402
from pipelines.model.load import load_model  # noqa: E402
from pipelines.plan import RawImage, StepPlan  # noqa: E402
from pipelines.prompt.embedding import Conditions  # noqa: E402
from pipelines.sdxl import SDXLRunner  # noqa: E402
from pipelines.spec import Pass, start_index  # noqa: E402
from server.generation.policy import GUIDANCE_SCALE, NEGATIVE_PROMPT, STEPS  # noqa: E402
from tests.support.demo_model import begin, demo_folder, params, pixels, psnr_db, step  # noqa: E402

PROMPTS = ("woman, red dress, beach, sunset", "man, city, night", "boat, lake, day", "woman, forest, day")
PX, SCALE = 256, 2
STRENGTHS = {"lanczos": (0.12, 0.2, 0.3, 0.4), "latent": (0.4, 0.55, 0.7)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strengths", type=float, nargs="+", help="of both upscalers")
    parser.add_argument("--images", type=int, default=2, choices=range(1, len(PROMPTS) + 1))
    parser.add_argument("--quality", choices=STEPS, default="high")
    parser.add_argument("--out", type=Path, default=Path("hires.png"), help="the grid: a row a picture")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runner = SDXLRunner(load_model(demo_folder(), "cpu", "float32"), Path(folder))
        firsts = first_passes(runner, args.images, STEPS[args.quality])
        with torch.inference_mode():
            small = [picture(decode_image(runner.model, first.latents)) for first in firsts]
        plain = [each.resize((PX * SCALE, PX * SCALE), Image.Resampling.LANCZOS) for each in small]
        columns = [plain]
        print(f"{'upscaler':10} {'strength':>8} {'sharpness':>9} {'kept':>8}")
        for upscaler, strengths in STRENGTHS.items():
            for strength in args.strengths or strengths:
                made = second_passes(runner, firsts, upscaler, strength)
                columns.append(made)
                sharper = np.mean([gradient(it) / gradient(base) for it, base in zip(made, plain, strict=True)])
                kept = np.mean([psnr_db(small_again(it), np.asarray(s)) for it, s in zip(made, small, strict=True)])
                print(f"{upscaler:10} {strength:8.2f} {sharper:9.2f} {kept:5.1f} dB", flush=True)
                save_grid(columns, args.out)
    return 0


def first_passes(runner: SDXLRunner, num_images: int, steps: int) -> list[DenoiseState]:
    """At the end of their first pass."""
    common = {"steps": steps, "guidance_scale": GUIDANCE_SCALE, "negative_prompt": NEGATIVE_PROMPT}
    specs = {
        f"{n}": params(prompt=prompt, seed=100 + n, width=PX, height=PX, **common)
        for n, prompt in enumerate(PROMPTS[:num_images])
    }
    begin(runner, specs)
    step(runner, specs, times=steps)
    return [runner._states[name] for name in specs]


def second_passes(runner: SDXLRunner, firsts: list[DenoiseState], upscaler: str, strength: float) -> list[Image.Image]:
    made: list[Image.Image] = []
    for first in firsts:
        steps = first.spec.sampling.steps
        side_px = PX * SCALE
        second = Pass(side_px, side_px, start_index(steps, strength), strength, upscaler=upscaler)
        spec = replace(first.spec, passes=(first.spec.passes[0], second))
        runner._states["it"] = changed(first, spec=spec, conditions=twice(first.conditions))
        while not (advanced := runner.execute(StepPlan(advance=("it",)))).advanced:
            pass
        step(runner, ["it"], times=advanced.begun["it"])
        made.append(picture(runner.execute(StepPlan(decode=("it",))).decoded["it"]))
    return made


def twice(conditions: Conditions) -> Conditions:
    """The prompts of one pass, for two."""
    negative = conditions.negative
    return Conditions(conditions.positive * 2, negative and negative * 2)


def picture(raw: RawImage) -> Image.Image:
    return Image.fromarray(pixels(raw))


def gradient(image: Image.Image) -> float:
    down, right = np.gradient(np.asarray(image.convert("L"), dtype=float))
    return float(np.hypot(down, right).mean())


def small_again(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((PX, PX), Image.Resampling.LANCZOS))


def save_grid(columns: list[list[Image.Image]], path: Path) -> None:
    """The first column is plain Lanczos, the others are the rows of the table so far."""
    side_px = PX * SCALE
    grid = Image.new("RGB", (side_px * len(columns), side_px * len(columns[0])))
    for x, column in enumerate(columns):
        for y, image in enumerate(column):
            grid.paste(image, (x * side_px, y * side_px))
    grid.save(path)


if __name__ == "__main__":
    sys.exit(main())
