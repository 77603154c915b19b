"""What the parameters of a picture say about its work."""

from dataclasses import replace

import pytest

from tests.support.simulation import params


@pytest.mark.parametrize(
    ("start", "end", "guided"),
    [(0.0, 1.0, 8), (0.0, 0.5, 4), (0.25, 0.75, 4), (0.3, 0.3, 0), (0.0, 0.0, 0), (1.0, 1.0, 0), (0.1, 0.9, 7)],
)
def test_guidance_takes_a_second_row_within_its_interval_only(start: float, end: float, guided: int) -> None:
    wanted = replace(params(steps=8), guidance_start=start, guidance_end=end)
    assert len(wanted.guided(8)) == guided
    assert len(replace(wanted, guidance_scale=1.0).guided(8)) == 0
