import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lora_file import LoraFormatError, LoraNameError, read_header, read_lora
from pipelines.lora_keys import peft_key
from pipelines.lora_library import LoraLibrary, split_name, version_key
from pipelines.model_info import DEMO_LORA_BASE, SDXL_LORA_BASE

MODULE = "unet.mid_block.attentions.0.to_q"
KOHYA = "lora_unet_mid_block_attentions_0_to_q"
DEMO = {"studio.base_model": DEMO_LORA_BASE}
DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "uint16": "BF16"}


def lora_bytes(tensors: dict[str, np.ndarray] | None = None, metadata: dict[str, Any] | None = None) -> bytes:
    """A safetensors file, written by hand; uint16 arrays stand for bfloat16."""
    tensors = pair() if tensors is None else tensors
    header: dict[str, Any] = {"__metadata__": DEMO if metadata is None else metadata}
    payload = b""
    for key, values in tensors.items():
        offsets = [len(payload), len(payload) + values.nbytes]
        header[key] = {"dtype": DTYPES[values.dtype.name], "shape": list(values.shape), "data_offsets": offsets}
        payload += values.tobytes()
    return with_header(header, payload)


def with_header(header: Any, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


def pair(module: str = MODULE, rank: int = 4, names: tuple[str, str] = ("lora_A", "lora_B")) -> dict[str, np.ndarray]:
    down, up = names
    return {
        f"{module}.{down}.weight": np.ones((rank, 6), np.float16),
        f"{module}.{up}.weight": np.ones((8, rank), np.float16),
    }


def kohya(module: str = "", rank: int = 4, alpha: float | None = None) -> dict[str, np.ndarray]:
    module = module or KOHYA
    scale = {} if alpha is None else {f"{module}.alpha": np.array(alpha, np.float32)}
    return pair(module, rank, ("lora_down", "lora_up")) | scale


def changed(**changes: Any) -> bytes:
    """A sound file but for one field of its first tensor."""
    tensors = pair()
    header, payload_start = parse(lora_bytes(tensors))
    header[f"{MODULE}.lora_A.weight"].update(changes)
    return with_header(header, lora_bytes(tensors)[payload_start:])


def parse(data: bytes) -> tuple[dict[str, Any], int]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), 8 + length


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


def test_safetensors_itself_reads_what_we_accept() -> None:
    from safetensors.numpy import load

    data = lora_bytes()
    tensors, _, _ = read_header(data)
    assert load(data).keys() == tensors.keys()


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


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ({KOHYA: (8, 6)}, None),
        ({KOHYA: (8, 7)}, f"{KOHYA} is made for a layer of 8 x 6; the base model's is 8 x 7"),
        ({KOHYA: (8, 6, 1, 1)}, "the base model's is 8 x 6 x 1 x 1"),
        ({}, f"the base model has no layer {KOHYA}"),
    ],
)
def test_a_lora_is_held_against_the_layers_of_the_base_model(
    tmp_path: Path, layers: dict[str, tuple[int, ...]], reason: str | None
) -> None:
    (tmp_path / "jade-v1.safetensors").write_bytes(lora_bytes(kohya()))
    scan = LoraLibrary(tmp_path, DEMO_LORA_BASE, base_layers=layers).scan()
    assert [each.reason for each in scan.rejected] == ([] if reason is None else [scan.unfit[0].reason])
    assert reason is None or reason in scan.unfit[0].reason


