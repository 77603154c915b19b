"""How many workers are wanted, and the numbers that it follows from. The database computes them, in the view
`studio_workers_wanted`, so that an autoscaler that knows SQL alone receives the same answer."""

from dataclasses import dataclass

from sqlalchemy import column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import FleetTargetRow

VIEW = "studio_workers_wanted"
_COLUMNS = (
    "wanted",
    "queued_gpu_s",
    "held_gpu_s",
    "num_workers",
    "target_s",
    "min_workers",
    "max_workers",
    "row_mpx_s",
)


@dataclass(frozen=True, slots=True)
class Target:
    """The accepted jobs are to be made within `target_s`, by `min_workers` to `max_workers`."""

    target_s: float
    min_workers: int
    max_workers: int


@dataclass(frozen=True, slots=True)
class Demand:
    """`wanted`: (`queued_gpu_s` + `held_gpu_s`) / `target_s`, rounded up, within the bounds. `held_gpu_s`: of the jobs
    that living workers hold; an image that is begun counts whole. `num_workers`: that live and do not drain.
    `row_mpx_s`: measured seconds of one row of one megapixel in a full forward; 1 before a worker has measured it."""

    wanted: int
    queued_gpu_s: float
    held_gpu_s: float
    num_workers: int
    target: Target
    row_mpx_s: float


async def demand(session: AsyncSession) -> Demand:
    """Of this moment."""
    row = (await session.execute(select(*map(column, _COLUMNS)).select_from(table(VIEW)))).one()
    return Demand(
        wanted=int(row.wanted),
        queued_gpu_s=float(row.queued_gpu_s),
        held_gpu_s=float(row.held_gpu_s),
        num_workers=int(row.num_workers),
        target=Target(float(row.target_s), int(row.min_workers), int(row.max_workers)),
        row_mpx_s=float(row.row_mpx_s),
    )


async def set_target(session: AsyncSession, target: Target) -> None:
    """For all processes on this database."""
    await session.merge(
        FleetTargetRow(id=1, target_s=target.target_s, min_workers=target.min_workers, max_workers=target.max_workers)
    )
