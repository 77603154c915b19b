"""The price of a job: the stated rule, in whole cents, never less than one generation."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.spec import ImageSpec, Pass
from server.billing.money import in_dollars, micro_usd
from server.billing.prices import Rate, price, share
from tests.support.builders import image_spec

NATIVE = 1024
RATE = Rate(500_000, NATIVE * NATIVE)
HIRES = Pass(width=2 * NATIVE, height=2 * NATIVE, start=20, upscaler="latent")


def image(**changes: object) -> ImageSpec:
    return image_spec(**{"width": NATIVE, "height": NATIVE, "steps": 30, **changes})


@pytest.mark.parametrize(
    ("specs", "cents"),
    [
        ([image()], 50),
        ([image()] * 4, 50),
        ([image(sampler="heun", guidance_scale=1.0)] * 4, 50),
        ([image(steps=12)] * 4, 50),
        ([image(steps=12)] * 8, 50),
        ([image()] * 5, 63),  # 62.5, rounded up
        ([image()] * 8, 100),
        ([image()] * 64, 800),
        ([image(steps=60)] * 4, 100),
        ([image(steps=60)] * 2, 50),
        ([image(width=2048)] * 4, 100),
        ([image(strength=0.5)] * 8, 50),  # half of the steps are taken
        ([image(steps=60, strength=0.5)] * 4, 50),
        ([image(more_passes=(HIRES,))] * 4, 117),  # 30 + 4 x 10 steps of a native picture
        ([image(width=512, height=512)] * 4, 50),
    ],
)
def test_a_job_costs_what_the_rule_says(specs: list[ImageSpec], cents: int) -> None:
    assert price(specs, RATE) == cents * 10_000


@given(st.lists(st.integers(1, 150), min_size=1, max_size=64), st.integers(1, 100_000))
def test_more_never_costs_less_and_every_price_is_whole_cents(steps: list[int], cents: int) -> None:
    rate = Rate(cents * 10_000, RATE.native_px)
    specs = [image(steps=each) for each in steps]
    total = price(specs, rate)
    assert total % 10_000 == 0
    assert total >= price(specs[1:], rate) >= rate.generation_micro_usd
    exact = Decimal(rate.generation_micro_usd) * max(120, sum(steps)) / 120
    assert 0 <= total - exact < 10_000


@given(st.integers(1, 10**10), st.integers(1, 64))
def test_the_shares_of_the_pictures_are_the_price(total: int, num_images: int) -> None:
    shares = [share(total, n, num_images) for n in range(1, num_images + 1)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_amounts_in_words() -> None:
    amounts = (500_000, 0, -1_250_000, 1_234_567_890_000, 9_999)
    assert [in_dollars(each) for each in amounts] == ["$0.50", "$0.00", "-$1.25", "$1,234,567.89", "$0.00"]
    assert micro_usd(Decimal("30.50")) == 30_500_000
