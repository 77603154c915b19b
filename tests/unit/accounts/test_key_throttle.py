"""Wrong keys are counted by address: guesses, not one key that is sent again and again."""

import pytest

from server.accounts.errors import TooManyWrongKeys
from server.accounts.key_throttle import MAX_WRONG_KEYS, WINDOW_S, KeyThrottle


def test_an_address_that_guesses_is_throttled_for_a_while_and_no_other():
    now_s = 0.0
    throttle = KeyThrottle(lambda: now_s)
    for n in range(MAX_WRONG_KEYS):
        assert not throttle.is_throttled("ip:192.0.2.7")
        throttle.note_wrong("ip:192.0.2.7", f"guess {n}")
    now_s = 100.0
    assert throttle.is_throttled("ip:192.0.2.7")
    with pytest.raises(TooManyWrongKeys) as refused:
        throttle.note_wrong("ip:192.0.2.7", "one more")
    assert refused.value.headers["Retry-After"] == str(int(WINDOW_S) - 100)
    assert not throttle.is_throttled("ip:192.0.2.8")
    now_s = WINDOW_S + 1
    assert not throttle.is_throttled("ip:192.0.2.7")


def test_one_revoked_key_sent_again_and_again_is_no_guessing():
    throttle = KeyThrottle()
    for _ in range(10 * MAX_WRONG_KEYS):
        throttle.note_wrong("ip:192.0.2.7", "a revoked key")
    assert not throttle.is_throttled("ip:192.0.2.7")
