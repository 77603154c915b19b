"""Bounds of uploads: at a time and in an hour, by address, whatever ends an upload."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from server.api.assets.uploads import (
    MAX_OPEN,
    MAX_OPEN_PER_CALLER,
    MAX_UPLOADED_BYTES,
    MAX_UPLOADS,
    WINDOW_S,
    Uploads,
)
from server.api.auth.caller import Caller
from server.errors import StudioError

VISITOR = Caller("anon:1", "ip:192.0.2.7")
USER = Caller("user:1", "ip:192.0.2.7", user_id="1")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def refusal(uploads: Uploads, caller: Caller) -> StudioError | None:
    try:
        with uploads.one(caller):
            return None
    except StudioError as error:
        return error


def test_open_uploads_are_bounded_by_caller_and_in_all() -> None:
    uploads = Uploads()
    with ExitStack() as open_ones:
        for _ in range(MAX_OPEN_PER_CALLER):
            open_ones.enter_context(uploads.one(VISITOR))
        assert refusal(uploads, USER) is None
        for caller in (VISITOR, replace(VISITOR, owner="anon:2"), Caller("ip:192.0.2.7", "ip:192.0.2.7")):
            refused = refusal(uploads, caller)
            assert refused is not None
            assert (refused.kind.status, refused.headers["Retry-After"]) == (429, "5")
        for number in range(MAX_OPEN - MAX_OPEN_PER_CALLER):
            open_ones.enter_context(uploads.one(Caller(f"ip:{number}", f"ip:{number}")))
        full = refusal(uploads, Caller("ip:198.51.100.1", "ip:198.51.100.1"))
        assert full is not None
        assert full.kind.status == 503
    assert refusal(uploads, VISITOR) is None


def test_a_key_s_end_users_have_uploads_of_their_own() -> None:
    uploads = Uploads()
    first = replace(USER, key_id="k", end_user="first")
    with ExitStack() as open_ones:
        for _ in range(MAX_OPEN_PER_CALLER):
            open_ones.enter_context(uploads.one(first))
        assert refusal(uploads, first) is not None
        assert refusal(uploads, replace(first, end_user="second")) is None


def test_an_upload_that_fails_is_over() -> None:
    uploads = Uploads()
    for _ in range(2 * MAX_OPEN):
        with pytest.raises(ValueError), uploads.one(VISITOR):
            raise ValueError
    assert refusal(uploads, VISITOR) is None


@pytest.mark.parametrize(("count", "num_bytes"), [(MAX_UPLOADS, 1), (5, MAX_UPLOADED_BYTES // 5)])
def test_an_address_has_so_many_an_hour_whatever_its_cookie(count: int, num_bytes: int) -> None:
    clock = Clock()
    uploads = Uploads(clock)
    for number in range(count):
        visitor = replace(VISITOR, owner=f"anon:{number}")
        assert refusal(uploads, visitor) is None
        uploads.count(visitor, num_bytes)
        uploads.count(USER, num_bytes)
    clock.now_s += 60
    refused = refusal(uploads, replace(VISITOR, owner="anon:another"))
    assert refused is not None
    assert refused.kind.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW_S - 60
    assert refusal(uploads, USER) is None
    assert refusal(uploads, Caller("anon:1", "ip:192.0.2.8")) is None
    clock.now_s += WINDOW_S
    assert refusal(uploads, VISITOR) is None
