"""Names of LoRAs: what a request can name, and the name that a file gets, whatever it is called. And the errors
about a file, in the words that the operator reads. Torch-free.

LoraFormatError      the bytes are not a usable LoRA
├── LoraCut          the file ends too early: it is being written, or was cut
├── LoraNameError    the name is not allowed for a LoRA
└── LoraMisfit       a sound file, made for another base model than the loaded one

jade-v2.safetensors                  → jade-v2: version 2 of jade
People/Jade (v2) [fix].SAFETENSORS   → Jade-v2-fix
翡翠 v2.safetensors                   → lora-2b1f4a6e-v2: the digits stand for what cannot be written
"""

import hashlib
import re
import unicodedata

SUFFIX = ".safetensors"
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
COMPANIONS = (
    *(".txt", ".md", ".json", ".yaml", ".yml", ".toml", ".info", ".civitai", ".html", ".csv"),
    *(".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".webm"),
)
"""Notes and pictures that people keep next to their LoRAs; a scan passes over them."""
PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
MAX_CHARACTERS = 64
RESERVED_NAME = "base"
"""Requests use it for "no LoRA"."""

_NAME = re.compile(rf"(?!\.)[A-Za-z0-9_.-]{{1,{MAX_CHARACTERS}}}")
_VERSIONED = re.compile(r"(?P<name>.+)-v(?P<version>[0-9]+(?:\.[0-9]+)*)")
_WORDS_AND_VERSION = re.compile(r"(?P<name>.*?)-v(?P<version>[0-9]+(?:\.[0-9]+)*)-?")
_MAX_VERSION_CHARACTERS = 24
_OTHERS = re.compile(r"[^A-Za-z0-9_.]+")
_DIGEST_CHARACTERS = 8


class LoraFormatError(ValueError):
    """The bytes are not a usable LoRA; the text is the reason that the operator sees."""


class LoraCut(LoraFormatError):
    """The file ends before what its header describes: it is being written, or was cut."""


class LoraNameError(LoraFormatError):
    """The name is not allowed for a LoRA."""


class LoraMisfit(LoraFormatError):
    """A sound file, made for another base model than the loaded one."""


def split_name(stem: str) -> tuple[str, str | None]:
    """Name and version of a label: `jade-v1` -> ("jade", "1"), `jade` -> ("jade", None). Raises LoraNameError."""
    if not _NAME.fullmatch(stem):
        raise LoraNameError("its name must be 1 to 64 letters, digits, dots, underscores or hyphens, no dot first")
    if stem == RESERVED_NAME:
        raise LoraNameError(f"no LoRA may be called {RESERVED_NAME}: requests use that name for no LoRA")
    match = _VERSIONED.fullmatch(stem)
    return (match["name"], match["version"]) if match else (stem, None)


def version_key(version: str | None) -> tuple[int, ...]:
    """Sort key of a version, by number: 10 after 9, 1.2 after 1.1; a file without a version comes first."""
    return () if version is None else tuple(int(part) for part in version.split("."))


def has_suffix(file_name: str) -> bool:
    """True for `.safetensors` in any case."""
    return file_name.lower().endswith(SUFFIX)


def without_suffix(file_name: str) -> str:
    """`jade-v1` for `jade-v1.safetensors`, and for `jade-v1`."""
    return file_name[: -len(SUFFIX)] if has_suffix(file_name) else file_name


def label_of(stem: str) -> str:
    """The label of a file. A name that requests can write is kept; any other becomes a similar one, always the same for
    the same file name.

    Accents are dropped and blanks, brackets and the like become hyphens. Where letters are lost or the name is too
    long, digits of a hash keep two names apart.
    """
    if _NAME.fullmatch(stem):
        return stem
    composed = unicodedata.normalize("NFC", stem)
    plain = "".join(char for char in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(char))
    is_lossy = any(char.isalnum() and not char.isascii() for char in plain)
    words = _OTHERS.sub("-", plain)
    versioned = _WORDS_AND_VERSION.fullmatch(words)
    if versioned and len(versioned["version"]) <= _MAX_VERSION_CHARACTERS:
        words, version = versioned["name"], f"-v{versioned['version']}"
    else:
        version = ""
    name = words.strip("-.")
    if is_lossy or not name or len(name) + len(version) > MAX_CHARACTERS:
        digest = hashlib.sha256(composed.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
        room = MAX_CHARACTERS - len(version) - _DIGEST_CHARACTERS - 1
        name = f"{name[:room].strip('-.') or 'lora'}-{digest}"
    return f"{name}{version}"
