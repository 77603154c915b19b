"""Cost model: what a step costs on this machine, learned online. Pure arithmetic: no torch, no clock.

A row count that was measured lately costs the median of its last steps. For the others there is a line: a UNet forward
of r rows at one latent size takes about `fixed + per_row * r` seconds, fitted to the medians, newer ones weighing more;
a size never seen borrows the nearest seen one's line, scaled by pixels. From the line follows the row count worth
sharing (`knee`), from both every time that the API answers.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, get_args

from pipelines.plan import Piece, PieceKind

KINDS: tuple[PieceKind, ...] = get_args(PieceKind)
KNEE_SHARE = 0.95  # rows are added until throughput is within 5 % of the best that any allowed row count gives
FIXED_SHARE_PRIOR = 0.3  # share of a one-row forward that does not grow with rows, until two row counts were measured
PRIOR_WEIGHT = 0.03
HALF_LIFE_STEPS = 200  # after so many steps with other row counts a measurement counts half
MAX_SURPRISE = 2.0
RECENT_STEPS = 9  # whose median a row count costs: on real steps it is nearer to the next one than any mean
MIN_STEPS = 3  # measured steps of a row count that outweigh the line
MIN_WEIGHT = 1 / 30  # a mean follows the last 30 measurements or so
MPX = 1_000_000
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
class RecentSteps:
    """The newest measured steps of one row count. `seen_at` is the number of the size's steps when it was last used."""

    seconds: deque[float] = field(default_factory=lambda: deque[float](maxlen=RECENT_STEPS))
    seen_at: int = 0

    @property
    def typical_s(self) -> float:
        return median(self.seconds)


@dataclass(slots=True)
class Line:
    """Seconds of a forward: `fixed_s + row_s * rows`."""

    fixed_s: float
    row_s: float

    def at(self, rows: int) -> float:
        return self.fixed_s + self.row_s * rows


@dataclass(slots=True)
class SizeCost:
    """Measured forwards at one image size, by row count. Row counts that are not used any more lose their weight, so
    that none is judged for ever by how it went once."""

    recent: dict[int, RecentSteps] = field(default_factory=dict[int, RecentSteps])
    num_seen: int = 0

    def add(self, rows: int, seconds: float) -> None:
        """One slow step (a stalled machine, a kernel's first run) counts as twice the expected time at most."""
        if self.recent:
            seconds = min(seconds, MAX_SURPRISE * self.line().at(rows))
        self.num_seen += 1
        steps = self.recent.setdefault(rows, RecentSteps())
        steps.seconds.append(seconds)
        steps.seen_at = self.num_seen

    def known_s(self, rows: int) -> float | None:
        """Of a row count measured often enough, and lately."""
        steps = self.recent.get(rows)
        if steps is None or len(steps.seconds) < MIN_STEPS or self.num_seen - steps.seen_at > HALF_LIFE_STEPS:
            return None
        return steps.typical_s

    def line(self) -> Line:
        """Weighted least squares over the medians and one faint point of the prior, which decides where they do not. It
        never has a negative fixed part, nor rows that save time: then it goes through the best known point."""
        points = [(rows, steps.typical_s, self._weight(steps)) for rows, steps in self.recent.items()]
        rows, seconds, _ = max(points, key=lambda point: point[2])
        prior_row_s = seconds / (rows + FIXED_SHARE_PRIOR / (1 - FIXED_SHARE_PRIOR))
        points.append((2 * rows, seconds + rows * prior_row_s, PRIOR_WEIGHT))
        weight = sum(w for _, _, w in points)
        mean_rows = sum(w * r for r, _, w in points) / weight
        mean_s = sum(w * s for _, s, w in points) / weight
        spread = sum(w * (r - mean_rows) ** 2 for r, _, w in points)
        slope = sum(w * (r - mean_rows) * (s - mean_s) for r, s, w in points) / spread
        if 0 < slope <= mean_s / mean_rows:
            return Line(mean_s - slope * mean_rows, slope)
        row_s = max(min(slope, seconds / rows), 1e-9)
        return Line(max(seconds - row_s * rows, 0.0), row_s)

    def _weight(self, steps: RecentSteps) -> float:
        return len(steps.seconds) * 0.5 ** ((self.num_seen - steps.seen_at) / HALF_LIFE_STEPS)


