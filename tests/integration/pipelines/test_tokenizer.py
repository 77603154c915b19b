"""The studio's tokenizer has the tokens of transformers' CLIPTokenizer, which stock diffusers uses, for every kind of
tokenizer folder that base models have."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from pipelines.model.info import SDXL_BASE
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.compel_encoder import _CompelTokenizer
from pipelines.prompt.tokenizer import ClipTokenizer, read_tokenizer, read_tokenizers
from pipelines.prompt.vocabulary import read_vocabulary
from tests.support.demo_model import demo_folder

START, END = "<|startoftext|>", "<|endoftext|>"
TEXTS = [
    "",
    " ",
    "jade woman, red dress",
    "Don't STOP; it's we'll they've I'm you'd 'RE",
    "x " * 100,
    "super" * 60,
    "1234567890 3.14 1e-5 ½ ² Ⅷ ٣ 一二",
    "Ünïcode ÀÉÎÕÜ ß \u017f \ufb01 \u212b Å e\u0301 \u0130stanbul \u01c5",
    "日本語の女性、赤いドレス　砂浜 한국어 ไทย हिन्दी العربية עברית",
    "\U0001f469\U0001f3fd\u200d\U0001f4bb \U0001f1e9\U0001f1ea \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u2764\ufe0f 1\ufe0f\u20e3",
    "\U0001d54f \U00020000 \U0010ffff \ufffd \ue000",
    "tab\tnew\nline\r\nno\u00a0break\u2003em\u3000wide\u200bzero\u200djoin\ufeffmark\x00nul\x1dgroup\x85next\u2028line",
    "!!! ?! ... --- *** ((red:1.3)) [blue] \\( <lora:jade:0.8> <|> |>",
    f"{START}{END}",
    f"a {START} b{END}c {END}{END} d",
    f"{START.upper()} {END.upper()} <|StartOfText|> <|EndOfText|>",
    "<|startoftext|><|endoftext", "< |endoftext|>", "<|pad|> <unk> [MASK] </w> woman</w>",
    "!", "red! !blue ! ! !!", "woman!" * 20,
]  # fmt: skip
CHARACTERS = st.characters(exclude_categories=["Cs"])
PIECES = st.sampled_from(
    ["woman", " ", "!", ",", "'s", "1", START, END, END.upper(), "é", "日本", "\U0001f600", "</w>"]
)


def packed(folder: Path) -> Path:
    """SDXL's second tokenizer in the layout of this repository; transformers cannot read it."""
    return SDXL_BASE / "tokenizer_2"


def demo(folder: Path) -> Path:
    """`tokenizer.json`, a small vocabulary."""
    return demo_folder() / "tokenizer"


def published(folder: Path) -> Path:
    """Vocabulary and merges, as SDXL is published: special tokens as objects, repeated in a file of their own."""
    write_vocabulary(folder)
    fields = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    tokens = {name: {"content": END, **fields} for name in ("eos_token", "unk_token")}
    tokens["bos_token"] = {"content": START, **fields}
    config = {name: {"__type": "AddedToken", **token} for name, token in tokens.items()}
    config |= {"pad_token": END, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "special_tokens_map.json").write_text(json.dumps({**tokens, "pad_token": "!"}))
    return folder


def listed(folder: Path) -> Path:
    """As transformers 4 saves it: added tokens by id, one of them unknown to the vocabulary."""
    write_vocabulary(folder)
    fields = {"lstrip": False, "rstrip": False, "single_word": False}
    added = {
        "0": {"content": "!", "normalized": False, "special": True, **fields},
        "49406": {"content": START, "normalized": True, "special": True, **fields},
        "49407": {"content": END, "normalized": False, "special": True, **fields},
        "49408": {"content": "<jade>", "normalized": False, "special": False, **fields},
    }
    config = {"added_tokens_decoder": added, "bos_token": START, "eos_token": END, "unk_token": END, "pad_token": "!"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 77}))
    return folder


def bare(folder: Path) -> Path:
    """Vocabulary and merges alone."""
    write_vocabulary(folder)
    return folder


def saved(folder: Path) -> Path:
    """As transformers 5 saves it: `tokenizer.json` and a config."""
    stock_tokenizer(published(folder)).save_pretrained(folder / "saved")
    return folder / "saved"


def write_vocabulary(folder: Path) -> None:
    vocabulary, merges = read_vocabulary(SDXL_BASE / "tokenizer")
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")


