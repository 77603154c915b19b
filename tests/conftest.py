"""Root plumbing of the tests: hypothesis profiles, tests that run alone, and an honest account of tests whose server
is missing.

A test that needs something this machine may lack skips with a reason that starts with "needs " and ends with how to get
it: `pytest.skip("needs PostgreSQL: sudo apt-get install postgresql")`. Such tests are named at the end of the run.
Under CI=true they fail instead.
"""

import fcntl
import gc
import os
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.s3_server", "tests.fixtures.studio_app"]

NEEDS = "Skipped: needs "
LONG = ("tests/e2e/", "tests/browser/", "tests/gpu/")

settings.register_profile("laptop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("laptop"), max_examples=50, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "laptop")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-cases", type=int, default=120, help="requests that are made up from the OpenAPI document")


@contextmanager
def locked(file: Path, kind: int) -> Generator[None]:
    with file.open("a") as lock:
        fcntl.flock(lock, kind)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tests marked `alone` wait until the other workers' tests have ended, and those wait for them."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    shared = Path(item.config.option.basetemp).parent
    kind = fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH
    with ExitStack() as room:
        with locked(shared / "door", fcntl.LOCK_EX):  # first come, first served
            room.enter_context(locked(shared / "room", kind))
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests run first: at the end a long file would leave the other cores idle."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """What is imported by now (torch, the app, all tests) stays: the garbage collector need not walk it each time."""
    gc.collect()
    gc.freeze()


def missing_need(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """What the skipped test needs (`PostgreSQL: sudo apt-get install postgresql`); None for any other report."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    reason = str(report.longrepr[2])
    return reason.removeprefix(NEEDS) if reason.startswith(NEEDS) else None


def fail_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    need = missing_need(report)
    if need is not None and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"Under CI=true nothing may be skipped for a missing server. This needs {need}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_in_ci(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names what was left out for want of a server, just above pytest's closing line."""
    needs = Counter(filter(None, map(missing_need, terminalreporter.getreports("skipped"))))
    if needs:
        terminalreporter.section("not run: something is missing")
        for need, count in sorted(needs.items()):
            terminalreporter.write_line(f"{count} skipped, needs {need}")
