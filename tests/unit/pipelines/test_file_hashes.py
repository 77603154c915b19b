"""A hash is cached for exactly as long as the file is the same."""

import hashlib
import os
from pathlib import Path

import pytest

from pipelines.model.file_hashes import FileHashes


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"one")
    return path


def test_a_hash_outlives_the_process(tmp_path: Path, weights: Path) -> None:
    cache_file = tmp_path / "data" / "hashes.json"
    assert FileHashes(cache_file).known(weights) is None
    expected = hashlib.sha256(b"one").hexdigest()
    assert FileHashes(cache_file).sha256(weights) == expected
    assert FileHashes(cache_file).known(weights) == expected


@pytest.mark.parametrize("change", ["size", "time", "file"])
def test_a_changed_file_is_read_again(tmp_path: Path, weights: Path, change: str) -> None:
    hashes = FileHashes(tmp_path / "hashes.json")
    hashes.sha256(weights)
    seen = weights.stat()
    if change == "file":
        (tmp_path / "new").write_bytes(b"two")
        (tmp_path / "new").replace(weights)
    else:
        weights.write_bytes(b"two" if change == "time" else b"three")
    os.utime(weights, ns=(seen.st_atime_ns, seen.st_mtime_ns + (change == "time")))
    assert hashes.known(weights) is None
    assert hashes.sha256(weights) == hashlib.sha256(weights.read_bytes()).hexdigest()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"/weights": 3}'])
def test_a_damaged_cache_file_is_replaced(tmp_path: Path, weights: Path, text: str) -> None:
    cache_file = tmp_path / "hashes.json"
    cache_file.write_text(text)
    FileHashes(cache_file).sha256(weights)
    assert FileHashes(cache_file).known(weights) == hashlib.sha256(b"one").hexdigest()


def test_a_cache_file_that_cannot_be_written_only_costs_time(
    tmp_path: Path, weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    assert FileHashes(tmp_path / "file" / "hashes.json").sha256(weights) == hashlib.sha256(b"one").hexdigest()
    assert "not cached" in caplog.text
