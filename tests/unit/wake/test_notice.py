"""What callers see while no worker makes images, and when the next wake call is due."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.config.fleet_settings import worker_hours
from server.queue.workers import StartTimes
from server.wake.notice import Notice, WakePolicy, about, notice
from server.wake.rows import WakeFacts

NOON_S = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
FACTS = WakeFacts(NOON_S, 0, None, True, 0, None, 0.0, None, 0.0, StartTimes(woken=90.0, loaded=30.0))
HOOK = WakePolicy(has_hook=True, retry_s=60)
OFFICE = worker_hours("09:00-17:00 Europe/Berlin")  # 08:00 to 16:00 UTC in November


def shown(policy: WakePolicy, **facts: object) -> Notice:
    found = notice(policy, replace(FACTS, **facts))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_nothing_while_a_worker_is_ready() -> None:
    assert notice(HOOK, replace(FACTS, num_ready=1)) is None


@pytest.mark.parametrize(
    ("policy", "facts", "expected"),
    [
        (WakePolicy(), {}, Notice("off", "no worker is running; pictures wait until one starts")),
        (
            WakePolicy(hours=OFFICE),
            {},
            Notice("off", "no worker is running; workers run from 09:00 to 17:00 (Europe/Berlin)"),
        ),
        (
            replace(HOOK, hours=OFFICE),
            {"now_s": NOON_S + 6 * 3600},  # 18:00 UTC
            Notice("closed", "workers run from 09:00 to 17:00 (Europe/Berlin)", 14 * 3600 + 120),
        ),
        (
            HOOK,
            {"is_wanted": False},
            Notice("asleep", "no worker is running; the next picture starts one in about 90 s", 90),
        ),
        (HOOK, {}, Notice("starting", "no worker is running; one starts in about 90 s", 90)),
        (
            replace(HOOK, start_s=40),
            {"num_calls": 1, "called_at_s": NOON_S - 12},
            Notice("starting", "no worker is running; one starts in about 30 s", 30),
        ),
        (
            HOOK,
            {"num_calls": 1, "called_at_s": NOON_S - 100},
            Notice("starting", "no worker is running; one is being started"),
        ),
        (HOOK, {"starts": StartTimes(None, None)}, Notice("starting", "no worker is running; one is being started")),
        (
            HOOK,
            {"loading_since_s": NOON_S - 8},
            Notice("starting", "a worker is starting; it is ready in about 20 s", 20),
        ),
        (
            HOOK,
            {"num_calls": 2, "failure": "no", "next_at_s": NOON_S + 117},
            Notice("failing", "no worker is running; the next try to start one is in about 2 min"),
        ),
        (
            replace(HOOK, max_s_per_day=8 * 3600),
            {"used_s": 8 * 3600.0},
            Notice(
                "resting",
                "no worker is running; those of today are used up, and more start after 00:00 UTC",
                12 * 3600 + 120,
            ),
        ),
    ],
)
def test_callers_see(policy: WakePolicy, facts: dict[str, object], expected: Notice) -> None:
    assert shown(policy, **facts) == expected


def test_a_call_is_due_only_where_work_waits_and_nothing_forbids_it() -> None:
    assert HOOK.calls_now(FACTS)
    for facts in (
        replace(FACTS, num_ready=1),
        replace(FACTS, loading_since_s=NOON_S),
        replace(FACTS, is_wanted=False),
        replace(FACTS, next_at_s=NOON_S + 1),
    ):
        assert not HOOK.calls_now(facts)
    assert HOOK.calls_now(replace(FACTS, next_at_s=NOON_S + 9000)), "written while the clock ran ahead"
    assert not WakePolicy().calls_now(FACTS)
    limited = replace(HOOK, max_s_per_day=3600)
    assert limited.calls_now(replace(FACTS, used_s=3599)) and not limited.calls_now(replace(FACTS, used_s=3600))
    office = replace(HOOK, hours=OFFICE)
    assert office.calls_now(FACTS) and not office.calls_now(replace(FACTS, now_s=NOON_S + 6 * 3600))


def test_pauses_double_up_to_an_hour() -> None:
    assert [HOOK.pause_s(n) for n in (1, 2, 3, 6, 7, 8, 5000)] == [60, 120, 240, 1920, 3600, 3600, 3600]


@pytest.mark.parametrize(
    ("hours", "at", "left_s"),
    [
        ("09:00-17:00", "2026-11-28T08:59:00+00:00", 60),
        ("09:00-17:00", "2026-11-28T09:00:00+00:00", 0),
        ("09:00-17:00", "2026-11-28T17:00:00+00:00", 16 * 3600),
        ("22:00-06:00", "2026-11-28T23:00:00+00:00", 0),
        ("22:00-06:00", "2026-11-28T05:59:00+00:00", 0),
        ("22:00-06:00", "2026-11-28T06:00:00+00:00", 16 * 3600),
        ("09:00-17:00 Europe/Berlin", "2026-03-28T18:00:00+00:00", 13 * 3600),  # the clocks go forward in this night
    ],
)
def test_hours(hours: str, at: str, left_s: float) -> None:
    assert worker_hours(hours).seconds_until_open(datetime.fromisoformat(at).timestamp()) == left_s


def test_times_are_short() -> None:
    assert [about(s) for s in (5, 95, 120, 3600, 7200)] == [
        "about 5 s",
        "about 95 s",
        "about 2 min",
        "about 60 min",
        "about 2 h",
    ]
