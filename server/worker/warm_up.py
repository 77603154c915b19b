"""Make images that are thrown away: they warm the device up and teach the cost model."""

import math

from pipelines.model.info import ModelInfo
from pipelines.spec import ImageSpec, Pass, Sampling
from server.config.settings import Settings
from server.engine.engine import Engine, Execute
from server.generation import policy
from server.worker.runner import compiled_row_counts


async def warm_up(engine: Engine, execute: Execute, info: ModelInfo, settings: Settings) -> None:
    """Smallest size first: where that is slow (a large model on a CPU), the larger ones are estimated from it. With
    `STUDIO_COMPILE` every row count, compiled by now, is measured at the native size instead, however long it takes.
    Raises RuntimeError where the model cannot make an image."""
    native = (info.native_width, info.native_height)
    if settings.compile:
        spec = _spec(*native, guidance_scale=0.0)
        await engine.calibrate(execute, spec, compiled_row_counts(settings), max_step_s=math.inf)
        return
    for width, height in ((info.min_size_px, info.min_size_px), native):
        await engine.calibrate(execute, _spec(width, height, policy.GUIDANCE_SCALE))


def _spec(width: int, height: int, guidance_scale: float) -> ImageSpec:
    sampling = Sampling(policy.SAMPLER, policy.STEPS["low"], guidance_scale, seed=0)
    return ImageSpec("", "", sampling, (Pass(width, height),))