def test_a_file_is_read_again_only_after_a_change(library: LoraLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    path = library.lora_dir / "jade-v1.safetensors"
    path.write_bytes(lora_bytes())
    first = library.scan()
    path.write_bytes(lora_bytes(pair(rank=5)))  # at once: perhaps within one tick of the file system's clock
    assert library.scan().files[0].rank == 5 != first.files[0].rank
    monkeypatch.setattr("pipelines.lora_library.SETTLED_S", -60.0)
    second = library.scan()
    assert library.scan().files[0] is second.files[0]
    path.write_bytes(lora_bytes(pair(rank=6)))
    assert library.scan().files[0].rank == 6


def test_kohya_s_notes_tell_words_and_title(library: LoraLibrary) -> None:
    notes = {
        "ss_output_name": "jade",
        "ss_dataset_dirs": json.dumps({"10_jade": {"n_repeats": 10, "img_count": 3}}),
        "ss_tag_frequency": json.dumps({"10_jade": {"jade woman": 3, "beach": 2, " red dress": 1}}),
        "studio.default_weight": "0.7",
    }
    (library.lora_dir / "a.safetensors").write_bytes(lora_bytes(metadata=DEMO | notes))
    odd = {"ss_tag_frequency": "[]", "ss_dataset_dirs": "{", "studio.default_weight": "strong"}
    (library.lora_dir / "b.safetensors").write_bytes(lora_bytes(metadata=DEMO | odd))
    first, second = library.scan().files
    assert (first.trigger, first.title, first.weight) == ("jade woman", "jade", 0.7)
    assert (second.trigger, second.title, second.weight) == (None, None, None)


@pytest.mark.parametrize(("version", "base"), [("sd_v1", "Stable Diffusion 1.x"), ("sd3_medium", "Stable Diffusion 3")])
def test_kohya_s_notes_tell_another_family(library: LoraLibrary, version: str, base: str) -> None:
    notes = DEMO | {"ss_base_model_version": version}
    (library.lora_dir / "a.safetensors").write_bytes(lora_bytes(metadata=notes))
    assert library.scan().unfit[0].reason == f"it is made for {base}; this server runs SDXL models"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(library: LoraLibrary) -> None:
    os.mkfifo(library.lora_dir / "jade-v1.safetensors")
    assert [each.reason for each in library.scan().rejected] == ["it is no regular file"]


def test_the_short_hash_covers_the_tensors_only() -> None:
    one, other = read_lora(lora_bytes()), read_lora(lora_bytes(metadata=DEMO | {"modelspec.title": "other"}))
    assert one.short_hash == other.short_hash
    assert len(one.short_hash) == 12
    assert one.sha256 != other.sha256


@pytest.mark.parametrize("names", [("lora_A", "lora_B"), ("lora.down", "lora.up")])
def test_every_naming_of_the_layout_becomes_one(names: tuple[str, str]) -> None:
    assert {peft_key(key) for key in pair(names=names)} == pair().keys()


@pytest.fixture
def library(tmp_path: Path) -> LoraLibrary:
    return LoraLibrary(tmp_path, DEMO_LORA_BASE)


def test_a_scan_lists_the_usable_and_names_the_rest(library: LoraLibrary) -> None:
    spec = {"modelspec.trigger_phrase": " jade woman ", "modelspec.title": "Jade"}
    (library.lora_dir / "jade-v1.2.safetensors").write_bytes(lora_bytes(metadata=DEMO | spec))
    (library.lora_dir / "amber.safetensors").write_bytes(lora_bytes(pair("text_encoder.q_proj")))
    (library.lora_dir / "bad name!.safetensors").write_bytes(lora_bytes())
    (library.lora_dir / "torn-v1.safetensors").write_bytes(lora_bytes()[:-1])
    os.utime(library.lora_dir / "torn-v1.safetensors", (0, 0))
    (library.lora_dir / "folder.safetensors").mkdir()
    (library.lora_dir / "notes.txt").write_text("not a LoRA")

    scan = library.scan()
    amber, jade = scan.files
    assert (amber.label, amber.version, amber.trigger, amber.has_text_encoder) == ("amber", None, None, True)
    assert (jade.label, jade.name, jade.version, jade.has_text_encoder) == ("jade-v1.2", "jade", "1.2", False)
    assert (jade.trigger, jade.title, jade.base_model, jade.rank) == ("jade woman", "Jade", DEMO_LORA_BASE, 4)
    assert [rejected.file for rejected in scan.rejected] == [
        "bad name!.safetensors",
        "folder.safetensors",
        "torn-v1.safetensors",
    ]
    assert all(rejected.reason for rejected in scan.rejected)


def test_a_file_that_is_still_being_written_waits(library: LoraLibrary) -> None:
    for size in (0, 5, 100, len(lora_bytes()) - 1):
        (library.lora_dir / f"growing-v{size}.safetensors").write_bytes(lora_bytes()[:size])
    for name in ("jade-v2.safetensors.part", "jade-v3.tmp", ".upload-1.tmp", ".hidden.safetensors"):
        (library.lora_dir / name).write_bytes(lora_bytes())
    scan = library.scan()
    assert (scan.files, scan.rejected) == ((), ())
    assert len(scan.pending) == 6
    for path in library.lora_dir.glob("growing-*"):
        os.utime(path, (0, 0))
    assert len(library.scan().rejected) == 4  # nobody writes to them any more


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    scan = LoraLibrary(tmp_path / "nowhere", DEMO_LORA_BASE).scan()
    assert (scan.files, scan.rejected) == ((), ())


@pytest.mark.parametrize(
    ("metadata", "lora_base", "reason"),
    [
        (DEMO, DEMO_LORA_BASE, None),
        ({}, DEMO_LORA_BASE, "not marked as made for the demo model"),
        (DEMO, SDXL_LORA_BASE, "it is made for the demo model; the base model here is an SDXL model"),
        ({}, SDXL_LORA_BASE, None),
        ({"studio.base_model": "sdxl"}, SDXL_LORA_BASE, None),
        (
            {"studio.base_model": "sdxl"},
            DEMO_LORA_BASE,
            "made for an SDXL model; the base model here is the demo model",
        ),
        ({"studio.base_model": "other"}, SDXL_LORA_BASE, "made for other"),
    ],
)
def test_a_lora_for_another_base_is_rejected(
    tmp_path: Path, metadata: dict[str, str], lora_base: str, reason: str | None
) -> None:
    (tmp_path / "jade-v1.safetensors").write_bytes(lora_bytes(metadata=metadata))
    scan = LoraLibrary(tmp_path, lora_base).scan()
    assert len(scan.files) == (reason is None)
    assert reason is None or reason in scan.rejected[0].reason
    assert scan.unfit == scan.rejected  # nothing is wrong with the file


def test_bytes_that_changed_since_the_scan_are_refused(library: LoraLibrary) -> None:
    path = library.lora_dir / "jade-v1.safetensors"
    path.write_bytes(lora_bytes())
    (found,) = library.scan().files
    assert found.read_bytes() == lora_bytes()
    path.write_bytes(lora_bytes(pair(rank=5)))
    with pytest.raises(LoraFormatError, match="changed"):
        found.read_bytes()


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("jade-v1", ("jade", "1")),
        ("jade-v10.2", ("jade", "10.2")),
        ("jade", ("jade", None)),
        ("jade-vista", ("jade-vista", None)),
        ("jade-v1-v2", ("jade-v1", "2")),
        ("-v1", ("-v1", None)),
    ],
)
def test_names_and_versions(stem: str, expected: tuple[str, str | None]) -> None:
    assert split_name(stem) == expected


