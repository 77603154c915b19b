"""What a scenario finds."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `ours` is the server's, `theirs` what it is compared with; `target` (`<= 1.05`) bounds
    their ratio, or `ours` where there is nothing `against` it. `rounds` are the ratios of the single rounds, which show
    how noisy the machine was."""

    scenario: str
    what: str
    unit: str
    ours: float
    theirs: float | None = None
    against: str = ""
    target: str = ""
    rounds: tuple[float, ...] = ()

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """None: there is no target, or nothing to compare with."""
        if not self.target or (self.theirs is None and self.against):
            return None
        sign, _, bound = self.target.partition(" ")
        value = self.ours if self.ratio is None else self.ratio
        return value <= float(bound) if sign == "<=" else value >= float(bound)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


@dataclass(slots=True)
class Pair:
    """The same quantity of server and loop, round by round."""

    ours: list[float] = field(default_factory=list[float])
    theirs: list[float] = field(default_factory=list[float])

    def add(self, ours: float, theirs: float | None) -> None:
        self.ours.append(ours)
        if theirs is not None:
            self.theirs.append(theirs)

    def figure(self, scenario: str, what: str, unit: str, against: str, target: str = "") -> Figure:
        """Medians over the rounds."""
        rounds = tuple(mine / other for mine, other in zip(self.ours, self.theirs, strict=False))
        theirs = median(self.theirs) if self.theirs else None
        return Figure(scenario, what, unit, median(self.ours), theirs, against, target, rounds)

    def __str__(self) -> str:
        """The last round."""
        return f"{self.ours[-1]:.3f}" + (f" against {self.theirs[-1]:.3f}" if self.theirs else "")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
