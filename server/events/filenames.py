"""What a downloaded file is called: after the prompt, in letters, digits and hyphens, so that every system takes it."""

import re
import unicodedata
from pathlib import PurePosixPath

MAX_SLUG_CHARACTERS = 48
NAMELESS = "picture"
"""A prompt that has no Latin letter and no digit."""


def image_filename(prompt: str, seed: int, storage_key: str) -> str:
    """`jade-woman-red-dress-beach-sunset-7.jpg`: the prompt, the picture's seed, the ending of its stored file."""
    return f"{slug(prompt)}-{seed}{PurePosixPath(storage_key).suffix}"


def archive_filename(prompt: str, job_id: str) -> str:
    """`jade-woman-red-dress-beach-sunset-01234567.zip`: the prompt and the start of the job's id."""
    return f"{slug(prompt)}-{job_id[:8]}.zip"


def slug(prompt: str) -> str:
    """1 to 48 characters of a-z, 0-9 and single hyphens within; accents are dropped, whole words where one fits."""
    plain = unicodedata.normalize("NFKD", prompt.casefold()).encode("ascii", "ignore").decode("ascii")
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        return NAMELESS
    short = words[0][:MAX_SLUG_CHARACTERS]
    for word in words[1:]:
        if len(short) + 1 + len(word) > MAX_SLUG_CHARACTERS:
            break
        short = f"{short}-{word}"
    return short
