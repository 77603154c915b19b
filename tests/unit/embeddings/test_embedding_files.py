"""Textual inversion files: what is read, and why anything else is not."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from pipelines.inversions.file import MAX_BYTES, InversionError, name_of, num_vectors
from server.embeddings import folder as folder_module
from server.embeddings.folder import EmbeddingFolder
from tests.support.embeddings import WIDTHS, embedding_bytes, matrices

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "pipelines" / "demo"
GOOD = matrices(2)


def of_width(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float16)


WRONG: dict[str, tuple[bytes, str]] = {
    "sd1": (save({"emb_params": of_width(2, 768)}), "made for Stable Diffusion 1.x (768 numbers a vector)"),
    "sd1_diffusers": (save({"<neg>": of_width(768)}), "made for Stable Diffusion 1.x"),
    "sd2": (save({"emb_params": of_width(1, 1024)}), "made for Stable Diffusion 2.x"),
    "sd3": (save({**GOOD, "t5xxl": of_width(1, 4096)}), "made for Stable Diffusion 3"),
    "half": (save({"clip_l": GOOD["clip_l"]}), "it holds clip_l only"),
    "other_model": (save({"clip_l": of_width(2, 768), "clip_g": of_width(2, 1280)}), "vectors of 64 numbers"),
    "counts": (save({**GOOD, "clip_g": matrices(3)["clip_g"]}), "2 vectors in clip_l and 3 in clip_g"),
    "too_many": (embedding_bytes(76), "76 vectors; possible are 1 to 75"),
    "none": (embedding_bytes(0), "0 vectors"),
    "more": (save({**GOOD, "extra": of_width(1)}), "more than clip_l and clip_g: extra"),
    "whole_numbers": (save({key: value.astype(np.int32) for key, value in GOOD.items()}), "clip_l is I32"),
    "not_finite": (save({**GOOD, "clip_g": np.full((2, WIDTHS[1]), np.nan, np.float32)}), "not finite"),
    "lora": (save({"lora_unet_mid_block_attentions_0_to_q.lora_down.weight": of_width(4, 64)}), "it is a LoRA"),
    "cut": (embedding_bytes(2)[:-10], "still being written, or"),
    "empty": (b"", "0 bytes long"),
    "page": (b"<!DOCTYPE html><html>" + b" " * 100, "a web page"),
    "pickle": (pickle.dumps({"clip_l": [1]}) + b" " * 100, "Python pickle"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_used_is_named(kind: str) -> None:
    data, reason = WRONG[kind]
    with pytest.raises(InversionError) as refused:
        num_vectors(data, WIDTHS)
    assert reason in str(refused.value)


def test_one_vector_may_stand_alone() -> None:
    assert num_vectors(save({key: value[0] for key, value in matrices(1).items()}), WIDTHS) == 1
    assert num_vectors(embedding_bytes(75), WIDTHS) == 75


def test_a_name_can_be_written_in_a_prompt() -> None:
    assert name_of("bad_hands-v1.3") == "bad_hands-v1.3"
    assert name_of("Bad Hands (v2)") == "Bad-Hands-v2"
    with pytest.raises(InversionError, match="must have a letter"):
        name_of("1.5")


def opened(folder: Path) -> EmbeddingFolder:
    return EmbeddingFolder(folder / "shelf", folder / "copies", DEMO, lambda name: name == "cat")


def test_a_scan_names_what_it_finds(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    (shelf / "more").mkdir(parents=True)
    (shelf / "neghand.safetensors").write_bytes(embedding_bytes(5))
    (shelf / "more" / "cat.safetensors").write_bytes(embedding_bytes(1, 1))
    (shelf / "NegHand.SAFETENSORS").write_bytes(embedding_bytes(2, 2))
    (shelf / "old.pt").write_bytes(b"x")
    (shelf / "notes.txt").write_text("notes")
    (shelf / ".hidden.safetensors").write_bytes(b"")
    (shelf / "huge.safetensors").write_bytes(b"\0" * (MAX_BYTES + 1))
    (shelf / "link.safetensors").symlink_to(tmp_path / "nothing.safetensors")
    embeddings = opened(tmp_path)
    rejected = dict(embeddings.scan())
    assert list(embeddings.by_name) == ["cat", "neghand"]
    assert embeddings.by_name["cat"].is_word and not embeddings.by_name["neghand"].is_word
    copied = {path.stem for path in (tmp_path / "copies").iterdir()}
    assert {each.sha256 for each in embeddings.by_name.values()} <= copied
    names = ("shelf/huge.safetensors", "shelf/link.safetensors", "shelf/neghand.safetensors", "shelf/old.pt")
    assert tuple(sorted(rejected)) == names
    assert "NegHand.SAFETENSORS; rename" in rejected["shelf/neghand.safetensors"]
    assert "can run code" in rejected["shelf/old.pt"]
    assert "4,000,001 bytes" in rejected["shelf/huge.safetensors"]


def test_a_broken_file_leaves_its_last_good_version(tmp_path: Path) -> None:
    path = tmp_path / "shelf" / "neghand.safetensors"
    path.parent.mkdir()
    path.write_bytes(embedding_bytes(5))
    embeddings = opened(tmp_path)
    assert embeddings.scan() == ()
    before = embeddings.by_name["neghand"]
    path.write_bytes(b"broken")
    assert [file for file, _ in embeddings.scan()] == ["shelf/neghand.safetensors"]
    assert embeddings.by_name["neghand"] == before and embeddings.offers(before.sha256)
    path.write_bytes(embedding_bytes(4))
    assert embeddings.scan() == () and embeddings.by_name["neghand"].num_vectors == 4
    assert not embeddings.offers(before.sha256)
    path.unlink()
    assert embeddings.scan() == () and embeddings.by_name == {}


def test_a_folder_is_no_whole_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    (tmp_path / "shelf").mkdir()
    for n in range(4):
        (tmp_path / "shelf" / f"e{n}.safetensors").write_bytes(embedding_bytes(1, n))
    embeddings = opened(tmp_path)
    assert embeddings.scan() == (("shelf/e2.safetensors", "only 2 files are looked at"),)
    assert list(embeddings.by_name) == ["e0", "e1"]


def test_no_folder_and_a_missing_one_are_empty(tmp_path: Path) -> None:
    assert EmbeddingFolder(None, tmp_path, tmp_path, bool).scan() == ()
    assert opened(tmp_path).scan() == ()
