from dataclasses import dataclass

import pytest

from pipelines.prompt.cache import EmbeddingCache


@dataclass(frozen=True)
class Value:
    name: str
    num_bytes: int


def fill(cache: EmbeddingCache[Value], *names: str, num_bytes: int = 10) -> None:
    for name in names:
        cache.get_or_make(name, lambda name=name: Value(name, num_bytes))


def test_a_cached_value_is_not_made_again() -> None:
    cache = EmbeddingCache[Value](100)
    fill(cache, "a")
    assert cache.get_or_make("a", lambda: pytest.fail("made twice")) == Value("a", 10)


def test_the_least_recently_used_go_first() -> None:
    cache = EmbeddingCache[Value](30)
    fill(cache, "a", "b", "c", "a", "d")
    assert [name for name in "abcd" if name in cache] == ["a", "c", "d"]
    assert cache.num_bytes == 30


def test_one_large_value_pushes_out_as_many_as_it_needs() -> None:
    cache = EmbeddingCache[Value](30)
    fill(cache, "a", "b", "c")
    fill(cache, "large", num_bytes=15)
    assert [name for name in ("a", "b", "c", "large") if name in cache] == ["c", "large"]
    assert cache.num_bytes == 25


@pytest.mark.parametrize("max_bytes", [0, 9])
def test_a_value_larger_than_the_cache_is_handed_out_and_not_kept(max_bytes: int) -> None:
    cache = EmbeddingCache[Value](max_bytes)
    assert cache.get_or_make("a", lambda: Value("a", 10)).name == "a"
    assert (len(cache), cache.num_bytes) == (0, 0)


def test_an_error_is_not_cached() -> None:
    cache = EmbeddingCache[Value](30)

    def fail() -> Value:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.get_or_make("a", fail)
    fill(cache, "a")
    assert "a" in cache
