"""What the spec of an image says about its work, and its way through JSON."""

import msgspec
import pytest
import torch

from pipelines.spec import MAX_SEED, MAX_WRITTEN_SEED, ImageSpec, LoraRef, seed_at
from tests.support.builders import image_spec


@pytest.mark.parametrize(
    ("start", "end", "guided"),
    [(0.0, 1.0, 8), (0.0, 0.5, 4), (0.25, 0.75, 4), (0.3, 0.3, 0), (0.0, 0.0, 0), (1.0, 1.0, 0), (0.1, 0.9, 7)],
)
def test_guidance_takes_a_second_row_within_its_interval_only(start: float, end: float, guided: int) -> None:
    spec = image_spec(steps=8, guidance_start=start, guidance_end=end)
    assert (len(spec.guided(8)), spec.work) == (guided, 8 + guided)
    assert image_spec(steps=8, guidance_start=start, guidance_end=end, guidance_scale=1.0).work == 8


def test_a_spec_is_the_same_after_its_way_through_json() -> None:
    spec = image_spec(seed=2**32 - 1, loras=(LoraRef("jade", None, "a" * 64, -0.35, "b" * 12),), style="sketch")
    document = msgspec.json.encode(spec)
    assert msgspec.json.decode(document, type=ImageSpec) == spec
    assert msgspec.json.decode(document)["spec"] == "v1"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(document.replace(b'"v1"', b'"v0"'), type=ImageSpec)


@pytest.mark.parametrize("seed", [2**32, 2**32 + 7, 2**63, MAX_WRITTEN_SEED])
def test_a_large_seed_makes_the_noise_of_its_lower_32_bits(seed: int) -> None:
    noise, ours = (torch.randn(64, generator=torch.Generator().manual_seed(each)) for each in (seed, seed_at(seed, 0)))
    assert seed_at(seed, 0) <= MAX_SEED
    assert torch.equal(noise, ours)


def test_seeds_follow_one_another_and_wrap() -> None:
    assert [seed_at(2**32 - 2, index) for index in range(3)] == [2**32 - 2, 2**32 - 1, 0]
