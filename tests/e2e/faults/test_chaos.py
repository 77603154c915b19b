"""Short versions of the scenarios of scripts/chaos.py; docs/operations/reliability.md has the long ones' figures."""

from pathlib import Path

from tests.chaos.context import World
from tests.chaos.crashes import accepted, crashes
from tests.chaos.ending import ending
from tests.chaos.store_faults import store_faults
from tests.e2e.conftest import NewServer
from tests.fixtures.s3_server import S3Server


def sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'chaos.db'}"


def test_kill_9_at_random_points(new_painting_server: NewServer, database_url: str) -> None:
    world = World(new_painting_server, quick=True)
    assert crashes(world, "crashes", database_url, 6, 2, (0.2, 0.6), steps=50)["kills with jobs under way"] >= 1


def test_what_was_answered_202_survives_kill_9(new_painting_server: NewServer, tmp_path: Path) -> None:
    world = World(new_painting_server, quick=True)
    assert accepted(world, "accepted", sqlite(tmp_path), num_rounds=1, num_callers=10)["survived"] == 10


def test_a_store_that_resets_cuts_and_goes_costs_no_picture(
    new_painting_server: NewServer, s3_server: S3Server, tmp_path: Path
) -> None:
    figures = store_faults(World(new_painting_server, quick=True), sqlite(tmp_path), s3_server, 2)
    assert figures["most in the spool"] > 0


def test_a_server_ends_in_time_with_open_streams(new_painting_server: NewServer, tmp_path: Path) -> None:
    ending(World(new_painting_server, quick=True), sqlite(tmp_path), 20)