class CostModel:
    """Owned by the scheduler, on the event loop. Sizes are in picture pixels (width * height)."""

    def __init__(self, row_buckets: Iterable[int]) -> None:
        self.row_buckets = tuple(sorted(set(row_buckets)))
        self._sizes: dict[int, SizeCost] = {}
        self._pieces: dict[str, dict[int, RunningMean]] = {}  # by kind and pixels
        self._begin = RunningMean()
        self._lines: dict[int, Line] = {}  # until the next measurement
        self._knees: dict[tuple[int, int], int] = {}

    def observe_step(self, num_px: int, rows: int, seconds: float) -> None:
        self._sizes.setdefault(num_px, SizeCost()).add(rows, seconds)
        self._lines.clear()
        self._knees.clear()

    def observe_begin(self, seconds: float) -> None:
        self._begin.add(seconds)

    def observe_piece(self, piece: Piece, seconds: float) -> None:
        self._pieces.setdefault(piece.kind, {}).setdefault(piece.num_px, RunningMean()).add(seconds)

    def snapshot(self) -> dict[str, Any]:
        """Everything measured, JSON-ready: {"step": {num_px: {rows: seconds}}, "decode": {num_px: seconds}, "encode":
        ..., "upscale": ..., "begin": seconds}. Empty before the first measurement."""
        if not self._sizes:
            return {}
        steps = {
            str(num_px): {str(rows): steps.typical_s for rows, steps in size.recent.items()}
            for num_px, size in self._sizes.items()
        }
        pieces = {
            kind: {str(num_px): mean.value for num_px, mean in self._pieces.get(kind, {}).items()} for kind in KINDS
        }
        return {"step": steps, **pieces, "begin": self._begin.value}

    def load(self, snapshot: Mapping[str, Any]) -> None:
        """Replace everything measured by a snapshot of another process."""
        self._sizes, self._pieces, self._begin = {}, {}, RunningMean()
        self._lines.clear()
        self._knees.clear()
        for num_px, by_rows in snapshot.get("step", {}).items():
            for rows, seconds in by_rows.items():
                for _ in range(MIN_STEPS):
                    self.observe_step(int(num_px), int(rows), seconds)
        for kind in KINDS:
            for num_px, seconds in snapshot.get(kind, {}).items():
                self.observe_piece(Piece(kind, int(num_px)), seconds)
        if "begin" in snapshot:
            self.observe_begin(snapshot["begin"])

    def step_s(self, num_px: int, rows: int) -> float:
        """Seconds of one forward of `rows` rows."""
        size = self._sizes.get(num_px)
        known = size.known_s(rows) if size else None
        return self._line(num_px).at(rows) if known is None else known

    def begin_s(self) -> float:
        return self._begin.value

    def piece_s(self, kind: PieceKind, num_px: int) -> float:
        """Seconds of a piece of so many pixels; 0 before one was measured, but an encode is half a decode then."""
        measured = self._pieces.get(kind, {})
        nearest = _nearest(measured, num_px)
        if nearest is None:
            return self.piece_s("decode", num_px) / 2 if kind == "encode" else 0.0
        return measured[nearest].value * num_px / nearest

    def bucket(self, rows: int) -> int:
        """The smallest static row count that holds `rows`; above the largest bucket, `rows` itself."""
        return next((bucket for bucket in self.row_buckets if bucket >= rows), rows)

    def bucket_below(self, rows: int) -> int:
        """The largest static row count under `rows`; 1 where there is none."""
        return max((bucket for bucket in self.row_buckets if bucket < rows), default=1)

    def knee(self, num_px: int, max_rows: int) -> int:
        """The fewest rows (a bucket, at most `max_rows`) whose throughput is within 5 % of the best."""
        key = (num_px, max_rows)
        if key not in self._knees:
            self._knees[key] = self._find_knee(num_px, max_rows)
        return self._knees[key]

    def _find_knee(self, num_px: int, max_rows: int) -> int:
        line = self._line(num_px)
        buckets = [bucket for bucket in self.row_buckets if bucket <= max_rows] or [max_rows]
        throughput = {rows: rows / line.at(rows) for rows in buckets}
        enough = KNEE_SHARE * max(throughput.values())
        return next(rows for rows in buckets if throughput[rows] >= enough)

    def mpx_s(self, max_rows: int) -> Mapping[str, float]:
        """Seconds of one megapixel: "row" in a forward of as many rows as are worth sharing, and of each piece kind.
        Empty before the first measurement."""
        if not self._sizes:
            return {}
        row_s = self.row_s(MPX, self.knee(MPX, max_rows))
        return {"row": row_s} | {kind: self.piece_s(kind, MPX) for kind in KINDS}

    def row_s(self, num_px: int, rows: int) -> float:
        """Seconds one row evaluation costs when `rows` share a forward."""
        return self.step_s(num_px, rows) / max(rows, 1)

    def _line(self, num_px: int) -> Line:
        if num_px not in self._lines:
            self._lines[num_px] = self._find_line(num_px)
        return self._lines[num_px]

    def _find_line(self, num_px: int) -> Line:
        nearest = _nearest(self._sizes, num_px)
        if nearest is None:
            return Line(0.0, UNKNOWN_ROW_S_PER_PX * num_px)
        line, scale = self._sizes[nearest].line(), num_px / nearest
        return line if scale == 1 else Line(line.fixed_s * scale, line.row_s * scale)


def _nearest(sizes: Iterable[int], num_px: int) -> int | None:
    return min(sizes, key=lambda size: (abs(size - num_px), size), default=None)
