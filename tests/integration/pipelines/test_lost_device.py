"""A GPU that fails, wherever it shows, ends the runner and blames no image; memory that runs out, in any of its words,
does not. CUDA's errors are raised by hand, with their texts and codes: the model is on the CPU."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines import sdxl
from pipelines.denoise import shared_forward
from pipelines.errors import image_error, is_out_of_memory, raise_if_device_lost
from pipelines.model.checkpoint import BaseModelError
from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import BeginOrder, DeviceLost, EncodeOrder, SourceImage, StepPlan, StepResult
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import Pass, Source
from tests.support.demo_model import begin, demo_folder, params, step, write_lora

SMALL = {"width": 64, "height": 64, "steps": 3}


def cuda_error(text: str, code: int) -> torch.AcceleratorError:
    error = torch.AcceleratorError(f"CUDA error: {text}\nCUDA kernel errors might be reported at some other API call")
    error.error_code = code  # pyright: ignore[reportAttributeAccessIssue] # as torch's C++ code does
    return error


LOST = {
    "illegal access": cuda_error("an illegal memory access was encountered", 700),
    "launch failure": cuda_error("unspecified launch failure", 719),
    "assert": cuda_error("device-side assert triggered", 710),
    "ecc": cuda_error("uncorrectable ECC error encountered", 214),
}
ILLEGAL = LOST["illegal access"]
CUBLAS = RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx( handle, opa, opb)`")
NO_MEMORY = {
    "allocator": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB."),
    "runtime": cuda_error("out of memory", 2),
    "runtime, by code": cuda_error("a text of a later version", 2),
    "driver": RuntimeError("CUDA driver error: out of memory"),
    "cublas": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "cudnn": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "no engine": RuntimeError("GET was unable to find an engine to execute this computation"),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    "python": MemoryError(),
}


def broken(patch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception, times: int = 1) -> None:
    """Let `owner.name` raise the first `times` times that it is called."""
    real, errors = getattr(owner, name), [error] * times

    def call(*args: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return real(*args, **options)

    patch.setattr(owner, name, call)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture
def runner(model: LoadedModel, tmp_path: Path) -> SDXLRunner:
    return SDXLRunner(model, tmp_path)


@pytest.mark.parametrize("face", NO_MEMORY)
def test_every_face_of_exhausted_memory_is_known(face: str) -> None:
    assert is_out_of_memory(NO_MEMORY[face])
    assert image_error(NO_MEMORY[face]).code == "out_of_memory"
    raise_if_device_lost(NO_MEMORY[face])


@pytest.mark.parametrize("kind", LOST)
def test_every_other_error_of_the_accelerator_is_a_lost_device(kind: str) -> None:
    assert not is_out_of_memory(LOST[kind])
    with pytest.raises(DeviceLost, match=str(LOST[kind]).splitlines()[0]):
        raise_if_device_lost(LOST[kind])


@pytest.mark.parametrize(
    ("at_the_probe", "is_lost"), [(None, False), (ILLEGAL, True), (CUBLAS, True), (NO_MEMORY["runtime"], False)]
)
def test_after_any_other_error_the_device_is_asked(
    monkeypatch: pytest.MonkeyPatch, at_the_probe: Exception | None, is_lost: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    if at_the_probe is not None:
        broken(monkeypatch, torch.cuda, "synchronize", at_the_probe)
    with pytest.raises(DeviceLost) if is_lost else nullcontext():
        raise_if_device_lost(CUBLAS)
    raise_if_device_lost(NO_MEMORY["driver"])  # memory asks nothing


Place = Callable[[SDXLRunner, pytest.MonkeyPatch, Exception], StepPlan]


def at_the_end_of_begin(_: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, sdxl, "wait_for", error)
    return StepPlan(begin=(BeginOrder("new", params(**SMALL)),))


def in_a_text_encoder(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, runner._encoder, "encode_pair", error)
    return StepPlan(begin=(BeginOrder("new", params(**SMALL)),))


def in_the_bank(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, runner._loras, "admit", error)
    return StepPlan(begin=(BeginOrder("new", params(**SMALL)),))


def in_a_step(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, shared_forward, "predict", error)
    return StepPlan(step=("a", "b"))


def at_the_end_of_a_step(_: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, sdxl, "wait_for", error)
    return StepPlan(step=("a", "b"))


def in_a_sampler(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, runner._states["a"].sampler, "step", error)
    return StepPlan(step=("a", "b"))


def in_a_preview(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, runner._previewer, "preview", error)
    return StepPlan(step=("a", "b"), preview=("a",))


def in_a_decode(_: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, sdxl, "decode_image", error)
    return StepPlan(decode=("a",))


def in_a_source(_: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, sdxl, "encode_in_pieces", error)
    key = params(**SMALL, source=Source("0" * 64, 64, 64)).source_key
    assert key is not None
    return StepPlan(encode=(EncodeOrder(key, SourceImage(64, 64, bytes(64 * 64 * 3))),))


def between_two_passes(runner: SDXLRunner, patch: pytest.MonkeyPatch, error: Exception) -> StepPlan:
    broken(patch, sdxl, "next_pass", error)
    return StepPlan(advance=("a",))


PLACES: dict[str, Place] = {
    each.__name__: each
    for each in (
        at_the_end_of_begin,
        in_a_text_encoder,
        in_the_bank,
        in_a_step,
        at_the_end_of_a_step,
        in_a_sampler,
        in_a_preview,
        in_a_decode,
        in_a_source,
        between_two_passes,
    )
}


def with_two_begun(runner: SDXLRunner) -> SDXLRunner:
    hires = (Pass(128, 128, start=1, strength=0.5, upscaler="latent"),)
    begin(runner, {name: params(**SMALL, more_passes=hires) for name in ("a", "b")})
    return runner


@pytest.mark.parametrize("place", PLACES)
def test_a_lost_device_leaves_the_runner_as_device_lost(
    runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    plan = PLACES[place](with_two_begun(runner), monkeypatch, ILLEGAL)
    with pytest.raises(DeviceLost, match="illegal memory access"):
        runner.execute(plan)


@pytest.mark.parametrize("place", PLACES)
def test_a_lost_device_that_a_library_reports_is_found_by_the_probe(
    runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    plan = PLACES[place](with_two_begun(runner), monkeypatch, CUBLAS)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    broken(monkeypatch, torch.cuda, "synchronize", ILLEGAL)
    with pytest.raises(DeviceLost, match="illegal memory access"):
        runner.execute(plan)


def test_a_device_that_is_lost_while_its_pool_is_emptied(runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = in_a_step(with_two_begun(runner), monkeypatch, RuntimeError("one picture's own fault"))
    broken(monkeypatch, shared_forward, "free_cached", ILLEGAL)
    with pytest.raises(DeviceLost, match="illegal memory access"):
        runner.execute(plan)


def test_a_device_that_is_lost_while_a_lora_is_suspected_blames_no_lora(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = SDXLRunner(model, tmp_path)
    begin(runner, {"a": params(**SMALL, loras=(write_lora(model, tmp_path),))})
    broken(monkeypatch, shared_forward, "predict", CUBLAS, times=9)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    answers = iter([None, None, ILLEGAL])

    def third_time_lost() -> None:
        if (error := next(answers)) is not None:
            raise error

    monkeypatch.setattr(torch.cuda, "synchronize", third_time_lost)
    with pytest.raises(DeviceLost):
        runner.execute(StepPlan(step=("a",)))


@pytest.mark.parametrize("face", NO_MEMORY)
@pytest.mark.parametrize("place", [at_the_end_of_begin, in_a_text_encoder, in_the_bank, in_a_step])
def test_memory_that_is_short_once_fails_no_picture(
    runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch, place: Place, face: str
) -> None:
    result = runner.execute(place(with_two_begun(runner), monkeypatch, NO_MEMORY[face]))
    assert not result.failed
    assert set(result.begun) == {"new"} or set(result.stepped) == {"a", "b"}
    assert result.too_many_rows == (4 if place is in_a_step else 0)


def test_memory_that_runs_out_at_the_end_of_a_step_lets_its_pictures_begin_again(
    runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The samplers have taken the step by then, with predictions that are worth nothing."""
    plan = at_the_end_of_a_step(with_two_begun(runner), monkeypatch, NO_MEMORY["runtime"])
    result = runner.execute(plan)
    assert (result.deferred, result.failed, result.stepped) == (("a", "b"), {}, ())
    assert (result.too_many_rows, result.step_rows) == (4, 0)
    assert not runner.held
    begun = begin(with_two_begun(runner), {"c": params(**SMALL)})
    assert begun.begun == {"c": 3}
    broken(monkeypatch, sdxl, "wait_for", NO_MEMORY["runtime"])
    alone = runner.execute(StepPlan(step=("c",)))
    assert {name: error.code for name, error in alone.failed.items()} == {"c": "out_of_memory"}
    assert step(runner, ["a", "b"]).stepped == ("a", "b")


def test_memory_that_stays_short_fails_the_picture_that_begins_and_no_other(
    runner: SDXLRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = in_a_text_encoder(with_two_begun(runner), monkeypatch, NO_MEMORY["runtime"])
    broken(monkeypatch, runner._encoder, "encode_pair", NO_MEMORY["runtime"], times=2)
    result: StepResult = runner.execute(plan)
    assert {name: error.code for name, error in result.failed.items()} == {"new": "out_of_memory"}
    monkeypatch.undo()
    assert step(runner, ["a", "b"]).stepped == ("a", "b")


def test_exact_rows_are_checked_before_the_first_picture(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = SDXLRunner(model, tmp_path, RunnerOptions(exact_rows=4))
    runner.check_exact_rows()

    def by_place(_: Any, __: Any, output: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        last = torch.tensor([0, 0, 0, 1e-7]).view(-1, 1, 1, 1)
        return (output[0] + last,)

    hook = model.unet.register_forward_hook(by_place)
    try:
        with pytest.raises(BaseModelError, match="STUDIO_EXACT_ROWS is 4"):
            runner.check_exact_rows()
    finally:
        hook.remove()
