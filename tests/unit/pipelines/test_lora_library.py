"""The folder of LoRAs: the usable files, the others with their reason, and the files for another base model."""

import json
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from pipelines.lora.files.library import LoraLibrary
from pipelines.lora.files.names import LoraFormatError, LoraNameError, split_name, version_key
from pipelines.model.info import DEMO_LORA_BASE, SDXL_LORA_BASE
from tests.support.loras.file_bytes import (
    DEMO,
    KOHYA,
    kohya,
    lora_bytes,
    pair,
)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ({KOHYA: (8, 6)}, None),
        ({KOHYA: (8, 7)}, f"{KOHYA} is made for a layer of 8 x 6; the base model's is 8 x 7"),
        ({KOHYA: (8, 6, 1, 1)}, None),
        ({KOHYA: (8, 6, 3, 3)}, "the base model's is 8 x 6 x 3 x 3"),
        ({}, f"the base model has no layer {KOHYA}"),
    ],
)
def test_a_lora_is_compared_with_the_layers_of_the_base_model(
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
    path.write_bytes(lora_bytes(pair(rank=5)))  # perhaps within one tick of the file system's clock
    assert library.scan().files[0].rank == 5 != first.files[0].rank
    monkeypatch.setattr("pipelines.lora.files.library.SETTLED_S", -60.0)
    second = library.scan()
    assert library.scan().files[0] is second.files[0]
    path.write_bytes(lora_bytes(pair(rank=6)))
    assert library.scan().files[0].rank == 6


def test_kohya_s_notes_give_words_and_title(library: LoraLibrary) -> None:
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
def test_kohya_s_notes_identify_another_family(library: LoraLibrary, version: str, base: str) -> None:
    notes = DEMO | {"ss_base_model_version": version}
    (library.lora_dir / "a.safetensors").write_bytes(lora_bytes(metadata=notes))
    assert library.scan().unfit[0].reason == f"it is made for {base}; this server runs SDXL models"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(library: LoraLibrary) -> None:
    os.mkfifo(library.lora_dir / "jade-v1.safetensors")
    assert [each.reason for each in library.scan().rejected] == ["it is no regular file"]


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
    amber, bad, jade = scan.files
    assert (bad.label, bad.title, bad.file) == ("bad-name", "bad name!", "bad name!.safetensors")
    assert (amber.label, amber.version, amber.trigger, amber.has_text_encoder) == ("amber", None, None, True)
    assert (jade.label, jade.name, jade.version, jade.has_text_encoder) == ("jade-v1.2", "jade", "1.2", False)
    assert (jade.trigger, jade.title, jade.base_model, jade.rank) == ("jade woman", "Jade", DEMO_LORA_BASE, 4)
    assert [rejected.file for rejected in scan.rejected] == [
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
    assert len(library.scan().rejected) == 4  # no longer being written


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
    assert scan.unfit == scan.rejected  # the file itself is sound


def test_bytes_that_changed_since_the_scan_are_refused(library: LoraLibrary) -> None:
    path = library.lora_dir / "jade-v1.safetensors"
    path.write_bytes(lora_bytes())
    (file,) = library.scan().files
    copy = BytesIO()
    file.copy_to(copy)
    assert copy.getvalue() == lora_bytes()
    path.write_bytes(lora_bytes(pair(rank=5)))
    with pytest.raises(LoraFormatError, match="changed"):
        file.copy_to(BytesIO())


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("翡翠\u3000女", "翡翠 女"),
        ("My\u00a0LoRA\u200b v2", "My LoRA v2"),
        ("jade woman,\nred hair", "jade woman, red hair"),
        ("Family \U0001f468\u200d\U0001f469 style", "Family \U0001f468\u200d\U0001f469 style"),
        ("a\0b", "ab"),
        ("x" * 501, "x" * 500),
        ("\u200b\n", None),
    ],
)
def test_labels_are_folded_and_refuse_no_weights(library: LoraLibrary, text: str, shown: str | None) -> None:
    notes = {"modelspec.trigger_phrase": text, "modelspec.title": text}
    (library.lora_dir / "odd.safetensors").write_bytes(lora_bytes(metadata=DEMO | notes))
    (file,) = library.scan().files
    assert (file.trigger, file.title) == (shown, shown)


