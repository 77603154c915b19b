"""Warnings of an accepted job: what the model will ignore. Never a refusal."""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from pipelines.inversions.mentions import without_mentions
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.foreign import EMBEDDING, OF_A1111, UNCLOSED, foreign_syntax
from pipelines.prompt.windows import MAX_WINDOWS
from pipelines.spec import A1111, ImageSpec
from server.generation.styles import STYLES, Style
from server.loras.prompt_tags import without_lora_tags
from server.queue.grid import Axes
from server.queue.model import distinct_embeddings

_BREAK = re.compile(r"\bBREAK\b")


def prompt_warnings(
    analyzer: PromptAnalyzer, prompt: str, specs: tuple[ImageSpec, ...], axes: Axes | None, triggers: Iterable[str]
) -> list[str]:
    """`prompt` is as typed. The words of `triggers` are known to the job's LoRAs, even where the model does not know
    them. A style that the model does not know is named once, not by its words."""
    taught = {word.lower() for trigger in triggers for word in trigger.split()}
    embeddings = distinct_embeddings(specs)
    words = without_mentions(without_lora_tags(prompt), embeddings)
    if specs[0].sampling.prompt_syntax == A1111:
        words = _BREAK.sub(" ", words)
    unknown = [word for word in analyzer.unknown_words(words) if word not in taught]
    warnings = [f"the demo model does not know: {', '.join(unknown)}"] if unknown else []
    style = STYLES.get(specs[0].style or "")
    if style is not None and not style_fits(style, analyzer):
        warnings.append(f"the demo model does not know the style {style.label}")
    spec = replace(specs[0], embeddings=embeddings)
    for name, text in _encoded(specs, axes):
        warnings += _foreign_warnings(name, without_mentions(text, embeddings), spec.sampling.prompt_syntax)
        ignored = analyzer.overflow(spec, text)
        if ignored is not None:
            warnings.append(
                f"{name}: up to {MAX_WINDOWS} windows of 75 tokens are read; this is behind them and ignored: {ignored}"
            )
    return list(dict.fromkeys(warnings))


def _foreign_warnings(name: str, text: str, prompt_syntax: str) -> Iterator[str]:
    for kind, examples in foreign_syntax(text).items():
        if prompt_syntax == A1111 and kind in OF_A1111:
            continue
        effect = "is not supported, it is read as text"
        if kind == UNCLOSED:
            effect = "weighs all that follows"
        elif kind == EMBEDDING and prompt_syntax == A1111:
            effect = "that is not in the folder of this server is read as text"
        yield f"{name}: {kind} {effect}: {', '.join(examples)}"


def style_fits(style: Style, analyzer: PromptAnalyzer) -> bool:
    """True if the model knows the words that the style adds."""
    return not analyzer.unknown_words(style.words)


def _encoded(specs: tuple[ImageSpec, ...], axes: Axes | None) -> Iterator[tuple[str, str]]:
    """Field and text of each prompt as encoded."""
    if axes is None:
        for prompt in dict.fromkeys(spec.prompt for spec in specs):
            yield "prompt", prompt
    else:
        for n in range(len(axes.prompts)):
            yield f"prompts[{n}]", specs[axes.index(n)].prompt
    for negative_prompt in dict.fromkeys(spec.negative_prompt for spec in specs):
        yield "negative_prompt", negative_prompt
