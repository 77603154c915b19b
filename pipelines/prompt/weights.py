"""Parse prompt weights in the syntax of A1111's web UI (`modules/prompt_parser.py`, parse_prompt_attention).
Torch-free.

    (red dress:1.3)   by that factor        (red dress)   by 1.1        [red dress]   by 1/1.1

Brackets nest and multiply; an unclosed bracket reaches to the end. A backslash escapes a bracket or a backslash. The
word BREAK ends a section: the next one begins a new window. Everything else is text. https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#attentionemphasis
"""

import re
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import exp, log

MAX_WEIGHT = 10.0
UP = 1.1

_MARKS = re.compile(
    r"\\[\\()\[\]]|[(\[\])]|:\s*+([+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++))\s*+\)|[^\\()\[\]:]+|[\\:]"
)

_BREAK = re.compile(r"\bBREAK\b")


@dataclass(frozen=True, slots=True)
class WeightedText:
    """A part of a prompt, `weight` from 0 to 10."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class _Span:
    """`factor` applies to the pieces from `start` up to, not including, `end`."""

    start: int
    end: int
    factor: float


def read_sections(prompt: str) -> tuple[tuple[WeightedText, ...], ...]:
    """Split a prompt at each BREAK, and each section into parts of different weights. Brackets may reach across. Never
    raises.

    Takes time linear in the prompt's length.
    """
    pieces, spans = _pieces(prompt)
    sections: list[tuple[list[str], list[float]]] = [([], [])]
    for piece, weight in zip(pieces, _weights(len(pieces), spans), strict=True):
        first, *others = _BREAK.split(piece)
        sections[-1][0].append(first.rstrip() if others else first)
        sections[-1][1].append(weight)
        sections += [([other.strip()], [weight]) for other in others[:-1]]
        sections += [([other.lstrip()], [weight]) for other in others[-1:]]
    if len(sections) > 1 and not "".join(sections[-1][0]).strip():
        sections.pop()
    return tuple(_joined(*section) for section in sections)


def read_weights(prompt: str) -> tuple[WeightedText, ...]:
    """Split a prompt into parts of different weights, in order; one empty part if there is no text. BREAK is text.
    Never raises.

    Takes time linear in the prompt's length.
    """
    pieces, spans = _pieces(prompt)
    return _joined(pieces, _weights(len(pieces), spans))


def _pieces(prompt: str) -> tuple[list[str], list[_Span]]:
    pieces: list[str] = []
    spans: list[_Span] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for match in _MARKS.finditer(prompt):
        mark, factor = match[0], match[1]
        if mark in opened:
            opened[mark].append(len(pieces))
        elif mark[-1] == ")" and opened["("] and (factor or mark == ")"):
            spans.append(_Span(opened["("].pop(), len(pieces), float(factor or UP)))
        elif mark == "]" and opened["["]:
            spans.append(_Span(opened["["].pop(), len(pieces), 1 / UP))
        else:
            pieces.append(mark[1] if len(mark) == 2 and mark[0] == "\\" else mark)
    for bracket, factor in (("(", UP), ("[", 1 / UP)):
        spans += [_Span(start, len(pieces), factor) for start in opened[bracket]]
    return pieces, spans


def plain_text(parts: tuple[WeightedText, ...]) -> str:
    """The text without its weights."""
    return "".join(part.text for part in parts)


def _weights(num_pieces: int, spans: list[_Span]) -> list[float]:
    """Multiply the factors of nested spans, as running sums of logarithms: brackets can nest a thousand deep."""
    logs, zeros = [0.0] * (num_pieces + 1), [0] * (num_pieces + 1)
    for span in spans:
        if span.factor > 0:
            size = log(min(max(span.factor, 1e-9), 1e9))
            logs[span.start] += size
            logs[span.end] -= size
        else:
            zeros[span.start] += 1
            zeros[span.end] -= 1
    return [
        0.0 if zero else min(round(exp(min(size, 10)), 6), MAX_WEIGHT)
        for size, zero in zip(accumulate(logs[:-1]), accumulate(zeros[:-1]), strict=True)
    ]


def _joined(pieces: list[str], weights: list[float]) -> tuple[WeightedText, ...]:
    """Join neighbors of one weight. Blanks have no weight: they belong to the part before them, or else after."""
    runs = groupby(zip(pieces, weights, strict=True), key=lambda pair: pair[1])
    parts: list[WeightedText] = []
    for weight, run in runs:
        part = WeightedText("".join(text for text, _ in run), weight)
        before = parts[-1] if parts else WeightedText("")
        if not before.text.strip():
            parts[-1:] = [WeightedText(before.text + part.text, part.weight)]
        elif not part.text.strip() or part.weight == before.weight:
            parts[-1] = WeightedText(before.text + part.text, before.weight)
        else:
            parts.append(part)
    return tuple(parts) if plain_text(tuple(parts)).strip() else (WeightedText(plain_text(tuple(parts))),)
