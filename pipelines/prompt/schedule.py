"""Parse prompts that change on the way, in the syntax of A1111's web UI. Torch-free.

    [from:to:when]   [to:when]   [from::when]      one text up to the step `when`, then the other
    [a|b|c]                                        the next of them at each step

`when` with a point is a share of the steps, else a number of steps. Brackets nest; weights stay in the texts. A number
beyond the first pass belongs to the second (hires): shares from 1 to 2, steps behind those of the first pass.
https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#prompt-editing (`modules/prompt_parser.py`)
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines.spec import A1111, ImageSpec

MAX_CHANGES = 100
"""Brackets of one prompt that change with the steps."""
MAX_TEXTS = 48
"""Distinct texts of one prompt: each is encoded before the first step, and its context is kept to the last."""

_MARKS = re.compile(
    r"\\.|(?:[^\\()\[\]:|]|(?<=(?i:embedding)):(?=[\w.-])(?![+-]?[0-9.]{1,20}\s*\]))++|[()\[\]:|\\]", re.DOTALL
)
"""The colon of `embedding:name` parts nothing; `[embedding:0.5]` is a word and its step."""
_WHEN = re.compile(r"\s*+([+-]?+(?:[0-9]{1,9}+(?:\.[0-9]*+)?+|\.[0-9]++))\s*+")


class TooManyChanges(ValueError):
    """A prompt has more changes than this service keeps contexts for. The message says which and how many."""


@dataclass(frozen=True, slots=True)
class PromptSchedule:
    """The distinct `texts` of a prompt in order, and for each step of the whole schedule of a pass the index of its
    text."""

    texts: tuple[str, ...]
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A colon or a bar that may part a bracket."""

    text: str


@dataclass(frozen=True, slots=True)
class _Edited:
    before: "list[_Item]"
    after: "list[_Item]"
    when: str


@dataclass(frozen=True, slots=True)
class _Alternating:
    options: "list[list[_Item]]"


_Change = _Edited | _Alternating
_Item = str | _Change
_Items = list[str | _Mark | _Change]


def pass_texts(spec: ImageSpec, prompt: str, pass_index: int) -> tuple[str, ...]:
    """The text of each step that a pass of the image takes. `prompt` is its prompt or negative prompt. Raises
    TooManyChanges."""
    if not _may_change(spec, prompt):
        return (prompt,)
    schedule = _scheduled(spec, prompt, pass_index)
    return tuple(schedule.texts[index] for index in schedule.at[spec.passes[pass_index].start :])


def all_texts(spec: ImageSpec, prompt: str) -> tuple[str, ...]:
    """The distinct texts of all steps that the image takes. Raises TooManyChanges."""
    if not _may_change(spec, prompt):
        return (prompt,)
    texts = dict.fromkeys(text for index in range(len(spec.passes)) for text in pass_texts(spec, prompt, index))
    if len(texts) > MAX_TEXTS:
        raise TooManyChanges(f"it changes into {len(texts)} different texts")
    return tuple(texts)


@lru_cache(maxsize=128)
def read_schedule(prompt: str, steps: int, first_steps: int | None = None) -> PromptSchedule:
    """The schedule of a pass of so many steps; `first_steps` are those of the first pass, None in the first itself.

    Takes time linear in the prompt's length, and as much again for each step that changes. Raises TooManyChanges.
    """
    items = _parsed(prompt)
    indices: dict[str, int] = {}
    at: list[int] = []
    for step in range(1, steps + 1):
        text = _text_at(items, step, lambda when: _last_step(when, steps, first_steps))
        at.append(indices.setdefault(text, len(indices)))
        if len(indices) > MAX_TEXTS:
            raise TooManyChanges(f"it changes into more than {MAX_TEXTS} different texts")
    return PromptSchedule(tuple(indices), tuple(at))


def _may_change(spec: ImageSpec, prompt: str) -> bool:
    return spec.sampling.prompt_syntax == A1111 and "[" in prompt


def _scheduled(spec: ImageSpec, prompt: str, pass_index: int) -> PromptSchedule:
    return read_schedule(prompt, spec.steps(pass_index), spec.steps(0) if pass_index else None)


def _last_step(when: str, steps: int, first_steps: int | None) -> int:
    """The last step, from 1, that still has the text before the change; 0: none has."""
    later = first_steps is not None
    last = (float(when) - later) * steps if "." in when else float(when) - (first_steps or 0)
    return int(min(max(last, 0.0), steps))


def _text_at(items: Sequence[_Item], step: int, last_step: Callable[[str], int]) -> str:
    pieces: list[str] = []
    left = [iter(items)]
    while left:
        item = next(left[-1], None)
        if item is None:
            left.pop()
        elif isinstance(item, str):
            pieces.append(item)
        elif isinstance(item, _Alternating):
            left.append(iter(item.options[(step - 1) % len(item.options)]))
        else:
            left.append(iter(item.before if step <= last_step(item.when) else item.after))
    return "".join(pieces)


def _parsed(prompt: str) -> list[_Item]:
    """Texts and changes in order. A bracket without its partner is text, and so is a bracket around one."""
    levels: list[tuple[str, _Items]] = [("", [])]
    num_changes = 0
    for match in _MARKS.finditer(prompt):
        mark = match[0]
        if mark in "([":
            levels.append((mark, []))
        elif mark in ")]":
            if levels[-1][0] != ("(" if mark == ")" else "["):
                _leave_open(levels)
                levels[0][1].append(mark)
                continue
            _, items = levels.pop()
            closed = _closed(items) if mark == "]" else ["(", *_joined(items), ")"]
            num_changes += not isinstance(closed[0], str)
            if num_changes > MAX_CHANGES:
                raise TooManyChanges(f"it has more than {MAX_CHANGES} brackets that change with the steps")
            levels[-1][1].extend(_joined(closed))
        else:
            levels[-1][1].append(_Mark(mark) if mark in ":|" else mark)
    _leave_open(levels)
    return _joined(levels[0][1])


def _leave_open(levels: list[tuple[str, _Items]]) -> None:
    """The open brackets find no partner any more: they are text of the outermost level."""
    for bracket, items in levels[1:]:
        levels[0][1].extend((bracket, *items))
    del levels[1:]


def _closed(items: _Items) -> list[_Item]:
    """What stands between two square brackets: a change, else text in the same brackets."""
    parts = _split(items, ":")
    last = parts[-1]
    number = _WHEN.fullmatch("".join(item for item in last if isinstance(item, str)))
    if len(parts) in (2, 3) and number and all(isinstance(item, str) for item in last):
        before = parts[0] if len(parts) == 3 else []
        return [_Edited(_joined(before), _joined(parts[-2]), number[1])]
    if len(options := _split(items, "|")) > 1:
        return [_Alternating([_joined(option) for option in options])]
    return ["[", *_joined(items), "]"]


def _split(items: _Items, mark: str) -> list[_Items]:
    parts: list[_Items] = [[]]
    for item in items:
        if isinstance(item, _Mark) and item.text == mark:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _joined(items: Iterable[str | _Mark | _Change]) -> list[_Item]:
    """Join neighboring texts; the marks that are left are text."""
    joined: list[_Item] = []
    run: list[str] = []
    for item in items:
        if isinstance(item, str | _Mark):
            run.append(item if isinstance(item, str) else item.text)
            continue
        if run:
            joined.append("".join(run))
            run = []
        joined.append(item)
    return [*joined, "".join(run)] if run else joined
