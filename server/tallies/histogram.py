"""Histograms of seconds in roll-ups: buckets whose bounds grow by a quarter, so that sums over days give percentiles.
Pure."""

import math
from collections.abc import Mapping

FIRST_S = 0.01
GROWTH = 1.25
LAST = 90
"""The bucket of all that took longer than 5 million seconds."""


def bucket_of(seconds: float) -> int:
    """0: up to FIRST_S; n: up to FIRST_S * GROWTH ** n."""
    if seconds <= FIRST_S:
        return 0
    return min(LAST, math.ceil(math.log(seconds / FIRST_S, GROWTH) - 1e-9))


def percentile(counts: Mapping[int, float], share: float) -> float | None:
    """Seconds that `share` (0 to 1) of what was counted took at most, at most a quarter off. None: nothing was."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank, below = share * total, 0.0
    for bucket in sorted(counts):
        count = counts[bucket]
        if count > 0 and below + count >= rank:
            high = FIRST_S * GROWTH**bucket
            low = high / GROWTH if bucket else 0.0
            return low + (high - low) * max(0.0, rank - below) / count
        below += count
    return FIRST_S * GROWTH ** max(counts)
