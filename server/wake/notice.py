"""What callers see while no worker makes images. Pure."""

from dataclasses import dataclass
from typing import Literal

from server.config.fleet_settings import WorkerHours
from server.db.clock import DAY_S
from server.wake.rows import MAX_PAUSE_S, WakeFacts

State = Literal["asleep", "starting", "failing", "resting", "closed", "off"]


@dataclass(frozen=True, slots=True)
class WakePolicy:
    """`has_hook`: a wake call can be made; the first repeat after `retry_s`, the next ones after twice as long each
    time. `max_s_per_day` of workers, 0: no limit. `start_s` None: what past starts took."""

    has_hook: bool = False
    hours: WorkerHours | None = None
    start_s: float | None = None
    retry_s: float = 120.0
    max_s_per_day: float = 0.0

    def closed_s(self, facts: WakeFacts) -> float:
        """Seconds until workers run by their hours; 0: now."""
        return self.hours.seconds_until_open(facts.now_s) if self.hours else 0.0

    def is_spent(self, facts: WakeFacts) -> bool:
        """True if nothing is woken until the day ends."""
        return 0 < self.max_s_per_day <= facts.used_s

    def calls_now(self, facts: WakeFacts) -> bool:
        """True if the next call is due, and allowed."""
        is_lacking = facts.num_ready == 0 and facts.loading_since_s is None
        is_allowed = self.has_hook and not self.closed_s(facts) and not self.is_spent(facts)
        return is_lacking and is_allowed and facts.is_wanted and facts.is_due

    def pause_s(self, num_calls: int) -> float:
        """After the call with this number, counted from 1."""
        return min(MAX_PAUSE_S, self.retry_s * 2.0 ** min(num_calls - 1, 32))


@dataclass(frozen=True, slots=True)
class Notice:
    """Why no worker makes images. `starts_in_s`: until one does; None: unknown."""

    state: State
    detail: str
    starts_in_s: float | None = None


@dataclass(slots=True)
class Outlook:
    """What callers see. `notice` None: images are made. `hours` None: always."""

    hours: WorkerHours | None = None
    notice: Notice | None = None


def notice(policy: WakePolicy, facts: WakeFacts) -> Notice | None:
    """None: a worker is ready."""
    if facts.num_ready:
        return None
    if facts.loading_since_s is not None:
        left_s = _left_s(facts.starts.loaded, facts.now_s - facts.loading_since_s)
        return Notice("starting", f"a worker is starting{_ready_in(left_s)}", left_s)
    if (closed_s := policy.closed_s(facts)) > 0:
        return Notice("closed", f"workers run from {policy.hours}", _rounded(closed_s + _start_s(policy, facts)))
    if not policy.has_hook:
        when = f"workers run from {policy.hours}" if policy.hours else "pictures wait until one starts"
        return Notice("off", f"no worker is running; {when}")
    if policy.is_spent(facts):
        left_s = DAY_S - facts.now_s % DAY_S + _start_s(policy, facts)
        detail = "no worker is running; those of today are used up, and more start after 00:00 UTC"
        return Notice("resting", detail, _rounded(left_s))
    if facts.failure is not None:
        wait_s = _rounded(max(1.0, facts.next_at_s - facts.now_s))
        return Notice("failing", f"no worker is running; the next try to start one is in {about(wait_s)}")
    estimate_s = policy.start_s or facts.starts.woken
    if facts.num_calls == 0 and not facts.is_wanted:
        left_s = None if estimate_s is None else _rounded(estimate_s)
        in_time = "" if left_s is None else f" in {about(left_s)}"
        return Notice("asleep", f"no worker is running; the next picture starts one{in_time}", left_s)
    left_s = _left_s(estimate_s, facts.now_s - (facts.called_at_s or facts.now_s))
    starts = "one is being started" if left_s is None else f"one starts in {about(left_s)}"
    return Notice("starting", f"no worker is running; {starts}", left_s)


def about(seconds: float) -> str:
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.0f} h"


def _start_s(policy: WakePolicy, facts: WakeFacts) -> float:
    return policy.start_s or facts.starts.woken or 0.0


def _left_s(estimate_s: float | None, passed_s: float) -> float | None:
    """None: unknown, or later than estimated."""
    left_s = 0.0 if estimate_s is None else estimate_s - passed_s
    return _rounded(left_s) if left_s > 0 else None


def _ready_in(left_s: float | None) -> str:
    return "" if left_s is None else f"; it is ready in {about(left_s)}"


def _rounded(seconds: float) -> float:
    """In steps: what is shown changes rarely."""
    step_s = 5 if seconds <= 60 else 15 if seconds <= 300 else 60
    return float(max(1, round(seconds / step_s)) * step_s)
