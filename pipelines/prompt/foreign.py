"""Find what other tools give a meaning in a prompt and this service reads as text. Pure, torch-free.

Sources: A1111's `modules/prompt_parser.py` and `modules/extra_networks.py`, sd-dynamic-prompts, ComfyUI, compel.
"""

import re
from collections.abc import Iterator

UNCLOSED = "a bracket that is never closed"
COMPOSITION = "composition with AND"
EMBEDDING = "an embedding"
OF_A1111 = frozenset({"prompt editing", "alternation", "BREAK"})
"""Kinds that the prompt syntax `a1111` reads."""
MAX_EXAMPLES = 3
MAX_SHOWN_CHARACTERS = 60

# Possessive quantifiers and bounded repeats: all patterns take time linear in the prompt's length.
_BRACKETS = re.compile(r"\\.|[()\[\]]", re.DOTALL)
_NUMBER = re.compile(r"\s*+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)\s*+")
_MAX_NUMBER_CHARACTERS = 20
_PATTERNS: dict[str, re.Pattern[str]] = {
    "a choice": re.compile(r"\{[^{}|]*+\|[^{}]*+\}"),
    "a wildcard": re.compile(r"__(?!_)[\w*/.-]{1,100}?(?<!_)__(?!_)"),
    COMPOSITION: re.compile(r"\bAND\b"),
    "BREAK": re.compile(r"\bBREAK\b"),
    EMBEDDING: re.compile(r"\bembedding:[^\s,:()<>]++", re.IGNORECASE),
    "a network that is no LoRA": re.compile(r"<(?!lora:)[a-z]\w{0,30}+:[^<>]*+>", re.IGNORECASE),
    "a conjunction or blend": re.compile(r"\)\.(?:and|blend|swap)\("),
}


def foreign_syntax(prompt: str) -> dict[str, tuple[str, ...]]:
    """Kind of construct to its distinct examples in the prompt, in order, at most MAX_EXAMPLES, each shortened to
    MAX_SHOWN_CHARACTERS. LoRA tags are not among them."""
    pairs, unclosed = _brackets(prompt)
    square = [prompt[start:end] for start, end in pairs if prompt[start] == "["]
    found = {
        "prompt editing": _distinct(filter(_is_editing, square)),
        "alternation": _distinct(text for text in square if "|" in text),
        **{kind: _distinct(match[0] for match in each.finditer(prompt)) for kind, each in _PATTERNS.items()},
        UNCLOSED: _distinct(prompt[start : start + MAX_SHOWN_CHARACTERS + 1] for start in unclosed),
    }
    return {kind: examples for kind, examples in found.items() if examples}


def _brackets(prompt: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Start and end of each pair of brackets, in order of their ends, and the starts of those without an end. As
    `read_weights` pairs them: round and square brackets independently."""
    opened: dict[str, list[int]] = {"(": [], "[": []}
    pairs: list[tuple[int, int]] = []
    for match in _BRACKETS.finditer(prompt):
        mark = match[0]
        if mark in opened:
            opened[mark].append(match.start())
        elif mark in ")]":
            starts = opened["(" if mark == ")" else "["]
            if starts:
                pairs.append((starts.pop(), match.end()))
    return pairs, sorted([*opened["("], *opened["["]])


def _is_editing(text: str) -> bool:
    """True for `[from:to:0.5]`, `[to:8]`: a number ends the brackets."""
    _, colon, number = text[1:-1].rpartition(":")
    return bool(colon) and len(number) <= _MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(number) is not None


def _distinct(texts: Iterator[str]) -> tuple[str, ...]:
    examples: dict[str, None] = {}
    for text in texts:
        examples.setdefault(text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}...")
        if len(examples) == MAX_EXAMPLES:
            break
    return tuple(examples)
