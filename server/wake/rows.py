"""What the wake hook reads and writes. Its one row is guarded: of several api processes exactly one makes each call."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import DAY_S, now_s
from server.db.models import JobRow, WakeRow
from server.db.usage_models import TallyRow
from server.queue import states, workers
from server.queue.workers import StartTimes
from server.tallies.days import Measure, day_of

MAX_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True)
class WakeFacts:
    """At the moment `now_s`, since 1970. `num_ready` workers make images, another is `loading_since_s`. `is_wanted`: a
    job waits, or the base model is unknown. `num_calls` are made since a worker was ready last, the newest at
    `called_at_s`. `used_s`: time of workers on this day, with the time that a called one takes to come."""

    now_s: float
    num_ready: int
    loading_since_s: float | None
    is_wanted: bool
    num_calls: int
    called_at_s: float | None
    next_at_s: float
    failure: str | None
    used_s: float
    starts: StartTimes

    @property
    def is_due(self) -> bool:
        """True if the next call may be made. A time further ahead was written while the database's clock ran ahead."""
        return self.next_at_s <= self.now_s or self.next_at_s > self.now_s + MAX_PAUSE_S


async def read(session: AsyncSession, is_wanted: bool = False) -> WakeFacts:
    """`is_wanted`: a worker is wanted without a job, too."""
    now = await session.scalar(select(now_s())) or 0.0
    row = (await session.scalars(select(WakeRow))).one()
    alive = await workers.alive(session)
    loading = [worker.started_at_s for worker in alive if worker.state == "loading"]
    first = select(JobRow.id).where(states.is_claimable()).limit(1)
    is_wanted = is_wanted or await session.scalar(first) is not None
    today = (TallyRow.day == day_of(now), TallyRow.measure.in_((Measure.UP_S, Measure.START_S)))
    used_s = await session.scalar(select(func.sum(TallyRow.value)).where(*today)) or 0.0
    coming_s = min(now - row.paid_since_s, now % DAY_S) if row.paid_since_s is not None else 0.0
    return WakeFacts(
        now_s=now,
        num_ready=sum(worker.state == "ready" for worker in alive),
        loading_since_s=min(loading, default=None),
        is_wanted=is_wanted,
        num_calls=row.num_calls,
        called_at_s=row.called_at_s if row.num_calls else None,
        next_at_s=row.next_at_s,
        failure=row.failure,
        used_s=used_s + max(0.0, coming_s),
        starts=await workers.start_times(session),
    )


async def claim_call(session: AsyncSession, seen: WakeFacts, pause_s: float) -> bool:
    """True if this process makes the next call, after the calls that it has `seen`; the one after that is due in
    `pause_s`. False: another process makes it, or a worker has come."""
    if any(worker.state in ("loading", "ready") for worker in await workers.alive(session)):
        return False
    now = await session.scalar(select(now_s())) or 0.0
    is_due = or_(WakeRow.next_at_s <= now, WakeRow.next_at_s > now + MAX_PAUSE_S)
    claimed = (
        update(WakeRow)
        .where(WakeRow.num_calls == seen.num_calls, is_due)
        .values(
            num_calls=seen.num_calls + 1,
            called_at_s=now,
            next_at_s=now + pause_s,
            paid_since_s=func.coalesce(WakeRow.paid_since_s, now),
            failure=None,
        )
        .returning(WakeRow.id)
    )
    return await session.scalar(claimed) is not None


async def call_failed(session: AsyncSession, num_calls: int, failure: str) -> None:
    """The call with this number failed. If it was the first one, no machine is paid for."""
    of_call = WakeRow.num_calls == num_calls
    await session.execute(update(WakeRow).where(of_call).values(failure=failure))
    await session.execute(
        update(WakeRow).where(of_call, WakeRow.paid_since_s == WakeRow.called_at_s).values(paid_since_s=None)
    )


async def worker_came(session: AsyncSession) -> None:
    """A worker is ready: the next call is a first one."""
    await session.execute(
        update(WakeRow)
        .where(or_(WakeRow.num_calls > 0, WakeRow.next_at_s > 0))
        .values(num_calls=0, next_at_s=0.0, paid_since_s=None, failure=None)
    )
