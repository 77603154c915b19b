"""What a full-size SDXL asks of a GPU, by the budget table of docs/benchmarks.md: one launch more in each layer, or one
wait more in each step, fails here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor, nn

from pipelines.denoise import forward as denoise_forward
from pipelines.denoise.samplers import SAMPLERS
from pipelines.denoise.state import DenoiseState
from pipelines.device import to_device
from pipelines.image.vae import decode_image
from pipelines.lora.backend import adapter_set
from pipelines.model.acceleration import in_tiles
from pipelines.model.load import LoadedModel
from pipelines.plan import BeginOrder, EncodeOrder, SourceImage, StepPlan, StepResult
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, LoraRef, Mask, Pass, Source
from tests.gpu.books import Books
from tests.gpu.budget import Budget, line_of
from tests.gpu.full_size import full_size_model, write_full_size_lora
from tests.gpu.pretended import CUDA, PretendedGpu
from tests.support.builders import image_spec
from tests.support.embeddings import write_embedding

SIDE_PX = 1024


class Studio:
    """A runner of the full-size model on the pretended GPU."""

    def __init__(self, gpu: PretendedGpu, model: LoadedModel, folder: Path, options: RunnerOptions | None = None):
        self.gpu = gpu
        self.model = model
        self.folder = folder
        with gpu:
            self.runner = SDXLRunner(model, folder, options)

    def run(self, **plan: Any) -> tuple[StepResult, Books]:
        with self.gpu, self.gpu.counting() as books:
            result = self.runner.execute(StepPlan(**plan))
        assert not result.failed and not result.encode_failed and not result.deferred
        return result, books

    def begin(self, *specs: ImageSpec) -> tuple[tuple[str, ...], Books]:
        self.runner.fetch_loras({lora.sha256 for spec in specs for lora in spec.loras}).result()
        orders = tuple(BeginOrder(f"image-{number}", spec) for number, spec in enumerate(specs))
        _, books = self.run(begin=orders)
        return tuple(order.image_id for order in orders), books

    def join(self, lora: LoraRef) -> Books:
        """The books of a LoRA's way into the bank."""
        self.runner.fetch_loras([lora.sha256]).result()
        with self.gpu, torch.inference_mode(), self.gpu.counting() as books:
            assert self.runner._loras.admit(adapter_set((lora,)), ())
        return books

    def forward(self, *specs: ImageSpec, runs: bool = True) -> Books:
        """The books of one shared forward, up to the wait at its end. `runs`: of rows with the same LoRA."""
        ids, _ = self.begin(*specs)
        with advances_apart(self.gpu), nullcontext() if runs else patch.object(self.runner._loras, "_by_runs", False):
            result, books = self.run(step=ids)
        assert result.step_rows == sum(spec.rows for spec in specs)
        self.run(release=ids)
        return books


@contextmanager
def advances_apart(gpu: PretendedGpu) -> Iterator[dict[str, Books]]:
    """Keep the books of each image's sampler on their own: by sampler, those of the most launches."""
    kept: dict[str, Books] = {}
    advance = DenoiseState.advance

    def counted(state: DenoiseState, prediction: Tensor) -> Tensor:
        with gpu.counting() as books:
            clean = advance(state, prediction)
        name = state.spec.sampling.sampler
        if name not in kept or books.num_launches > kept[name].num_launches:
            kept[name] = books
        return clean

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DenoiseState, "advance", counted)
        yield kept


def wanted(**changes: Any) -> ImageSpec:
    return image_spec(**{"width": SIDE_PX, "height": SIDE_PX, "steps": 8, **changes})


@pytest.fixture(scope="module")
def table() -> Budget:
    return Budget()


@pytest.fixture
def budget(table: Budget) -> Iterator[Budget]:
    """Fails the test for all its lines together."""
    yield table
    broken, table.broken = table.broken, []
    assert not broken, "docs/benchmarks.md allows something else:\n" + "\n".join(broken)


