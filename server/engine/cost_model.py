"""What a step costs on this machine, learned while it runs. Pure arithmetic: no torch, no clock.

A UNet forward of r rows at one latent size takes about `fixed + per_row * r` seconds. The line is fitted to the
measured mean of each row count, newer steps weighing more; a size never seen borrows the nearest seen one's line,
scaled by pixels. From it follow the row count worth sharing (`knee`) and every time the server tells its callers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

KNEE_SHARE = 0.95  # rows are added until throughput is within 5 % of the best that any allowed row count gives
FIXED_SHARE_PRIOR = 0.3  # share of a one-row forward that does not grow with rows, until two row counts were measured
MIN_WEIGHT = 1 / 30  # a mean follows the last 30 steps or so
UNKNOWN_ROW_S_PER_PX = 1.0e-6  # before anything was measured: about 0.07 s a row at 256 x 256


@dataclass(slots=True)
class RunningMean:
    """Plain mean of the first values, then an exponential one."""

    value: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.count += 1
        self.value += (value - self.value) * max(1 / self.count, MIN_WEIGHT)


@dataclass(slots=True)
class Line:
    """Seconds of a forward: `fixed_s + row_s * rows`."""

    fixed_s: float
    row_s: float

    def at(self, rows: int) -> float:
        return self.fixed_s + self.row_s * rows


@dataclass(slots=True)
class SizeCost:
    """Measured forwards at one picture size, by row count."""

    means: dict[int, RunningMean] = field(default_factory=dict[int, RunningMean])

    def line(self) -> Line:
        points = [(rows, mean.value, min(mean.count, 30)) for rows, mean in self.means.items()]
        if len(points) == 1:
            rows, seconds, _ = points[0]
            row_s = seconds / (rows + FIXED_SHARE_PRIOR / (1 - FIXED_SHARE_PRIOR))
            return Line(seconds - row_s * rows, row_s)
        weight = sum(w for _, _, w in points)
        mean_rows = sum(w * r for r, _, w in points) / weight
        mean_s = sum(w * s for _, s, w in points) / weight
        spread = sum(w * (r - mean_rows) ** 2 for r, _, w in points)
        slope = sum(w * (r - mean_rows) * (s - mean_s) for r, s, w in points) / spread
        row_s = min(max(slope, 0.0), mean_s / mean_rows)  # never a negative fixed part, never free rows below
        return Line(mean_s - row_s * mean_rows, max(row_s, 1e-9))


class CostModel:
    """Owned by the scheduler, on the event loop. Sizes are in picture pixels (width * height)."""

    def __init__(self, row_buckets: Iterable[int]) -> None:
        self.row_buckets = tuple(sorted(set(row_buckets)))
        self._sizes: dict[int, SizeCost] = {}
        self._decode: dict[int, RunningMean] = {}
        self._begin = RunningMean()

    def observe_step(self, num_px: int, rows: int, seconds: float) -> None:
        self._sizes.setdefault(num_px, SizeCost()).means.setdefault(rows, RunningMean()).add(seconds)

    def observe_begin(self, seconds: float) -> None:
        self._begin.add(seconds)

    def observe_decode(self, num_px: int, seconds: float) -> None:
        self._decode.setdefault(num_px, RunningMean()).add(seconds)

    def step_s(self, num_px: int, rows: int) -> float:
        """Seconds of one forward of `rows` rows."""
        return self._line(num_px).at(rows)

    def begin_s(self) -> float:
        return self._begin.value

    def decode_s(self, num_px: int) -> float:
        nearest = _nearest(self._decode, num_px)
        return 0.0 if nearest is None else self._decode[nearest].value * num_px / nearest

    def bucket(self, rows: int) -> int:
        """The smallest static row count that holds `rows`; above the largest bucket, `rows` itself."""
        return next((bucket for bucket in self.row_buckets if bucket >= rows), rows)

    def knee(self, num_px: int, max_rows: int) -> int:
        """The fewest rows (a bucket, at most `max_rows`) whose throughput is within 5 % of the best."""
        line = self._line(num_px)
        buckets = [bucket for bucket in self.row_buckets if bucket <= max_rows] or [max_rows]
        throughput = {rows: rows / line.at(rows) for rows in buckets}
        enough = KNEE_SHARE * max(throughput.values())
        return next(rows for rows in buckets if throughput[rows] >= enough)

    def row_s(self, num_px: int, rows: int) -> float:
        """Seconds one row evaluation costs when `rows` share a forward."""
        return self.step_s(num_px, rows) / max(rows, 1)

    def _line(self, num_px: int) -> Line:
        nearest = _nearest(self._sizes, num_px)
        if nearest is None:
            return Line(0.0, UNKNOWN_ROW_S_PER_PX * num_px)
        line, scale = self._sizes[nearest].line(), num_px / nearest
        return line if scale == 1 else Line(line.fixed_s * scale, line.row_s * scale)


def _nearest(sizes: Iterable[int], num_px: int) -> int | None:
    return min(sizes, key=lambda size: (abs(size - num_px), size), default=None)
