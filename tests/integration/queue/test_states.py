"""Any sequence of moves by two processes against the guarded UPDATEs: what they allow, and what they leave behind."""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import EventRow, ImageRow, JobRow
from server.db.session import Database
from server.queue import states
from server.queue.model import ImageStatus, JobError, JobStatus
from server.queue.states import Lease
from tests.support.builders import image_spec
from tests.support.jobs_harness import change_job

NUM_IMAGES = 2
WORKERS = ("a", "b")
worker = st.sampled_from(WORKERS)
moves = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["claim", "renew", "release", "fail"]), worker, st.just(0)),
        st.tuples(st.sampled_from(["add", "break"]), worker, st.integers(1, NUM_IMAGES)),
        st.tuples(st.sampled_from(["expire", "cancel", "fail_stale"]), st.just(""), st.just(0)),
    ),
    max_size=14,
)


@dataclass
class Expected:
    """The same job, in plain Python. `leases` is what each worker believes it holds."""

    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    holder: str | None = None
    expired: bool = False
    stored: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    leases: dict[str, int] = field(default_factory=dict)

    @property
    def claimable(self) -> bool:
        return self.status is JobStatus.QUEUED or (self.status is JobStatus.PROCESSING and self.expired)

    def holds(self, worker: str) -> bool:
        return self.status is JobStatus.PROCESSING and self.leases.get(worker) == self.attempt

    def end(self, status: JobStatus) -> None:
        self.status, self.holder = status, None
        self.events.append(status.value)

    def end_with_last(self) -> None:
        if len(self.stored) + len(self.broken) == NUM_IMAGES:
            self.end(JobStatus.FAILED if self.broken else JobStatus.COMPLETED)

    def apply(self, move: str, worker: str, n: int) -> bool:
        """Whether the move must succeed."""
        match move:
            case "claim" if self.claimable:
                self.status, self.holder, self.expired = JobStatus.PROCESSING, worker, False
                self.attempt += 1
                self.leases[worker] = self.attempt
            case "renew" if self.status is JobStatus.PROCESSING and self.holder == worker:
                self.expired = False
            case "release":
                if self.status is JobStatus.PROCESSING and self.holder == worker:
                    self.holder, self.expired = None, True
            case "expire":
                self.expired = True
            case "add" | "break" if n in self.stored | self.broken:
                return self.leases.get(worker) == self.attempt
            case "add" if self.holds(worker):
                self.stored.add(n)
                self.events.append("image")
                self.end_with_last()
            case "break" if self.holds(worker):
                self.broken.add(n)
                self.end_with_last()
            case "fail" if self.holds(worker):
                self.end(JobStatus.FAILED)
            case "fail_stale" if self.claimable:
                self.end(JobStatus.FAILED)
            case "cancel" if not self.status.ended:
                self.end(JobStatus.CANCELLED)
            case _:
                return False
        return True


SPEC = image_spec(prompt="a boat", steps=3, width=8, height=8, seed=2**32 - 1)


async def insert(session: AsyncSession, job_id: str) -> None:
    """A job with its images."""
    row = JobRow(
        id=job_id,
        owner="ip:127.0.0.1",
        status=JobStatus.QUEUED,
        prompt="a boat",
        num_images=NUM_IMAGES,
        base_name="painted",
        base_sha256="c" * 64,
        created_at_s=1.0,
    )
    session.add(row)
    await session.flush()
    images = (
        ImageRow(
            id=f"{job_id}-{n}",
            job_id=job_id,
            n=n,
            status=ImageStatus.QUEUED,
            spec=SPEC,
            work=SPEC.work,
            num_px=SPEC.num_px,
            rows=SPEC.rows,
        )
        for n in range(1, NUM_IMAGES + 1)
    )
    session.add_all(images)


def stored(job_id: str, n: int) -> dict[str, Any]:
    return {
        "content_type": "image/png",
        "num_bytes": 1,
        "storage_key": f"{job_id}-{n}.png",
        "started_at_s": 1.0,
        "encode_s": 0.0,
        "step_share_s": 0.0,
        "decode_s": 0.0,
    }