@pytest.fixture(scope="module")
def studio(gpu: PretendedGpu, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with ExitStack() as stack:
        stack.enter_context(gpu.installed())
        yield Studio(gpu, full_size_model(gpu), tmp_path_factory.mktemp("loras"))


@pytest.fixture(scope="module")
def loras(studio: Studio) -> list[LoraRef]:
    """Two over all attention and feed-forward layers, one over the convolutions, too."""
    model, folder = studio.model, studio.folder
    linear = [write_full_size_lora(model, folder, name) for name in ("jade", "amber")]
    return [*linear, write_full_size_lora(model, folder, "film", convolutions=True, only="unet.")]


def test_weights_take_what_half_precision_takes(studio: Studio) -> None:
    assert round(studio.gpu.live.now / 1e9, 2) == 6.94


def test_every_sampler(studio: Studio, budget: Budget) -> None:
    ids, begun = studio.begin(*(wanted(sampler=name) for name in SAMPLERS))
    budget.check(f"two prompts and the noise of {len(SAMPLERS)} pictures", begun)
    with advances_apart(studio.gpu) as after:
        _, forward = studio.run(step=ids)
        with studio.gpu, torch.inference_mode():
            for _ in range(3):  # a solver's later steps take more than its first
                for image_id in ids:
                    state = studio.runner._states[image_id]
                    state.advance(torch.empty_like(state.latents))
    budget.check(f"forward of {2 * len(SAMPLERS)} rows", forward)
    for name in SAMPLERS:
        budget.check(f"a step of {name}", after[name])
    studio.run(release=ids)


def test_loras(studio: Studio, budget: Budget, loras: list[LoraRef]) -> None:
    jade, amber, film = loras
    one = studio.forward(*(wanted(loras=(jade,), seed=seed) for seed in range(2)))
    budget.check("forward of 4 rows, one LoRA", one)
    gathering = studio.forward(*(wanted(loras=(jade,), seed=seed) for seed in range(2)), runs=False)
    assert "launches" in budget.lines["forward of 4 rows, one LoRA"].broken(line_of(gathering))
    budget.check("a LoRA joins", studio.join(amber))
    _, begun = studio.begin(wanted(loras=(amber,)))
    budget.check("two prompts are encoded with a LoRA", begun)
    studio.run(release=("image-0",))
    mixed = studio.forward(wanted(loras=(jade,)), wanted(loras=(amber,)), wanted(loras=(jade,), guidance_scale=1.0))
    budget.check("forward of 5 rows, two LoRAs", mixed)
    budget.check("forward of 2 rows, one LoRA with convolutions", studio.forward(wanted(loras=(film,))))


def test_a_merged_lora_costs_a_forward_nothing(studio: Studio, budget: Budget) -> None:
    small = write_full_size_lora(studio.model, studio.folder, "small", only="mid_block")
    merging = Studio(studio.gpu, studio.model, studio.folder, RunnerOptions(merged_loras=True))
    budget.check("forward of 2 rows, one LoRA merged", merging.forward(wanted(loras=(small,))))
    merging.forward(wanted())  # the weights are as before


def test_weights_in_a_prompt(studio: Studio, budget: Budget) -> None:
    _, books = studio.begin(wanted(prompt="a woman (in red:1.2), (beach:0.8)"))
    budget.check("a prompt with weights", books)
    studio.run(release=("image-0",))


def test_previews(studio: Studio, budget: Budget) -> None:
    ids, _ = studio.begin(wanted())
    with advances_apart(studio.gpu):
        _, first = studio.run(step=ids, preview=ids)
        _, later = studio.run(step=ids, preview=ids)
    budget.check("forward of 2 rows and a preview", later)
    assert first.num_launches > later.num_launches + 500  # the map is fitted once
    studio.run(release=ids)


def source(mode: str | None) -> dict[str, Any]:
    return {
        "source": Source("0" * 64, SIDE_PX, SIDE_PX, mask=Mask("1" * 64, mode=mode) if mode else None),
        "strength": 0.5,
    }


def test_images_from_images(studio: Studio, budget: Budget) -> None:
    """Image to image, both kinds of masks, and a second pass."""
    hires = Pass(SIDE_PX + 128, SIDE_PX, start=4, strength=0.5, upscaler="lanczos")
    specs = [wanted(**source(mode), more_passes=(hires,)) for mode in (None, "hard", "soft")]
    image = SourceImage(SIDE_PX, SIDE_PX, bytes(3 * SIDE_PX**2), bytes(SIDE_PX**2))
    keys = [spec.source_key for spec in specs]
    _, encoded = studio.run(encode=tuple(EncodeOrder(key, image) for key in keys[:1] if key))
    budget.check("a source is encoded", encoded)
    studio.run(encode=tuple(EncodeOrder(key, replace(image)) for key in keys[1:] if key))
    ids, begun = studio.begin(*specs)
    budget.check("three pictures from a source begin", begun)
    with advances_apart(studio.gpu) as after:
        _, forward = studio.run(step=ids)
    budget.check("forward of 6 rows", forward)
    budget.check("a step of euler with a mask", after["euler"])
    studio.run(advance=ids[:1])  # decoded
    result, _ = studio.run(advance=ids[:1])  # enlarged, encoded, begun
    assert result.advanced == ids[:1]
    studio.run(release=ids, forget=tuple(filter(None, keys)))


def test_decode(studio: Studio, budget: Budget) -> None:
    gpu, half = studio.gpu, studio.model
    with gpu, torch.inference_mode():
        latents = torch.empty((1, 4, SIDE_PX // 8, SIDE_PX // 8), device=CUDA)
        with gpu.counting() as whole:
            decode_image(half, latents)
        with gpu.counting() as tiled, in_tiles(half.vae):
            decode_image(half, latents)
        model = replace(half, half_vae=False)
        decode_image(model, latents)  # the first time the weights are cast, for good
        with gpu.counting() as in_float32:
            decode_image(model, latents)
        torch.nn.Module.to(half.vae, half.dtype)  # as the other tests expect it
        with gpu.counting() as cast_again:
            decode_image(model, latents)
        torch.nn.Module.to(half.vae, half.dtype)
    budget.check("decode in float16", whole)
    budget.check("decode in float16, in tiles", tiled)
    budget.check("decode in float32", in_float32)
    assert "launches" in budget.lines["decode in float32"].broken(line_of(cast_again))
    assert "launches" in budget.lines["decode in float16"].broken(line_of(tiled))


def test_what_fits_is_measured(studio: Studio) -> None:
    """As the table has it, on a GPU of 24 GB, of which a twentieth stays free; no LoRA is in memory at a start."""
    bank_bytes = studio.runner.lora_bytes
    fresh = Studio(studio.gpu, studio.model, studio.folder, RunnerOptions(lora_cache_bytes=2_000_000_000))
    with studio.gpu:
        fresh.runner.measure_memory(SIDE_PX, SIDE_PX)
    memory = fresh.runner.memory
    assert memory is not None
    assert memory.row_px_bytes * SIDE_PX**2 / 1e6 == pytest.approx(166, rel=0.01)
    assert memory.decode_px_bytes * SIDE_PX**2 / 1e6 == pytest.approx(2818, rel=0.01)
    assert memory.budget_bytes / 1e9 == pytest.approx(24 - 6.94 - 2 - 1.2 - bank_bytes / 1e9, abs=0.1)
    assert memory.max_rows(SIDE_PX**2) > 64
    assert memory.decodes_whole(2 * SIDE_PX**2)
    small = replace(memory, budget_bytes=memory.budget_bytes - 13e9)  # of 10 or 11 GB
    assert (small.max_rows(SIDE_PX**2) < 8, small.decodes_whole(SIDE_PX**2)) == (True, False)


# ---- what the table is for: each cause put back


def attention_divides(patch: pytest.MonkeyPatch, studio: Studio) -> None:
    """diffusers' own attention, with its division by 1."""
    for module in studio.model.unet.modules():
        if isinstance(module, Attention):
            patch.setattr(module, "processor", AttnProcessor2_0())


def a_wait_in_each_step(patch: pytest.MonkeyPatch, studio: Studio) -> None:
    after_forward(patch, lambda output: output.sum().item())


def a_copy_for_each_image(patch: pytest.MonkeyPatch, studio: Studio) -> None:
    after_forward(patch, lambda output: [torch.ones(1).to(CUDA) for _ in output])


def numbers_sent_apart(patch: pytest.MonkeyPatch, studio: Studio) -> None:
    after_forward(patch, lambda output: to_device([1.0], output.device))


def outputs_held(patch: pytest.MonkeyPatch, studio: Studio) -> None:
    held: list[Tensor] = []
    forward = nn.GroupNorm.forward
    patch.setattr(nn.GroupNorm, "forward", lambda layer, x: held.append(forward(layer, x)) or held[-1])


def after_forward(patch: pytest.MonkeyPatch, work: Callable[[Tensor], object]) -> None:
    forward = denoise_forward.forward

    def then(*inputs: Any) -> Tensor:
        output = forward(*inputs)
        work(output)
        return output

    patch.setattr(denoise_forward, "forward", then)


CAUSES: dict[str, tuple[Callable[[pytest.MonkeyPatch, Studio], None], str]] = {
    "attention divides by 1": (attention_divides, "launches"),
    "the host waits in each step": (a_wait_in_each_step, "waits"),
    "each image has a copy of its own": (a_copy_for_each_image, "pageable"),
    "numbers are sent apart": (numbers_sent_apart, "pinned"),
    "outputs of layers are held": (outputs_held, "live_mb"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_that_is_put_back_breaks_the_line_of_a_forward(
    studio: Studio, table: Budget, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    put_back, column = CAUSES[cause]
    put_back(monkeypatch, studio)
    asked = line_of(studio.forward(*(wanted(seed=seed) for seed in range(3))))
    assert column in table.lines["forward of 6 rows"].broken(asked)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_number_that_is_read_breaks_the_line_of_each_sampler(studio: Studio, table: Budget, name: str) -> None:
    """As UniPC read six in each step."""
    ids, _ = studio.begin(wanted(sampler=name))
    state = studio.runner._states[ids[0]]
    with studio.gpu, torch.inference_mode():
        state.model_input()
        for _ in range(3):
            state.advance(torch.empty_like(state.latents))
        with studio.gpu.counting() as books:
            state.advance(torch.empty_like(state.latents)).sum().item()
    studio.run(release=ids)
    assert {"launches", "waits"} <= table.lines[f"a step of {name}"].broken(line_of(books))


def test_every_line_of_the_table_is_measured(table: Budget, request: pytest.FixtureRequest) -> None:
    run = {getattr(item, "originalname", item.name) for item in request.session.items}
    if {name for name in globals() if name.startswith("test_")} <= run:
        assert table.checked == table.lines.keys()


def test_a_prompt_that_changes_costs_a_step_nothing(studio: Studio) -> None:
    """Not a launch, a wait or a copy: the step picks among the contexts that `begin` has made."""
    changing = {"prompt_syntax": "a1111", "prompt": "[woman|man], [red:blue:0.5] dress"}
    plain, changed = (
        studio.forward(wanted(**how), wanted(**how, seed=6)) for how in ({"prompt": "woman, red dress"}, changing)
    )
    assert plain.launches == changed.launches
    assert (plain.waits, plain.pageable, plain.pinned) == (changed.waits, changed.pageable, changed.pinned)


def test_an_embedding_is_copied_once_and_waits_for_nothing(studio: Studio) -> None:
    used = write_embedding(studio.folder, "neghand", 5, widths=(768, 1280))
    _, plain = studio.begin(wanted(prompt="woman, night"))
    first, second = (studio.begin(wanted(prompt=f"neghand, {n}", embeddings=(used,)))[1] for n in (1, 2))
    assert first.waits == second.waits == plain.waits and first.pageable == second.pageable
    assert first.pinned - second.pinned == 2 and second.pinned == plain.pinned
