"""What a caller should know about an accepted prompt: told in the answer's `warnings`, never a refusal."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.windows import MAX_WINDOWS
from server.generation.styles import STYLES, Style
from server.loras.prompt_tags import without_lora_tags


def prompt_warnings(reader: PromptAnalyzer, metadata: Mapping[str, Any], triggers: Iterable[str]) -> list[str]:
    """`metadata` is the job's, `triggers` are the trigger words of its LoRAs: the LoRA knows them, even where the model
    does not. A style that the model does not know is told once, not by its words."""
    taught = {word.lower() for trigger in triggers for word in trigger.split()}
    unknown = [word for word in reader.unknown_words(without_lora_tags(metadata["prompt"])) if word not in taught]
    warnings = [f"the demo model does not know: {', '.join(unknown)}"] if unknown else []
    style = STYLES.get(metadata["style"] or "")
    if style is not None and not style_fits(style, reader):
        warnings.append(f"the demo model does not know the style {style.label}")
    finals: list[str] = metadata.get("final_prompts") or []
    named = [(f"prompts[{n}]", text) for n, text in enumerate(finals)] or [("prompt", metadata["final_prompt"])]
    for name, text in (*named, ("negative_prompt", metadata["negative_prompt"])):
        ignored = reader.overflow(text)
        if ignored is not None:
            warnings.append(
                f"{name}: up to {MAX_WINDOWS} windows of 75 tokens are read; this is behind them and ignored: {ignored}"
            )
    return warnings


def style_fits(style: Style, reader: PromptAnalyzer) -> bool:
    """The model knows the words that the style adds."""
    return not reader.unknown_words(style.words)