async def carry_out(database: Database, job_id: str, leases: dict[str, Lease], move: tuple[str, str, int]) -> bool:
    name, worker, n = move
    if name == "expire":
        await change_job(database, job_id, lease_until=1.0)
        return True
    async with database.write() as session:
        lease = leases.get(worker, Lease(job_id, -1))
        match name:
            case "claim":
                row = await states.claim(session, job_id, f"folder/{worker}", 60)
                if row is not None:
                    leases[worker] = Lease(job_id, row.attempt)
                return row is not None
            case "renew":
                return job_id in await states.renew(session, {job_id: lease}, f"folder/{worker}", 60)
            case "release":
                await states.release(session, f"folder/{worker}")
                return True
            case "add":
                return await states.finish_image(session, lease, n, stored(job_id, n))
            case "break":
                return await states.fail_image(session, lease, n, JobError("nan", "not a number"))
            case "fail":
                return await states.fail_mine(session, lease, JobError("nan", "not a number"))
            case "fail_stale":
                return await states.fail_stale(session, job_id, JobError("given_up", "too often"))
            case "cancel":
                return await states.cancel(session, job_id)
    raise AssertionError(name)


async def play(database: Database, sequence: list[tuple[str, str, int]]) -> None:
    job_id = secrets.token_hex(16)
    async with database.write() as session:
        await insert(session, job_id)
    expected, leases = Expected(), dict[str, Lease]()
    for move in sequence:
        assert await carry_out(database, job_id, leases, move) == expected.apply(*move), move
    async with database.read() as session:
        row = await session.get_one(JobRow, job_id)
        events = list(await session.scalars(select(EventRow).where(EventRow.job_id == job_id).order_by(EventRow.seq)))
        images = list(await session.scalars(select(ImageRow).where(ImageRow.job_id == job_id)))
    done = {image.n for image in images if image.status == ImageStatus.DONE}
    broken = {image.n for image in images if image.status == ImageStatus.FAILED}
    assert (row.status, row.attempt) == (expected.status, expected.attempt)
    assert (done, broken) == (expected.stored, expected.broken)
    assert [(event.seq, event.name) for event in events] == list(enumerate(expected.events, 1))
    assert row.num_events == len(events)
    assert sum(JobStatus(event.name).ended for event in events if event.name != "image") == expected.status.ended
    async with database.write() as session:  # `release` lets go of all of a worker's jobs: leave none behind
        await session.delete(row)


@pytest.fixture
def runner(database_url: str):
    with asyncio.Runner() as runner:
        database = Database(database_url)
        runner.run(database.migrate())
        yield lambda sequence: runner.run(play(database, sequence))
        runner.run(database.close())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sequence=moves)
def test_moves_succeed_only_for_whom_they_may_and_are_told_once(runner, sequence: list[tuple[str, str, int]]):
    runner(sequence)


@pytest.mark.parametrize(("ahead_s", "is_free"), [(60, False), (3 * 86_400, True)])
async def test_a_lease_of_a_clock_that_ran_ahead_has_expired(database: Database, ahead_s: float, is_free: bool):
    job_id = secrets.token_hex(16)
    async with database.write() as session:
        await insert(session, job_id)
        assert await states.claim(session, job_id, "folder/a", ahead_s) is not None
    async with database.write() as session:
        assert (await states.claim(session, job_id, "folder/b", 10) is not None) == is_free


async def test_of_many_claims_at_once_exactly_one_wins(database: Database, database_url: str):
    other = Database(database_url)
    for _ in range(5):
        job_id = secrets.token_hex(16)
        async with database.write() as session:
            await insert(session, job_id)

        async def try_claim(on: Database, owner: str, job_id: str = job_id) -> bool:
            async with on.write() as session:
                return await states.claim(session, job_id, owner, 60) is not None

        won = await asyncio.gather(*(try_claim((database, other)[i % 2], f"folder/{i}") for i in range(8)))
        assert sum(won) == 1
    await other.close()


async def test_of_completing_and_cancelling_at_once_exactly_one_wins(database: Database, database_url: str):
    other = Database(database_url)
    for _ in range(8):
        job_id = secrets.token_hex(16)
        async with database.write() as session:
            await insert(session, job_id)
        leases: dict[str, Lease] = {}
        for move in (("claim", "a", 0), ("add", "a", 1)):
            assert await carry_out(database, job_id, leases, move)
        completed, cancelled = await asyncio.gather(
            carry_out(database, job_id, leases, ("add", "a", 2)), carry_out(other, job_id, leases, ("cancel", "", 0))
        )
        assert completed != cancelled
        async with database.read() as session:
            names = list(await session.scalars(select(EventRow.name).where(EventRow.job_id == job_id)))
        assert sum(JobStatus(name).ended for name in names if name != "image") == 1
    await other.close()