@pytest.mark.parametrize("stem", ["", "a" * 65, "jade woman", "jädé", "a/b", "..", ".jade", "a\n", "a\0", "base"])
def test_names_that_are_none(stem: str) -> None:
    with pytest.raises(LoraNameError, match=r"1 to 64 letters|may be called base"):
        split_name(stem)


def test_versions_are_ordered_by_number() -> None:
    shuffled = ["10", "1.10", None, "9", "1", "2", "1.2", "1.1"]
    assert sorted(shuffled, key=version_key) == [None, "1", "1.1", "1.2", "1.10", "2", "9", "10"]


@pytest.mark.parametrize("text", ["x" * 501, "jade\nwoman", "\ud800", "a\0b"])
def test_words_that_no_prompt_or_file_can_hold_reject_the_lora(library: LoraLibrary, text: str) -> None:
    for n, key in enumerate(("modelspec.trigger_phrase", "modelspec.title")):
        (library.lora_dir / f"odd-v{n}.safetensors").write_bytes(lora_bytes(metadata=DEMO | {key: text}))
    scan = library.scan()
    assert not scan.files
    assert all("modelspec." in rejected.reason for rejected in scan.rejected)


ATTENTION = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
LAYOUTS = [
    (f"unet.{ATTENTION}", ("lora_A", "lora_B")),
    (f"unet.{ATTENTION}", ("lora.down", "lora.up")),
    ("lora_unet_" + ATTENTION.replace("attn2.to_k", "attn2_to_k"), ("lora_down", "lora_up")),
]


@pytest.mark.parametrize(("module", "names"), LAYOUTS)
@pytest.mark.parametrize(("width", "base"), [(768, "Stable Diffusion 1.x"), (1024, "Stable Diffusion 2.x")])
def test_a_lora_of_another_family_is_told_by_its_shapes(
    tmp_path: Path, module: str, names: tuple[str, str], width: int, base: str
) -> None:
    down, up = names
    tensors = {
        f"{module}.{down}.weight": np.ones((4, width), np.float16),
        f"{module}.{up}.weight": np.ones((320, 4), np.float16),
    }
    (tmp_path / "old-v1.safetensors").write_bytes(lora_bytes(tensors, {}))
    (rejected,) = LoraLibrary(tmp_path, SDXL_LORA_BASE).scan().unfit
    assert rejected.reason == f"it is made for {base}; this server runs SDXL models"


def test_a_lora_that_says_nothing_but_has_sdxls_shapes_does_not_fit_the_demo(tmp_path: Path) -> None:
    tensors = {
        f"unet.{ATTENTION}.lora_A.weight": np.ones((4, 2048), np.float16),
        f"unet.{ATTENTION}.lora_B.weight": np.ones((640, 4), np.float16),
    }
    (tmp_path / "film-v1.safetensors").write_bytes(lora_bytes(tensors, {}))
    (rejected,) = LoraLibrary(tmp_path, DEMO_LORA_BASE).scan().unfit
    assert rejected.reason == "it is made for an SDXL model; the base model here is the demo model"
    assert [file.label for file in LoraLibrary(tmp_path, SDXL_LORA_BASE).scan().files] == ["film-v1"]


def test_a_flux_lora_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.safetensors").write_bytes(lora_bytes(pair("transformer.single_transformer_blocks.0.attn.to_q"), {}))
    (rejected,) = LoraLibrary(tmp_path, SDXL_LORA_BASE).scan().unfit
    assert "made for FLUX" in rejected.reason


def test_a_damaged_file_is_not_called_unfit(tmp_path: Path) -> None:
    (tmp_path / "torn.safetensors").write_bytes(lora_bytes() + b"0")
    scan = LoraLibrary(tmp_path, DEMO_LORA_BASE).scan()
    assert (len(scan.rejected), scan.unfit) == (1, ())
