"""`Prefer: wait=N` (RFC 7240)."""

import pytest

from server.api.jobs.prefer_header import preferred_wait_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10),
        ("respond-async, wait=10", 10),
        ("Wait = 5", 5),
        ('wait="7"', 7),
        ("wait=5; foo=1", 5),
        ("wait=0", 0),
        ("wait=3600", 60),
        ("respond-async", None),
        ("await=10", None),
        ("wait=-1", None),
        ("wait=soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_wait_is_read_and_granted_up_to_a_minute(header: str | None, seconds: int | None) -> None:
    assert preferred_wait_s(header) == seconds
