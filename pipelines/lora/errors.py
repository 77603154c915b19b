"""Reasons why a LoRA file cannot be used, in the words that the operator reads. Torch-free.

LoraFormatError      the bytes are not a usable LoRA
├── LoraCut          the file ends too early: it is being written, or was cut
├── LoraNameError    the name is not allowed for a LoRA
└── LoraMisfit       a sound file, made for another base model than the loaded one
"""


class LoraFormatError(ValueError):
    """The bytes are not a usable LoRA; the text is the reason that the operator sees."""


class LoraCut(LoraFormatError):
    """The file ends before what its header describes: it is being written, or was cut."""


class LoraNameError(LoraFormatError):
    """The name is not allowed for a LoRA."""


class LoraMisfit(LoraFormatError):
    """A sound file, made for another base model than the loaded one."""
