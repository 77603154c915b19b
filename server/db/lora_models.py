"""What is stored about LoRAs in addition to their files: the operator's settings and use counts."""

from sqlalchemy import Double, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class LoraSettingsRow(Row):
    """What the operator has set for a LoRA. `target` is a name (`jade`: all its versions) or a label (`jade-v2`: that
    one, before what its name says). It outlives the files. None: not set."""

    __tablename__ = "lora_choice"

    target: Mapped[str] = mapped_column(String(160), primary_key=True)
    pinned_version: Mapped[str | None] = mapped_column(String(64))  # what the bare name means; of names only
    trigger: Mapped[str | None] = mapped_column(Text)  # "": no words
    weight: Mapped[float | None] = mapped_column(Double)
    family: Mapped[str | None] = mapped_column(String(32))  # of LoRAs for few steps (few_steps.py); "none": of none
    steps: Mapped[int | None]  # that such a LoRA is distilled to
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())  # of requests that name no LoRA


class LoraObjectRow(Row):
    """The object of a bucket that holds these bytes."""

    __tablename__ = "lora_object"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    storage_key: Mapped[str] = mapped_column(String(255))


class LoraUseRow(Row):
    """How many accepted jobs named these bytes."""

    __tablename__ = "lora_use"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    num_jobs: Mapped[int]
