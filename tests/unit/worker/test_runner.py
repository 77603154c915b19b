"""How the settings reach the loader of the model."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.model import load
from pipelines.model.load import LoadOptions
from server.config.settings import Settings
from server.worker.runner import compiled_row_counts, sdxl_runner


class Loaded(Exception):
    """Carries the options that `load_model` was called with."""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A copy of the environment, without torch's settings of its allocator."""
    copied = {name: value for name, value in os.environ.items() if not name.startswith("PYTORCH_")}
    monkeypatch.setattr(os, "environ", copied)
    return copied


def options_of(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> LoadOptions:
    def capture(path: Path, device: str, dtype: str, options: LoadOptions) -> None:
        raise Loaded(options)

    monkeypatch.setattr(load, "load_model", capture)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    with pytest.raises(Loaded) as caught:
        sdxl_runner(Settings(device="cpu", **settings), Path())
    return caught.value.args[0]


@pytest.mark.parametrize(("exact_rows", "accumulates", "vae_dtype"), [(0, True, "auto"), (8, False, "float32")])
def test_exact_rows_leave_out_what_may_change_bits(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], exact_rows: int, accumulates: bool, vae_dtype: str
) -> None:
    options = options_of(monkeypatch, exact_rows=exact_rows, fp16_accumulation=True)
    assert (options.fp16_accumulation, options.vae_dtype) == (accumulates, vae_dtype)


def test_segments_of_the_allocator_expand_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    options_of(monkeypatch)
    assert environment["PYTORCH_ALLOC_CONF"] == "expandable_segments:True"
    environment["PYTORCH_ALLOC_CONF"] = "max_split_size_mb:128"
    options_of(monkeypatch)
    assert environment["PYTORCH_ALLOC_CONF"] == "max_split_size_mb:128"
    del environment["PYTORCH_ALLOC_CONF"]
    environment["PYTORCH_CUDA_ALLOC_CONF"] = "backend:native"
    options_of(monkeypatch)
    assert "PYTORCH_ALLOC_CONF" not in environment


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, [1, 2, 3, 4, 6, 8, 12, 16]),
        ({"max_rows": 8}, [1, 2, 3, 4, 6, 8]),
        ({"max_rows": 7}, [1, 2, 3, 4, 6, 8]),
        ({"max_rows": 1}, [1, 2]),
        ({"max_rows": 8, "row_buckets": (16,)}, [16]),
        ({"exact_rows": 5}, [5]),
    ],
)
def test_only_row_counts_that_forwards_can_have_are_compiled(changed: dict[str, Any], counts: list[int]) -> None:
    assert compiled_row_counts(Settings(**changed)) == counts