def stock_tokenizer(folder: Path) -> Any:
    tokenizer_class: Any = CLIPTokenizer
    if any((folder / name).is_file() for name in ("vocab.json", "tokenizer.json")):
        return tokenizer_class.from_pretrained(str(folder), local_files_only=True, model_max_length=77)
    vocabulary, merges = read_vocabulary(folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    return tokenizer_class(vocab=vocabulary, merges=merges, **config)


LAYOUTS: list[Callable[[Path], Path]] = [packed, demo, published, listed, bare, saved]
Pairs = dict[str, tuple[ClipTokenizer, Any]]
"""Layout → the studio's tokenizer and transformers'."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    folders = [layout(tmp_path_factory.mktemp(layout.__name__)) for layout in LAYOUTS]
    return {
        layout.__name__: (read_tokenizer(folder), stock_tokenizer(folder))
        for layout, folder in zip(LAYOUTS, folders, strict=True)
    }


def check(pairs: Pairs, text: str) -> None:
    for layout, (ours, stock) in pairs.items():
        with_ends = stock(text).input_ids
        assert [ours.start_id, *ours.ids(text), ours.end_id] == with_ends, (layout, text)
        assert [token.text for token in ours.tokens(text)] == stock.convert_ids_to_tokens(with_ends)[1:-1]
        window = stock(text, padding="max_length", max_length=77, truncation=True).input_ids
        assert ours.window(text) == window, (layout, text)


@pytest.mark.parametrize("text", TEXTS)
def test_chosen_texts_have_the_tokens_of_transformers(pairs: Pairs, text: str) -> None:
    check(pairs, text)


@settings(max_examples=300, deadline=None)
@given(text=st.text(CHARACTERS, max_size=40) | st.lists(PIECES, max_size=40).map("".join))
@example(text="\u0130")  # its lower case has two characters
def test_any_text_has_the_tokens_of_transformers(pairs: Pairs, text: str) -> None:
    check(pairs, text)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.text(CHARACTERS, max_size=20) | PIECES | st.sampled_from(TEXTS), max_size=4))
def test_compel_gets_the_same_ids_as_from_transformers(pairs: Pairs, texts: list[str]) -> None:
    for ours, stock in pairs.values():
        adapter = _CompelTokenizer(ours)
        for truncation in (False, True):
            options: dict[str, Any] = {"truncation": truncation, "padding": "do_not_pad", "return_tensors": None}
            ids = adapter(texts, **options)["input_ids"]
            assert ids == (stock(texts, **options)["input_ids"] if texts else [])
            assert [adapter.convert_ids_to_tokens(text) for text in ids] == [
                stock.convert_ids_to_tokens(text) for text in ids
            ]
        for name in ("bos_token_id", "eos_token_id", "pad_token_id", "model_max_length"):
            assert getattr(adapter, name) == getattr(stock, name), name


def test_a_token_knows_where_it_starts(pairs: Pairs) -> None:
    text = "Red  dress, 日本\U0001f600 e\u0301t"
    for ours, _ in pairs.values():
        starts = [token.start for token in ours.tokens(text)]
        assert starts == sorted(starts)
        assert ours.tokens("woman, red")[-1].start in range(len("woman, "), len("woman, red"))
        assert ours.tokens(f"red{END}blue{END}")[-1].start == len(f"red{END}blue")


def test_the_packed_vocabulary_is_clips() -> None:
    """Numbers that every copy of CLIP's tokenizer returns."""
    first, second = read_tokenizers(SDXL_BASE)
    assert first.window("a photo of a cat") == [49406, 320, 1125, 539, 320, 2368] + [49407] * 71
    assert second.window("a photo of a cat") == [49406, 320, 1125, 539, 320, 2368, 49407] + [0] * 70
    assert len(read_vocabulary(SDXL_BASE / "tokenizer")[0]) == 49408


@pytest.mark.parametrize("text", ["", "jade woman, red dress", "Ünïcode 日本 \U0001f389 don't it's 1234", "x " * 100])
def test_prompts_are_counted_as_they_are_encoded(pairs: Pairs, text: str) -> None:
    assert PromptAnalyzer(SDXL_BASE).num_tokens(text) == len(pairs["published"][1](text).input_ids) - 2


def test_a_model_whose_second_tokenizer_is_missing_uses_the_first_twice(tmp_path: Path) -> None:
    shutil.copytree(demo_folder() / "tokenizer", tmp_path / "tokenizer")
    first, second = read_tokenizers(tmp_path)
    assert first is second
