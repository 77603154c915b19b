"""Expand what varies in a prompt, in the syntax of sd-dynamic-prompts. Pure.

    {red|blue}   {3::red|1::blue}   {2$$a|b|c}   {1-2$$ and $$a|b|c}   __color__

One of the options, by weight; some of them in their order, joined by ", " or by what stands between two `$$`; a value
of a wildcard. Braces without `|` or `$$`, and wildcards that are not there, are text.
https://github.com/adieyal/sd-dynamic-prompts/blob/main/docs/SYNTAX.md
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from random import Random

from pipelines.spec import A1111
from server.errors import FieldError, InvalidRequest
from server.generation.requests import MAX_PROMPT_CHARACTERS, Expansion

MAX_DEPTH = 20
"""Of braces in braces."""
MAX_WILDCARD_DEPTH = 8
"""Of wildcards in the values of wildcards."""
MAX_PICKS = 10
"""Options of one brace that are taken together."""
MAX_WORK = 20_000
"""Pieces that one expansion may have."""

_MARKS = re.compile(r"\\.|__(?!_)[\w/.-]{1,100}?(?<!_)__(?!_)|[{}|]|[^\\{}|_]++|.", re.DOTALL)
_PICKS = re.compile(r"\s*+([0-9]{1,3}+)?(-)?([0-9]{1,3}+)?\s*+\$\$")
_SEPARATOR = re.compile(r"((?:[^$\\{}|]|\$(?!\$))*+)\$\$")
_WEIGHT = re.compile(r"\s*+([0-9]{1,6}+(?:\.[0-9]{0,6}+)?+|\.[0-9]{1,6}+)\s*+::")

Wildcards = Mapping[str, Sequence[str]]


class VariantError(ValueError):
    """What varies in a prompt cannot be expanded. The message says why."""


@dataclass(frozen=True, slots=True)
class _Wildcard:
    name: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """From `low` to `high` of the options, by weight."""

    options: "tuple[_Sequence, ...]"
    weights: tuple[float, ...]
    low: int = 1
    high: int = 1
    separator: str = ", "


_Sequence = tuple[str | _Wildcard | _Choice, ...]


def varies(prompt: str) -> bool:
    """False if an expansion cannot change the prompt."""
    return "{" in prompt or "__" in prompt


class Template:
    """A prompt and the wildcards that it may name. Raises VariantError."""

    def __init__(self, prompt: str, wildcards: Wildcards, max_characters: int) -> None:
        self._wildcards = wildcards
        self._max_characters = max_characters
        self._read_texts: dict[str, _Sequence] = {}
        self._values: dict[str, tuple[_Sequence, ...]] = {}
        self._sums: dict[str, list[int]] = {}
        self._root = self._read(prompt)

    def random(self, seed: int, field: str) -> str:
        """The same seed gives the same words; each `field` has its own. Raises VariantError."""
        pieces = _Pieces(self._max_characters)
        self._draw(self._root, Random(f"{field} {seed}"), pieces, 0)
        return pieces.text

    def nth(self, index: int) -> str:
        """One of all combinations; the last choice changes first, and behind the last one the first comes again. Raises
        VariantError."""
        pieces = _Pieces(self._max_characters)
        self._write(self._root, index % self.num_combinations, pieces, 0)
        return pieces.text

    @cached_property
    def num_combinations(self) -> int:
        """Raises VariantError."""
        return self._count(self._root, 0)

    def _read(self, text: str) -> _Sequence:
        """Parse a text once, however many images draw it."""
        if text not in self._read_texts:
            self._read_texts[text] = _parsed(text, self._wildcards)
        return self._read_texts[text]

    def _running_sums(self, name: str, depth: int) -> list[int]:
        """The combinations of the first value of a wildcard, of the first two, ..."""
        if name not in self._sums:
            _check_depth(name, depth)
            self._values[name] = tuple(map(self._read, self._wildcards[name]))
            self._sums[name] = list(accumulate(self._count(value, depth + 1) for value in self._values[name]))
        return self._sums[name]

    def _draw(self, sequence: _Sequence, random: Random, pieces: "_Pieces", depth: int) -> None:
        pieces.add("")
        for item in sequence:
            if isinstance(item, str):
                pieces.add(item)
            elif isinstance(item, _Wildcard):
                _check_depth(item.name, depth)
                value = random.choice(self._wildcards[item.name])  # the others are not parsed
                self._draw(self._read(value), random, pieces, depth + 1)
            else:
                for number, index in enumerate(_drawn(item, random)):
                    pieces.add(item.separator if number else "")
                    self._draw(item.options[index], random, pieces, depth)

    def _write(self, sequence: _Sequence, index: int, pieces: "_Pieces", depth: int) -> None:
        """Append combination `index` of the sequence."""
        counts = [1 if isinstance(item, str) else self._count((item,), depth) for item in sequence]
        behind = prod(counts)
        for item, count in zip(sequence, counts, strict=True):
            behind //= count
            own, index = divmod(index, behind)
            if isinstance(item, str):
                pieces.add(item)
            elif isinstance(item, _Wildcard):
                sums = self._running_sums(item.name, depth)
                at = bisect_right(sums, own)
                self._write(self._values[item.name][at], own - (sums[at - 1] if at else 0), pieces, depth + 1)
            else:
                self._write_choice(item, own, pieces, depth)

    def _write_choice(self, choice: _Choice, index: int, pieces: "_Pieces", depth: int) -> None:
        counts = [self._count(option, depth) for option in choice.options]
        ways = _ways(counts, choice.high)
        left = choice.low
        while index >= ways[0][left]:
            index -= ways[0][left]
            left += 1
        is_first = True
        for number, option in enumerate(choice.options):
            if left == 0:
                break
            with_it = counts[number] * ways[number + 1][left - 1]
            if index >= with_it:
                index -= with_it
                continue
            own, index = divmod(index, ways[number + 1][left - 1])
            pieces.add("" if is_first else choice.separator)
            self._write(option, own, pieces, depth)
            left, is_first = left - 1, False

    def _count(self, sequence: _Sequence, depth: int) -> int:
        total = 1
        for item in sequence:
            if isinstance(item, _Wildcard):
                total *= self._running_sums(item.name, depth)[-1]
            elif isinstance(item, _Choice):
                counts = [self._count(option, depth) for option in item.options]
                total *= sum(_ways(counts, item.high)[0][item.low :]) if item.high > 1 or item.low < 1 else sum(counts)
        return total


class _Pieces:
    """The text of one expansion, of bounded length. Raises VariantError."""

    def __init__(self, max_characters: int) -> None:
        self._pieces: list[str] = []
        self._max_characters = max_characters
        self._num_characters = self._num_pieces = 0

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._num_pieces += 1
        self._num_characters += len(piece)
        if self._num_characters > self._max_characters or self._num_pieces > MAX_WORK:
            raise VariantError(f"it becomes longer than {self._max_characters:,} characters")

    @property
    def text(self) -> str:
        return "".join(self._pieces)


def _check_depth(name: str, depth: int) -> None:
    if depth >= MAX_WILDCARD_DEPTH:
        raise VariantError(f"the wildcard {name} is in itself, or more than {MAX_WILDCARD_DEPTH} deep")


def _drawn(choice: _Choice, random: Random) -> list[int]:
    """Indices of the options that are taken, in their order; each at most once."""
    left, weights = list(range(len(choice.options))), list(choice.weights)
    drawn: list[int] = []
    for _ in range(random.randint(choice.low, choice.high)):
        if not any(weights):
            weights = [1.0] * len(left)
        at = random.choices(range(len(left)), weights)[0]
        drawn.append(left.pop(at))
        del weights[at]
    return sorted(drawn)


def _ways(counts: Sequence[int], high: int) -> list[list[int]]:
    """`[i][k]`: combinations of k of the options from the i-th on, times the combinations within them."""
    ways = [[1] + [0] * high]
    for count in reversed(counts):
        behind = ways[-1]
        ways.append([1] + [behind[k] + count * behind[k - 1] for k in range(1, high + 1)])
    return ways[::-1]


@dataclass(slots=True)
class _Open:
    """An open brace: its finished options, and the one that is being read. `start`: its place in the text."""

    start: int
    options: list[list[str | _Wildcard | _Choice]]


def _parsed(text: str, wildcards: Wildcards) -> _Sequence:
    """Takes time linear in the length of the text. Raises VariantError."""
    levels = [_Open(0, [[]])]
    for match in _MARKS.finditer(text):
        mark = match[0]
        current = levels[-1].options
        if mark == "{":
            if len(levels) > MAX_DEPTH:
                raise VariantError(f"its braces are more than {MAX_DEPTH} deep")
            levels.append(_Open(match.start(), [[]]))
        elif mark == "}" and len(levels) > 1:
            closed = _closed(levels.pop().options)
            levels[-1].options[-1].extend(closed)
        elif mark == "|" and len(levels) > 1:
            current.append([])
        elif len(mark) > 4 and mark.startswith("__") and mark[2:-2] in wildcards:
            current[-1].append(_Wildcard(mark[2:-2]))
        else:
            current[-1].append(mark)
    while len(levels) > 1:  # braces that are never closed are text
        left = _text_of(levels.pop().options, "{", "")
        levels[-1].options[-1].extend(left)
    return _joined(levels[0].options[0])


def _closed(options: list[list[str | _Wildcard | _Choice]]) -> _Sequence:
    """A choice, or the text in its braces."""
    sequences = [_joined(option) for option in options]
    first, picks, separator = _picks(sequences[0])
    if len(sequences) == 1 and picks is None:
        return ("{", *sequences[0], "}")
    weighted = [_weighted(sequence) for sequence in (first, *sequences[1:])]
    low, high = (1, 1) if picks is None else (min(each, len(weighted)) for each in sorted(picks))
    if high > MAX_PICKS:
        raise VariantError(f"more than {MAX_PICKS} options are taken together")
    chosen, weights = tuple(sequence for sequence, _ in weighted), tuple(weight for _, weight in weighted)
    return (_Choice(chosen, weights, low, high, separator),)


def _picks(sequence: _Sequence) -> tuple[_Sequence, tuple[int, int] | None, str]:
    """Split `1-2$$ and $$` off the first option: how many are taken, and what joins them."""
    text = sequence[0] if sequence and isinstance(sequence[0], str) else ""
    number = _PICKS.match(text)
    if number is None or (number[1] is None and number[3] is None):
        return sequence, None, ", "
    low = int(number[1] or 0)
    high = int(number[3]) if number[3] else (999 if number[2] else low)
    rest = text[number.end() :]
    named = _SEPARATOR.match(rest)
    if named:
        rest = rest[named.end() :]
    return (rest, *sequence[1:]), (low, high), named[1] if named else ", "


def _weighted(sequence: _Sequence) -> tuple[_Sequence, float]:
    text = sequence[0] if sequence and isinstance(sequence[0], str) else ""
    number = _WEIGHT.match(text)
    return ((text[number.end() :], *sequence[1:]), float(number[1])) if number else (sequence, 1.0)


def _text_of(options: list[list[str | _Wildcard | _Choice]], opening: str, closing: str) -> _Sequence:
    items: list[str | _Wildcard | _Choice] = [opening]
    for number, option in enumerate(options):
        items += ["|", *option] if number else option
    return (*items, closing)


def _joined(items: Sequence[str | _Wildcard | _Choice]) -> _Sequence:
    """Join neighboring texts."""
    joined: list[str | _Wildcard | _Choice] = []
    run: list[str] = []
    for item in items:
        if isinstance(item, str):
            run.append(item)
            continue
        joined += ["".join(run), item] if run else [item]
        run = []
    return (*joined, "".join(run)) if run else tuple(joined)


def expanded(
    field: str, prompt: str, seeds: Sequence[int], expansion: Expansion, syntax: str, wildcards: Wildcards
) -> list[str]:
    """The prompt for each seed. `field` is its place in the request. Raises InvalidRequest."""
    if syntax != A1111 or not varies(prompt):
        return [prompt] * len(seeds)
    name = field.partition("[")[0].rstrip("s")
    try:
        template = Template(prompt, wildcards, MAX_PROMPT_CHARACTERS)
        if expansion == "combinatorial":
            return [template.nth(number).strip() for number in range(len(seeds))]
        return [template.random(seed, name).strip() for seed in seeds]
    except VariantError as error:
        raise InvalidRequest([FieldError(field, str(error), "see docs/prompts.md, or prompt_syntax plain")]) from error


def num_combinations(prompt: str, wildcards: Wildcards) -> int:
    """Raises InvalidRequest."""
    try:
        return Template(prompt, wildcards, MAX_PROMPT_CHARACTERS).num_combinations
    except VariantError as error:
        raise InvalidRequest([FieldError("prompt", str(error), "see docs/prompts.md")]) from error
