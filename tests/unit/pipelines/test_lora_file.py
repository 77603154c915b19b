"""One LoRA file: every layout is described the same way, and an unusable file is refused with its reason."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lora.file import LoraFormatError, read_lora
from pipelines.lora.keys import peft_key
from pipelines.safetensors_header import read_header
from tests.support.loras.file_bytes import (
    DEMO,
    KOHYA,
    MODULE,
    changed,
    kohya,
    lora_bytes,
    pair,
    with_header,
)

HALF = pair().popitem()
NAN = {**pair(), f"{MODULE}.lora_B.weight": np.full((8, 4), np.nan, np.float32)}
INF_BF16 = {**pair(), f"{MODULE}.lora_B.weight": np.full((8, 4), 0x7F80, np.uint16)}

BAD = {
    "empty": (b"", "too short"),
    "text": (b"<!DOCTYPE html><html>", "not safetensors"),
    "pickle": (b"\x80\x02}q\x00." * 4, "not safetensors"),
    "endless header": (struct.pack("<Q", 2**63) + b"{}", "not safetensors"),
    "broken JSON": (with_header(b"{" * 12), "not valid JSON"),
    "deep JSON": (with_header(b"[" * 200_000), "not valid JSON"),
    "no UTF-8": (with_header(b'{"\xff": 1}'), "not valid JSON"),
    "a list": (with_header([]), "not a JSON object"),
    "the same key twice": (with_header(b'{"a": {}, "a": {}}'), "occurs twice"),
    "no tensors": (with_header({}), "no tensors"),
    "metadata is no object": (with_header({"__metadata__": [1]}), "__metadata__ is not"),
    "metadata of numbers": (lora_bytes(metadata={"rank": 4}), "not a string"),
    "cut": (lora_bytes()[:-1], "cut|padded"),
    "padded": (lora_bytes() + b"\0", "cut|padded"),
    "overlap": (changed(data_offsets=[2, 50]), "starts at byte 2"),
    "wrong size": (changed(shape=[4, 7]), "not its shape"),
    "negative shape": (changed(shape=[-4, -6]), "not safetensors"),
    "fractional shape": (changed(shape=[4.0, 6]), "not safetensors"),
    "shape of booleans": (changed(shape=[True, True]), "not safetensors"),
    "three offsets": (changed(data_offsets=[0, 48, 48]), "not safetensors"),
    "unknown field": (changed(extra=1), "not safetensors"),
    "eight-byte floats": (lora_bytes({k: v.astype(np.float64) for k, v in pair().items()}), "is F64"),
    "NaN": (lora_bytes(NAN), "not finite"),
    "infinite bfloat16": (lora_bytes(INF_BF16), "not finite"),
    "one half of a pair": (lora_bytes(dict([HALF])), "only one half"),
    "ranks differ": (lora_bytes({**pair(rank=4), f"{MODULE}.lora_B.weight": np.ones((8, 5), np.float16)}), "ranks"),
    "rank 0": (lora_bytes(pair(rank=0)), "ranks"),
    "vectors": (lora_bytes({key: np.ones(4, np.float16) for key in pair()}), "2 or 4 sides"),
    "a base model": (lora_bytes({"unet.conv_in.weight": np.ones((2, 2), np.float16)}), "no key of a LoRA"),
    "no component": (lora_bytes(pair("mid_block.to_q")), "no key of a LoRA"),
    "two spellings": (lora_bytes(pair() | kohya("lora_unet_down_blocks_0_x")), "mixes several layouts"),
    "two numberings": (lora_bytes(kohya("lora_unet_input_blocks_4_1_x") | kohya("lora_unet_up_blocks_0_x")), "mixes"),
    "twice": (lora_bytes(kohya("lora_te_layers_0_q_proj") | kohya("lora_te1_layers_0_q_proj")), "occurs twice"),
    "an alpha of two": (lora_bytes(kohya() | {f"{KOHYA}.alpha": np.ones(2, np.float16)}), "expected one number"),
    "alpha alone": (lora_bytes({f"{KOHYA}.alpha": np.ones((), np.float16)}), "one half"),
    "diffusers with alpha": (lora_bytes(pair() | {f"{MODULE}.alpha": np.ones((), np.float16)}), "no key of a LoRA"),
    "huge rank": (lora_bytes(pair(rank=1025)), "at most 1024"),
    "LoHa": (lora_bytes(pair(names=("hada_w1_a", "hada_w1_b"))), "supported: LoHa"),
    "LoKr": (lora_bytes({f"{KOHYA}.lokr_w1": np.ones((2, 2), np.float16)}), "supported: LoKr"),
    "OFT": (lora_bytes({f"{KOHYA}.oft_blocks": np.ones((2, 2), np.float16)}), "supported: OFT"),
    "IA3": (lora_bytes({f"{KOHYA}.weight": HALF[1], f"{KOHYA}.on_input": np.ones((), np.float16)}), "IA.*LyCORIS"),
    "Tucker": (lora_bytes(kohya() | {f"{KOHYA}.lora_mid.weight": HALF[1]}), "Tucker"),
    "full": (lora_bytes({f"{KOHYA}.diff": HALF[1]}), "full or norm weights"),
    "kohya's DoRA": (lora_bytes(kohya() | {f"{KOHYA}.dora_scale": np.ones((8, 1), np.float16)}), "supported: DoRA"),
    "DoRA": (lora_bytes(pair() | {f"{MODULE}.lora_magnitude_vector": np.ones(8, np.float16)}), "supported: DoRA"),
    "PEFT of something": (lora_bytes(pair("base_model.model.layers.0.q_proj")), "no key of a LoRA"),
    "old attention": (
        lora_bytes(pair("unet.attn1.processor.to_q_lora", names=("down", "up"))),
        "supported: diffusers att",
    ),
    "broken PEFT settings": (lora_bytes(metadata=DEMO | {"lora_adapter_metadata": "{"}), "not valid JSON"),
    "PEFT settings of DoRA": (lora_bytes(metadata={"lora_adapter_metadata": '{"unet.use_dora": true}'}), "DoRA"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_unusable_file_is_rejected_with_its_reason(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(LoraFormatError, match=reason):
        read_lora(data)


@given(st.data())
def test_no_damage_gets_past_the_checks_with_another_error(data: st.DataObject) -> None:
    whole = bytearray(lora_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for damaged in (bytes(whole), bytes(whole[:cut])):
        try:
            read_lora(damaged)
        except LoraFormatError as error:
            assert str(error)


def test_safetensors_itself_reads_an_accepted_file() -> None:
    from safetensors.numpy import load

    data = lora_bytes()
    assert load(data).keys() == read_header(data).tensors.keys()


def test_a_file_is_described() -> None:
    tensors = pair(rank=4) | pair(
        "text_encoder_2.layers.0.q_proj", 8, ("lora_linear_layer.down", "lora_linear_layer.up")
    )
    content = read_lora(lora_bytes(tensors))
    assert (content.rank, len(content.modules)) == (8, 2)
    assert content.modules.keys() == {"lora_unet_mid_block_attentions_0_to_q", "lora_te2_layers_0_q_proj"}


SPELLINGS = {
    "diffusers": pair(),
    "diffusers, older": pair(names=("lora.down", "lora.up")),
    "PEFT": pair(f"base_model.model.{MODULE.removeprefix('unet.')}"),
    "PEFT with the part": pair(f"base_model.model.{MODULE}"),
    "kohya": kohya(alpha=2.0),
    "kohya, original blocks": kohya("lora_unet_middle_block_1_to_q", alpha=2.0),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_names_the_same_layer(name: str) -> None:
    content = read_lora(lora_bytes(SPELLINGS[name]))
    assert list(content.modules) == [KOHYA]
    assert (content.rank, content.modules[KOHYA].layer) == (4, (8, 6))


def test_a_convolution_is_read() -> None:
    tensors = {
        f"{KOHYA}.lora_down.weight": np.ones((4, 6, 3, 3), np.float16),
        f"{KOHYA}.lora_up.weight": np.ones((8, 4, 1, 1), np.float16),
    }
    assert read_lora(lora_bytes(tensors)).modules[KOHYA].layer == (8, 6, 3, 3)


def test_the_short_hash_covers_the_tensors_only() -> None:
    one, other = read_lora(lora_bytes()), read_lora(lora_bytes(metadata=DEMO | {"modelspec.title": "other"}))
    assert one.short_hash == other.short_hash
    assert len(one.short_hash) == 12
    assert one.sha256 != other.sha256


@pytest.mark.parametrize("names", [("lora_A", "lora_B"), ("lora.down", "lora.up")])
def test_every_naming_of_the_layout_becomes_one(names: tuple[str, str]) -> None:
    assert {peft_key(key) for key in pair(names=names)} == pair().keys()
