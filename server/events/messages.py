"""What processes on one PostgreSQL send one another: one tagged union, as JSON."""

import msgspec
from msgspec import Struct


class Message(Struct, frozen=True, tag_field="kind", kw_only=True):
    """`sender` is the process."""

    sender: str


class Here(Message, frozen=True, tag="here", kw_only=True):
    """The process is alive."""


class JobAccepted(Message, frozen=True, tag="accepted", kw_only=True):
    """A job is claimable; None: some are. `loras`: the hashes that it names, if they are few."""

    job_id: str | None = None
    loras: tuple[str, ...] = ()


class RowsChanged(Message, frozen=True, tag="rows", kw_only=True):
    """Rows of the job have changed: its readers read them now."""

    job_id: str


class JobEnded(Message, frozen=True, tag="ended", kw_only=True):
    """The job has ended or was deleted: the worker that makes it stops."""

    job_id: str


class Progress(Message, frozen=True, tag="progress", kw_only=True):
    """Job id → (progress 0..1, seconds left, what it waits for), of jobs that the sender makes."""

    jobs: dict[str, tuple[float, float, str | None]]


class LorasChanged(Message, frozen=True, tag="loras", kw_only=True):
    """The table of LoRAs was switched."""


AnyMessage = Here | JobAccepted | RowsChanged | JobEnded | Progress | LorasChanged

_decoder = msgspec.json.Decoder(AnyMessage)
_encoder = msgspec.json.Encoder()


def encode(message: AnyMessage) -> str:
    return _encoder.encode(message).decode()


def decode(text: str) -> AnyMessage | None:
    """None: the message is of another version."""
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return None
