"""What all scenarios share: a round of the server, a round of the bare loop."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.bare import BareLoop
from scripts.benchmark.client import Crowd
from scripts.benchmark.jobs import Job, JobBook
from scripts.benchmark.meters import Readings


@dataclass(frozen=True, slots=True)
class ServedRound:
    """`latencies_s` in the order of the jobs; how far the server's metrics `moved`. `cpu_s` is the server process's."""

    latencies_s: list[float]
    wall_s: float
    moved: Readings

    @property
    def cpu_s(self) -> float:
        return self.moved.cpu_s


@dataclass(frozen=True, slots=True)
class LoopedRound:
    """`service_s` of each call of the pipeline."""

    service_s: list[float]
    cpu_s: float

    @property
    def wall_s(self) -> float:
        return sum(self.service_s)


@dataclass(frozen=True, slots=True)
class Bench:
    """`bare` is None where a server elsewhere is measured by itself; `lora_files` are copies of the run's LoRA, no two
    alike, which the server knows by their stems."""

    crowd: Crowd
    bare: BareLoop | None
    book: JobBook
    rounds: int
    lora_files: tuple[Path, ...] = ()

    async def serve(self, jobs: Sequence[Job]) -> ServedRound:
        before = await self.crowd.readings()
        served, wall_s = await self.crowd.make_all(jobs)
        moved = await self.crowd.readings() - before
        return ServedRound([each.latency_s for each in served], wall_s, moved)

    def loop(self, jobs: Sequence[Job]) -> LoopedRound | None:
        """The jobs one by one. None: there is no loop to compare with."""
        if self.bare is None:
            return None
        started_cpu_s = time.process_time()
        service_s = [self.bare.timed([job]) for job in jobs]
        return LoopedRound(service_s, time.process_time() - started_cpu_s)

    def batch_s(self, jobs: Sequence[Job]) -> float:
        """Seconds of equal jobs in one call of the pipeline."""
        assert self.bare is not None
        return self.bare.timed(jobs)
