"""Answers about the workers."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Drain = Literal["finish", "hand_back"]


class Drained(Struct, frozen=True, kw_only=True):
    jobs: Annotated[
        Drain, Meta(description="`finish`: it makes the jobs that it holds; `hand_back`: they go back to the queue.")
    ] = "finish"
    exit: Annotated[bool, Meta(description="Its process ends with code 0 once it holds nothing more.")] = False


class Worker(Struct, frozen=True, kw_only=True):
    """`state` is `gone` once its heartbeat is older than 15 s; it is shown for an hour. `gpu` null: the CPU makes its
    pictures. `memory_used_bytes`: by all processes of its machine. `resident_loras`: in the model's memory, by label.
    `step_s` and `rows`: means of its last UNet forwards; null before the first. `drain` null: it claims jobs."""

    id: str
    state: Literal["loading", "ready", "draining", "gone"]
    base_model: str
    version: str | None
    gpu: str | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    resident_loras: list[str]
    step_s: float | None
    rows: float | None
    jobs: list[str]
    started_at: str
    heartbeat_at: str
    heartbeat_age_s: float
    drain: Drain | None
    exits: bool


class OperatorWorkers(Struct, frozen=True, kw_only=True):
    """`wanted`: (`queued_gpu_s` + `held_gpu_s`) / `target_s`, rounded up, between `min` and `max`; `alive`: loading or
    ready. The newest worker first."""

    wanted: int
    alive: int
    queued_gpu_s: float
    held_gpu_s: float
    target_s: float
    min: int
    max: int
    workers: list[Worker]
