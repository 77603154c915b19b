"""Which LoRA is at fault for an image that fails: the one whose bytes cannot be used, not one that is merely there."""

import hashlib
from pathlib import Path

import pytest
import torch

from pipelines.errors import NotFinite, blamed, image_error
from pipelines.lora.backend import AdapterSet, LoraError
from pipelines.lora.loader import LoraLoader
from pipelines.lora.weights import LoraParser
from pipelines.model.load import LoadedModel, load_model
from pipelines.sdxl import SDXLRunner
from pipelines.spec import LoraRef
from tests.support.demo_model import begin, demo_folder, params, write_lora
from tests.support.loras.file_bytes import lora_bytes, pair

GOOD, BAD, WORSE = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


def kept(folder: Path, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    (folder / f"{sha256}.safetensors").write_bytes(data)
    return sha256


def loaded(loader: LoraLoader, sha256: str) -> LoraError:
    loader.fetch([sha256]).result(timeout=20)
    with pytest.raises(LoraError) as caught:
        loader.look(sha256)
    return caught.value


def test_bytes_that_cannot_be_parsed_are_at_fault(model: LoadedModel, tmp_path: Path) -> None:
    loader = LoraLoader(tmp_path, LoraParser(model).parse, 1_000_000)
    sha256 = kept(tmp_path, lora_bytes(pair("unet.somewhere_else")))
    error = loaded(loader, sha256)
    assert error.broken.keys() == {sha256}
    assert error.broken[sha256] in str(error)
    assert image_error(error).broken_loras == error.broken


def test_a_file_that_is_missing_or_was_changed_blames_no_bytes(model: LoadedModel, tmp_path: Path) -> None:
    loader = LoraLoader(tmp_path, LoraParser(model).parse, 1_000_000)
    sha256 = kept(tmp_path, b"something")
    (tmp_path / f"{sha256}.safetensors").write_bytes(b"other bytes")
    assert loaded(loader, sha256).broken == {}
    assert loaded(loader, GOOD).broken == {}


def test_the_image_of_such_a_lora_fails_with_its_hash_and_another_is_begun(model: LoadedModel, tmp_path: Path) -> None:
    runner = SDXLRunner(model, tmp_path)
    good = write_lora(model, tmp_path, seed=1, strength=0.05)
    bad = LoraRef("bad", None, kept(tmp_path, lora_bytes(pair("unet.somewhere_else"))), 0.9)
    small = {"width": 64, "height": 64, "steps": 1}
    wanted = {"good": params(loras=(good,), **small), "bad": params(loras=(good, bad), **small)}
    result = begin(runner, wanted)
    assert result.begun.keys() == {"good"}
    assert result.failed["bad"].code == "lora"
    assert result.failed["bad"].broken_loras.keys() == {bad.sha256}


def failing(*broken: str, error: Exception | None = None):
    """Work that fails with each of these LoRAs."""

    def work(adapters: AdapterSet) -> None:
        if any(sha256 in broken for sha256, _ in adapters):
            raise error or RuntimeError("shapes cannot be multiplied\nmore")

    return work


def cause_of(error: Exception, work: object, proven: tuple[str, ...] = ()) -> Exception:
    adapters = tuple((sha256, 0.9) for sha256 in (GOOD, BAD, WORSE))
    return blamed(error, adapters, proven, work)  # pyright: ignore[reportArgumentType]


def test_the_loras_with_which_the_work_fails_alone_are_named() -> None:
    cause = cause_of(RuntimeError(), failing(BAD, WORSE))
    assert isinstance(cause, LoraError)
    assert cause.broken == dict.fromkeys(
        (BAD, WORSE), "it cannot be applied: RuntimeError: shapes cannot be multiplied"
    )


def test_no_lora_is_named_where_the_image_the_memory_or_the_numbers_are_at_fault() -> None:
    def always(_: AdapterSet) -> None:
        raise RuntimeError

    for error, work in (
        (RuntimeError(), always),
        (torch.OutOfMemoryError(), failing(BAD)),
        (NotFinite("x"), failing(BAD)),
        (RuntimeError(), failing(BAD, error=torch.OutOfMemoryError())),
        (RuntimeError(), failing()),
    ):
        assert cause_of(error, work) is error


def test_a_lora_that_has_made_an_image_is_not_named() -> None:
    error = RuntimeError()
    assert cause_of(error, failing(BAD), proven=(BAD,)) is error
