"""The cache of encoded prompts: each text is encoded once for each LoRA set, within its limit of bytes."""

from pathlib import Path

import pytest
import torch

from pipelines.lora.backend import AdapterSet
from pipelines.model.load import LoadedModel, load_model
from pipelines.prompt.embedding import Embedding
from pipelines.prompt.encoder import PromptEncoder
from pipelines.prompt.windows import Reading
from tests.support.demo_model import bank_of, demo_folder, write_lora


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


class CountingEncoder(PromptEncoder):
    """`encoded`: the texts that the text encoders have read. `broken`: the texts that they fail on."""

    def __init__(self, model: LoadedModel, cache_bytes: int, folder: Path = Path()) -> None:
        self.bank = bank_of(model, folder)
        super().__init__(model, self.bank, cache_bytes)
        self.encoded: list[str] = []
        self.broken: set[str] = set()

    def _encode(self, text: str, adapters: AdapterSet, clip_skip: int, reading: Reading) -> Embedding:
        if text in self.broken:
            raise RuntimeError("broken for this test")
        self.encoded.append(text)
        with torch.inference_mode():
            return super()._encode(text, adapters, clip_skip, reading)

    def use(self, *texts: str, adapters: AdapterSet = ()) -> None:
        for text in texts:
            self.encode(text, adapters)


def num_bytes(model: LoadedModel, text: str = "red") -> int:
    return CountingEncoder(model, 0).encode(text, ()).num_bytes


def test_a_text_is_encoded_once_and_each_lookup_is_counted(model: LoadedModel) -> None:
    encoder = CountingEncoder(model, 10**9)
    first = encoder.encode("red", ())
    assert encoder.encode("red", ()) is first
    encoder.use("blue", "red")
    assert encoder.encoded == ["red", "blue"]
    assert (encoder.num_hits, encoder.num_misses) == (2, 2)


def test_another_lora_or_weight_is_another_embedding(model: LoadedModel, tmp_path: Path) -> None:
    lora = write_lora(model, tmp_path, strength=1.0)
    encoder = CountingEncoder(model, 10**9, tmp_path)
    encoder.bank.loader.fetch([lora.sha256]).result()
    sets: list[AdapterSet] = [(), ((lora.sha256, 1.0),), ((lora.sha256, 0.5),)]
    assert encoder.bank.admit(sets[1], ())
    contexts = [encoder.encode("red", adapters).context for adapters in (*sets, *sets)]
    assert encoder.encoded == ["red"] * 3
    assert all(torch.equal(contexts[n], contexts[n + 3]) for n in range(3))
    assert not any(torch.equal(contexts[0], context) for context in contexts[1:3])


def test_the_least_recently_used_go_first(model: LoadedModel) -> None:
    encoder = CountingEncoder(model, 3 * num_bytes(model))
    encoder.use("a", "b", "c", "a", "d")
    encoder.encoded.clear()
    encoder.use("a", "c", "d")
    assert encoder.encoded == []
    encoder.use("b")
    assert encoder.encoded == ["b"]


def test_a_long_prompt_evicts_as_many_as_it_needs(model: LoadedModel) -> None:
    long = "red dress. " * 40
    size = num_bytes(model)
    assert size < num_bytes(model, long) < 2.1 * size
    encoder = CountingEncoder(model, 3 * size)
    encoder.use("a", "b", "c", long)
    encoder.encoded.clear()
    encoder.use("c", long)
    assert encoder.encoded == []


@pytest.mark.parametrize("missing_bytes", [1, None])
def test_an_embedding_larger_than_the_cache_is_returned_and_not_kept(
    model: LoadedModel, missing_bytes: int | None
) -> None:
    encoder = CountingEncoder(model, 0 if missing_bytes is None else num_bytes(model) - missing_bytes)
    encoder.use("red", "red")
    assert encoder.encoded == ["red", "red"]
    assert (encoder.num_hits, encoder.num_misses) == (0, 2)


def test_an_error_is_not_cached(model: LoadedModel) -> None:
    encoder = CountingEncoder(model, 10**9)
    encoder.broken = {"red"}
    with pytest.raises(RuntimeError):
        encoder.encode("red", ())
    encoder.broken = set()
    encoder.use("red", "red")
    assert encoder.encoded == ["red"]
