"""Signed addresses: the same for a while, fresh long before they stop working, and no more of them than fit."""

from itertools import count

import pytest

from server.storage import url_cache
from server.storage.url_cache import UrlCache


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_an_address_lasts_for_half_of_its_life_and_is_signed_anew_with_another_key() -> None:
    clock, numbers = Clock(), count()
    addresses = UrlCache(100, clock)

    def address(name: str = "a", key_number: int = 0) -> str:
        return addresses.get(name, key_number, lambda: str(next(numbers)))

    assert [address(), address(), address("b")] == ["0", "0", "1"]
    clock.now_s = 50
    assert address() == "0"
    clock.now_s = 50.1
    assert address() == "2"
    clock.now_s = 100
    assert address() == "2"
    assert address(key_number=1) == "3"


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_cache, "MAX_KEPT", 2)
    numbers = count()
    addresses = UrlCache(100)
    for name in ("a", "b", "c", "b", "c", "a"):
        addresses.get(name, 0, lambda: str(next(numbers)))
    assert next(numbers) == 4, "only a, the oldest, was signed twice"
