"""One LoRA file: every layout is described the same way, and an unusable file is refused with its reason."""

import json
import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lora.files.file import LoraFormatError, read_lora
from pipelines.safetensors_header import read_header
from tests.support.loras.file_bytes import (
    DEMO,
    KOHYA,
    MODULE,
    changed,
    kohya,
    lora_bytes,
    pair,
    parse,
    with_header,
)

TENSOR = b'"a.lora_A.weight": {"dtype": "F16", "shape": [1, 1], "data_offsets": [0, 2]},'
HALF = pair().popitem()
NAN = {**pair(), f"{MODULE}.lora_B.weight": np.full((8, 4), np.nan, np.float32)}
INF_BF16 = {**pair(), f"{MODULE}.lora_B.weight": np.full((8, 4), 0x7F80, np.uint16)}

BAD = {
    "empty": (b"", "too short"),
    "web page": (b"<!DOCTYPE html><html>", "not safetensors but a web page"),
    "error message": (b'{"error": "Unauthorized"}', "not safetensors but a JSON text"),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid", "not safetensors but a Git LFS pointer"),
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
    "NaN": (lora_bytes(NAN), "not finite"),
    "infinite bfloat16": (lora_bytes(INF_BF16), "not finite"),
    "one half of a pair": (lora_bytes(dict([HALF])), "only one half"),
    "ranks differ": (lora_bytes({**pair(rank=4), f"{MODULE}.lora_B.weight": np.ones((8, 5), np.float16)}), "ranks"),
    "rank 0": (lora_bytes(pair(rank=0)), "ranks"),
    "vectors": (lora_bytes({key: np.ones(4, np.float16) for key in pair()}), "2 or 4 sides"),
    "a base model": (lora_bytes({"unet.conv_in.weight": np.ones((2, 2), np.float16)}), "no key of a LoRA"),
    "no component": (lora_bytes(pair("somewhere.to_q")), "no key of a LoRA"),
    "two spellings": (lora_bytes(pair() | kohya()), "occurs twice, under two spellings"),
    "matrices of whole numbers": (lora_bytes({k: v.astype(np.int64) for k, v in pair().items()}), "is I64; allowed"),
    "an alpha that is not finite": (lora_bytes(kohya(alpha=float("nan"))), "alpha holds numbers that are not finite"),
    "a key that is no text": (lora_bytes(pair() | {"\ud800": np.ones(1, np.float16)}), "not valid JSON"),
    "a text that is no text": (lora_bytes(metadata=DEMO | {"modelspec.title": "\ud800"}), "not valid JSON"),
    "twice": (lora_bytes(kohya("lora_te_layers_0_q_proj") | kohya("lora_te1_layers_0_q_proj")), "occurs twice"),
    "an alpha of two": (lora_bytes(kohya() | {f"{KOHYA}.alpha": np.ones(2, np.float16)}), "expected one number"),
    "alpha alone": (lora_bytes({f"{KOHYA}.alpha": np.ones((), np.float16)}), "one half"),
    "huge rank": (lora_bytes(pair(rank=1025)), "at most 1024"),
    "LoHa": (lora_bytes(pair(names=("hada_w1_a", "hada_w1_b"))), "no whole change of a layer"),
    "LoKr": (lora_bytes({f"{KOHYA}.lokr_w1": np.ones((2, 2), np.float16)}), "no whole change of a layer"),
    "float8": (lora_bytes({k: v.astype(np.int8) for k, v in pair().items()}), "is F8_E4M3; allowed"),
    "OFT": (lora_bytes({f"{KOHYA}.oft_blocks": np.ones((2, 2), np.float16)}), "supported: OFT"),
    "IA3": (lora_bytes({f"{KOHYA}.weight": HALF[1], f"{KOHYA}.on_input": np.ones((), np.float16)}), "IA.*LyCORIS"),
    "Tucker": (lora_bytes(kohya() | {f"{KOHYA}.lora_mid.weight": HALF[1]}), "cannot be multiplied"),
    "full": (lora_bytes({f"{KOHYA}.diff": HALF[1]}), "full or norm weights"),
    "kohya's DoRA": (lora_bytes(kohya() | {f"{KOHYA}.dora_scale": np.ones((8, 1), np.float16)}), "supported: DoRA"),
    "DoRA": (lora_bytes(pair() | {f"{MODULE}.lora_magnitude_vector": np.ones(8, np.float16)}), "supported: DoRA"),
    "PEFT of something": (lora_bytes(pair("base_model.model.layers.0.q_proj")), "no key of a LoRA"),
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


SLOW: dict[str, tuple[Callable[[], bytes], str]] = {
    "200,000 tensors": (lambda: b"{" + TENSOR * 200_000 + b"}", "more than 20,000 tensors"),
    "a list of millions": (lambda: b'{"a":[' + b"1," * 2_000_001 + b"1]}", "more than 2,000,000 parts"),
    "millions of lists": (lambda: b"[" * 2_000_001, "more than 2,000,000 parts"),
    "31 MB of blanks": (lambda: b" " * 31_000_000, "not valid JSON"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_header_made_to_be_slow_is_refused_in_a_moment(name: str) -> None:
    """Its parse would hold Python's lock, and with it the event loop."""
    header, reason = SLOW[name]
    data = with_header(header())
    begun_s = time.thread_time()
    with pytest.raises(LoraFormatError, match=reason):
        read_lora(data)
    assert time.thread_time() - begun_s < 0.5


def test_safetensors_itself_reads_an_accepted_file() -> None:
    from safetensors.numpy import load

    data = lora_bytes()
    assert load(data).keys() == read_header(data).tensors.keys()


def test_a_file_is_described() -> None:
    tensors = pair(rank=4) | pair(
        "text_encoder_2.layers.0.q_proj", 8, ("lora_linear_layer.down", "lora_linear_layer.up")
    )
    content = read_lora(lora_bytes(tensors))
    assert (content.rank, len(content.layers)) == (8, 2)
    assert content.layers.keys() == {"lora_unet_mid_block_attentions_0_to_q", "lora_te2_layers_0_q_proj"}


@pytest.mark.parametrize("dtype", ["int64", "int32", "float64", "float32", "float16", "uint8"])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_an_alpha_of_any_number_format_counts(dtype: str, shape: tuple[int, ...]) -> None:
    alpha = {f"{KOHYA}.alpha": np.full(shape, 3, dtype)}
    assert read_lora(lora_bytes(kohya() | alpha)).layers[KOHYA].scale == 3 / 4


@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        ({"unet.r": 4, "unet.lora_alpha": 2}, 2 / 4),
        ({"unet.r": 4, "unet.lora_alpha": 8, "unet.use_rslora": True}, 8 / 2),
        (
            {"unet.r": 16, "unet.lora_alpha": 2, "unet.rank_pattern": {"to_q": 4}, "unet.alpha_pattern": {"to_q": 8}},
            8 / 4,
        ),
        ({"text_encoder.r": 16, "text_encoder.lora_alpha": 2}, 1.0),
    ],
)
def test_the_settings_of_peft_count(settings: dict[str, object], scale: float) -> None:
    content = read_lora(lora_bytes(metadata=DEMO | {"lora_adapter_metadata": json.dumps(settings)}))
    assert content.layers[KOHYA].scale == scale


def test_metadata_of_null_is_none() -> None:
    header, start = parse(lora_bytes())
    data = with_header(header | {"__metadata__": None}, lora_bytes()[start:])
    assert read_lora(data).metadata == {}


def test_what_is_no_part_of_a_lora_is_left_out_and_named() -> None:
    embeddings = {f"bundle_emb.jade.clip_{part}": np.ones((2, 8), np.float16) for part in ("l", "g")}
    elsewhere = pair("lora_unet_up_blocks_3_attentions_0_proj_in", names=("lora_down", "lora_up"))
    data = lora_bytes(kohya() | embeddings | elsewhere | {"notes": np.ones(1, np.float16)})
    content = read_lora(data, {KOHYA: (8, 6)})
    assert list(content.layers) == [KOHYA]
    assert [(part.keys, part.count) for part in content.ignored] == [
        ("bundle_emb.jade.clip_*", 2),
        ("notes", 1),
        ("lora_unet_up_blocks_3_attentions_0_proj_in.lora_*", 2),
    ]
    assert "the base model has no such layer" in content.ignored[2].reason


def test_a_layer_under_both_numberings_is_read_once() -> None:
    both = kohya() | kohya("lora_unet_middle_block_1_to_q", rank=2)
    content = read_lora(lora_bytes(both), {KOHYA: (8, 6)})
    assert (content.rank, content.ignored[0].count) == (4, 2)
    assert "under diffusers' name" in content.ignored[0].reason


SPELLINGS = {
    "diffusers": pair(),
    "diffusers, older": pair(names=("lora.down", "lora.up")),
    "PEFT": pair(f"base_model.model.{MODULE.removeprefix('unet.')}"),
    "PEFT with the part": pair(f"base_model.model.{MODULE}"),
    "PEFT within the part": pair(f"unet.base_model.model.{MODULE.removeprefix('unet.')}"),
    "PEFT of the UNet alone": pair(MODULE.removeprefix("unet.")),
    "PEFT with the adapter's name": pair(names=("lora_A.default_0", "lora_B.default_0")),
    "diffusers, attention processors": pair(f"{MODULE[:-5]}.processor.to_q_lora", names=("down", "up")),
    "OneTrainer": pair(names=("lora_down", "lora_up")) | {f"{MODULE}.alpha": np.array(4, np.float16)},
    "OneTrainer, original blocks": pair("unet.middle_block.1.to_q", names=("lora_down", "lora_up")),
    "ComfyUI": pair("diffusion_model.middle_block.1.to_q"),
    "LyCORIS": pair(KOHYA.replace("lora_unet", "lycoris"), names=("lora_down", "lora_up")),
    "kohya": kohya(alpha=2.0),
    "kohya, original blocks": kohya("lora_unet_middle_block_1_to_q", alpha=2.0),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_names_the_same_layer(name: str) -> None:
    content = read_lora(lora_bytes(SPELLINGS[name]))
    assert list(content.layers) == [KOHYA]
    assert (content.rank, content.layers[KOHYA].shape) == (4, (8, 6))


def test_a_convolution_is_read() -> None:
    tensors = {
        f"{KOHYA}.lora_down.weight": np.ones((4, 6, 3, 3), np.float16),
        f"{KOHYA}.lora_up.weight": np.ones((8, 4, 1, 1), np.float16),
    }
    assert read_lora(lora_bytes(tensors)).layers[KOHYA].shape == (8, 6, 3, 3)


def test_the_short_hash_covers_the_tensors_only() -> None:
    one, other = read_lora(lora_bytes()), read_lora(lora_bytes(metadata=DEMO | {"modelspec.title": "other"}))
    assert one.short_hash == other.short_hash
    assert len(one.short_hash) == 12
    assert one.sha256 != other.sha256
