"""What a caller should know about an accepted prompt: told in the answer's `warnings`, never a refusal."""

from collections.abc import Iterable

from pipelines.prompt_words import MAX_TOKENS, PromptReader


def prompt_warnings(
    reader: PromptReader, final_prompt: str, negative_prompt: str, triggers: Iterable[str]
) -> list[str]:
    """`triggers` are the trigger words of the job's LoRAs: the LoRA knows them, even where the model does not."""
    taught = {word.lower() for trigger in triggers for word in trigger.split()}
    unknown = [word for word in reader.unknown_words(final_prompt) if word not in taught]
    warnings = [f"the demo model does not know: {', '.join(unknown)}"] if unknown else []
    for name, text in (("prompt", final_prompt), ("negative_prompt", negative_prompt)):
        ignored = reader.overflow(text)
        if ignored is not None:
            warnings.append(
                f"{name}: the model reads {MAX_TOKENS - 2} tokens; this is behind them and ignored: {ignored}"
            )
    return warnings