def test_names_as_people_download_them_become_labels(library: LoraLibrary) -> None:
    names = ["Jade (v2) [fix].safetensors", "People/Amber v1.SAFETENSORS", "翡翠 v3.safetensors", "film.safetensors"]
    for number, name in enumerate(names):
        path = library.lora_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(lora_bytes(pair(rank=number + 1)))
    labels = {file.file: file.label for file in library.scan().files}
    assert labels.keys() == set(names)
    digits = labels["翡翠 v3.safetensors"]
    assert digits.startswith("lora-") and digits.endswith("-v3")
    assert [labels[name] for name in names if name[0].isascii()] == ["Jade-v2-fix", "Amber-v1", "film"]
    assert library.find("Amber-v1") == library.lora_dir / "People" / "Amber v1.SAFETENSORS"


def test_two_files_of_one_label_are_both_named(library: LoraLibrary) -> None:
    for name in ("jade v1", "jade  v1", "amber v1", "amber-v1"):
        (library.lora_dir / f"{name}.safetensors").write_bytes(lora_bytes())
    scan = library.scan()
    assert [(file.label, file.file) for file in scan.files] == [("amber-v1", "amber-v1.safetensors")]
    assert [(rejected.file, rejected.label) for rejected in scan.rejected] == [
        ("amber v1.safetensors", "amber-v1"),
        ("jade  v1.safetensors", "jade-v1"),
        ("jade v1.safetensors", "jade-v1"),
    ]


def test_everything_else_in_the_folder_is_named_with_the_reason(
    library: LoraLibrary, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shelf = tmp_path_factory.mktemp("shelf")
    for name in ("old.ckpt", "old.pt", "more.zip", "strange.gguf", "notes.txt", "jade.preview.png", ".hidden"):
        (library.lora_dir / name).write_bytes(b"x")
    (library.lora_dir / "out.safetensors").symlink_to(shelf / "nothing.safetensors")
    (library.lora_dir / "circle.safetensors").symlink_to("circle.safetensors")
    (shelf / "jade.safetensors").write_bytes(lora_bytes())
    (library.lora_dir / "shelf").symlink_to(shelf)
    (library.lora_dir / "jade.safetensors").symlink_to(shelf / "jade.safetensors")
    assert [file.label for file in library.scan().files] == ["jade"]
    reasons = {rejected.file: rejected.reason for rejected in library.scan().rejected}
    assert reasons.keys() == {"old.ckpt", "old.pt", "more.zip", "strange.gguf"} | {
        "out.safetensors",
        "circle.safetensors",
        "shelf",
    }
    assert "can run code" in reasons["old.pt"]
    assert "unpack" in reasons["more.zip"]
    assert reasons["out.safetensors"] == reasons["circle.safetensors"] == "it is a link to nothing"
    assert "links to folders are not followed" in reasons["shelf"]


ATTENTION = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
LAYOUTS = [
    (f"unet.{ATTENTION}", ("lora_A", "lora_B")),
    (f"unet.{ATTENTION}", ("lora.down", "lora.up")),
    ("lora_unet_" + ATTENTION.replace(".", "_"), ("lora_down", "lora_up")),
]


@pytest.mark.parametrize(("module", "names"), LAYOUTS)
@pytest.mark.parametrize(("width", "base"), [(768, "Stable Diffusion 1.x"), (1024, "Stable Diffusion 2.x")])
def test_a_lora_of_another_family_is_identified_by_its_shapes(
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


def test_a_flux_lora_is_identified(tmp_path: Path) -> None:
    (tmp_path / "f.safetensors").write_bytes(lora_bytes(pair("transformer.single_transformer_blocks.0.attn.to_q"), {}))
    (rejected,) = LoraLibrary(tmp_path, SDXL_LORA_BASE).scan().unfit
    assert "made for FLUX" in rejected.reason


def test_a_damaged_file_is_not_called_unfit(tmp_path: Path) -> None:
    (tmp_path / "torn.safetensors").write_bytes(lora_bytes() + b"0")
    scan = LoraLibrary(tmp_path, DEMO_LORA_BASE).scan()
    assert (len(scan.rejected), scan.unfit) == (1, ())
