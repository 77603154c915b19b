"""The short version of scripts/measure/hires.py."""

from pathlib import Path

from pipelines.model.load import load_model
from pipelines.sdxl import SDXLRunner
from scripts.measure.hires import PX, SCALE, first_passes, second_passes
from tests.support.demo_model import demo_folder


def test_second_passes_begin_where_first_passes_ended(tmp_path: Path) -> None:
    runner = SDXLRunner(load_model(demo_folder(), "cpu", "float32"), tmp_path)
    firsts = first_passes(runner, 1, 2)
    (made,) = second_passes(runner, firsts, "latent", 0.5)
    assert made.size == (PX * SCALE, PX * SCALE)
    assert len(set(made.convert("L").tobytes())) > 50  # a picture, not an area
