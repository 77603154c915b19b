"""A test that is skipped for a missing server is named at the end, and fails under CI=true."""

from pathlib import Path

import pytest

PLUMBING = Path(__file__).parents[2] / "conftest.py"
SKIPS = """
    import pytest

    def test_server():
        pytest.skip("needs PostgreSQL: sudo apt-get install postgresql")

    def test_other():
        pytest.skip("not on this platform")

    def test_good():
        pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(PLUMBING.read_text())
    pytester.makepyfile(SKIPS)
    return pytester


def test_a_missing_server_is_named_just_above_the_closing_line(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, skipped=2)
    assert result.ret == 0
    assert result.outlines[-2] == "1 skipped, needs PostgreSQL: sudo apt-get install postgresql"


def test_a_missing_server_fails_in_ci_and_other_skips_do_not(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, skipped=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*This needs PostgreSQL: sudo apt-get install postgresql"])


def test_a_module_that_cannot_even_be_collected_fails_in_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makeconftest(PLUMBING.read_text())
    pytester.makepyfile('import pytest\npytest.skip("needs S3: pip install it", allow_module_level=True)')
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    assert result.ret != 0
