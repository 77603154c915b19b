"""The ledger of credit. Each function runs in the caller's transaction, so that an entry is there exactly when what it
is about is.

    hold     available → held      with the rows of an accepted job (generation/service.py)
    capture  held → gone           with a stored image (queue/states.py)
    release  held → available      with the end of a job: what no stored image has taken (queue/states.py, deletion.py)
    refund   gone → available      an operator, once a job
    grant    new → available       an operator, a purchase, the free allowance of a month
    adjust   available ± an amount an operator, a refunded or disputed purchase, the end of a free month

An operation locks all pockets of its owner first, the newest month first: it sees the balance of every process.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.billing.errors import InsufficientCredit, NothingToTake, NotRefundable
from server.billing.prices import share
from server.db.billing_models import CreditEntryRow, CreditRow
from server.db.clock import now_s
from server.db.models import JobRow
from server.tallies import facts

KEPT = ""
"""The pocket of credit that does not expire."""


@dataclass(frozen=True, slots=True)
class Balance:
    """In micro-dollars. `free` is the part of `available` that expires at the end of the month (UTC)."""

    available: int
    held: int
    free: int


def month_of(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m}"


async def balance(session: AsyncSession, owner: str, monthly_free: int, now: float) -> Balance:
    """`monthly_free`: the allowance, which counts before its pocket is opened."""
    rows = {row.pocket: row for row in await session.scalars(select(CreditRow).where(CreditRow.owner == owner))}
    month, kept = rows.get(month_of(now)), rows.get(KEPT)
    free = monthly_free if month is None else month.available_micro_usd
    held = sum(row.held_micro_usd for row in rows.values())
    return Balance(free + (kept.available_micro_usd if kept else 0), held, free)


async def hold(session: AsyncSession, owner: str, job_id: str, amount: int, monthly_free: int, now: float) -> None:
    """Set the price of a job aside, free credit first. Raises InsufficientCredit."""
    month = month_of(now)
    if monthly_free:
        await _open_month(session, owner, month, monthly_free)
    usable = [row for row in await _pockets(session, owner) if row.pocket in (month, KEPT)]
    available = sum(row.available_micro_usd for row in usable)
    if available < amount:
        raise InsufficientCredit(amount, available)
    for row in usable:
        part = min(amount, row.available_micro_usd)
        if part:
            await post(session, row, "hold", f"hold:{job_id}", available=-part, held=part, job_id=job_id)
        amount -= part


async def capture(session: AsyncSession, job: JobRow, n: int) -> None:
    """Charge for image `n` of a job, which is stored now."""
    if job.price_micro_usd is None:
        return
    rows = {row.pocket: row for row in await _pockets(session, job.owner)}
    amount = share(job.price_micro_usd, n, job.num_images)
    for pocket, held in (await _held(session, job.id)).items():
        part = min(amount, held)
        if part:
            await post(session, rows[pocket], "capture", f"capture:{job.id}-{n}", held=-part, job_id=job.id)
        amount -= part


async def release(session: AsyncSession, job: JobRow) -> None:
    """Give back what no stored image of a job has taken: it failed, was blocked or cancelled, or the job is given up.
    The one place for all of these: the job ends, or its row is deleted."""
    if job.price_micro_usd is None:
        return
    rows = {row.pocket: row for row in await _pockets(session, job.owner)}
    for pocket, held in (await _held(session, job.id)).items():
        if held:
            await post(session, rows[pocket], "release", f"release:{job.id}", available=held, held=-held, job_id=job.id)


async def grant(
    session: AsyncSession, owner: str, amount: int, key: str, note: str | None, made_by: str | None
) -> None:
    """Credit that does not expire."""
    await post(session, await _kept(session, owner), "grant", key, available=amount, note=note, made_by=made_by)


async def adjust(session: AsyncSession, owner: str, amount: int, key: str, note: str, made_by: str | None) -> None:
    """Raises NothingToTake: the balance never becomes negative."""
    row = await _kept(session, owner)
    if row.available_micro_usd + amount < 0:
        raise NothingToTake(row.available_micro_usd)
    await post(session, row, "adjust", key, available=amount, note=note, made_by=made_by)


async def take_back(session: AsyncSession, owner: str, amount: int, key: str, note: str) -> int:
    """Take at most `amount`, as much as is there. Returns what is missing."""
    row = await _kept(session, owner)
    part = min(amount, row.available_micro_usd)
    short = f"; {amount - part} micro-dollars were spent before" if part < amount else ""
    await post(session, row, "adjust", key, available=-part, note=note + short)
    return amount - part


async def refund(session: AsyncSession, job_id: str, note: str, made_by: str | None) -> tuple[str, int]:
    """Give back what a job was charged, into the pockets that it came from. Returns its owner and the amount. Raises
    NotRefundable."""
    owner = await session.scalar(select(CreditEntryRow.owner).where(CreditEntryRow.job_id == job_id).limit(1))
    if owner is None:
        raise NotRefundable(job_id, "was not charged, or does not exist")
    rows = {row.pocket: row for row in await _pockets(session, owner)}
    kinds = set(await session.scalars(select(CreditEntryRow.kind).where(CreditEntryRow.job_id == job_id)))
    if "refund" in kinds:
        raise NotRefundable(job_id, "was refunded before")
    if any((await _held(session, job_id)).values()):
        raise NotRefundable(job_id, "has not ended: wait for its end or cancel it")
    captured = select(CreditEntryRow.pocket, -func.sum(CreditEntryRow.held_change)).where(
        CreditEntryRow.job_id == job_id, CreditEntryRow.kind == "capture"
    )
    parts = (await session.execute(captured.group_by(CreditEntryRow.pocket))).tuples().all()
    if not parts:
        raise NotRefundable(job_id, "was not charged: no picture of it was made")
    for pocket, amount in parts:
        fields: dict[str, Any] = {"job_id": job_id, "note": note, "made_by": made_by}
        await post(session, rows[pocket], "refund", f"refund:{job_id}", available=int(amount), **fields)
    return owner, sum(int(amount) for _, amount in parts)


async def post(
    session: AsyncSession, row: CreditRow, kind: str, key: str, *, available: int = 0, held: int = 0, **fields: Any
) -> None:
    """Change a locked pocket and insert the entry about it. `fields` are job_id, note and made_by."""
    row.available_micro_usd += available
    row.held_micro_usd += held
    now = await session.scalar(select(now_s())) or 0.0
    if kind in ("capture", "refund"):
        facts.charged(session, -held - available, now, is_free=row.pocket != KEPT)
    session.add(
        CreditEntryRow(
            owner=row.owner,
            pocket=row.pocket,
            kind=kind,
            key=key,
            available_change=available,
            held_change=held,
            created_at_s=now,
            **fields,
        )
    )
    await session.flush()


async def _pockets(session: AsyncSession, owner: str) -> list[CreditRow]:
    """All pockets of an owner, locked until the transaction ends, the newest month first."""
    statement = select(CreditRow).where(CreditRow.owner == owner).order_by(CreditRow.pocket.desc()).with_for_update()
    return list(await session.scalars(statement.execution_options(populate_existing=True)))


async def _kept(session: AsyncSession, owner: str) -> CreditRow:
    """The pocket of credit that stays, locked with the others."""
    await _open(session, owner, KEPT)
    return (await _pockets(session, owner))[-1]


async def _open(session: AsyncSession, owner: str, pocket: str) -> bool:
    """False: it is there. A process that opens the same one at this moment is waited for."""
    opened = await session.execute(
        text(
            "INSERT INTO credit (owner, pocket, available_micro_usd, held_micro_usd) VALUES (:owner, :pocket, 0, 0)"
            " ON CONFLICT DO NOTHING"
        ),
        {"owner": owner, "pocket": pocket},
    )
    return bool(opened.rowcount)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]


async def _open_month(session: AsyncSession, owner: str, month: str, allowance: int) -> None:
    """Grant the allowance, once a month. What is left of earlier months is gone."""
    if not await _open(session, owner, month):
        return
    for row in await _pockets(session, owner):
        if row.pocket == month:
            await post(session, row, "grant", f"free:{owner}", available=allowance, note=f"free in {month}")
        elif row.pocket != KEPT and row.available_micro_usd:
            ended = f"the free month {row.pocket} has ended"
            await post(session, row, "adjust", f"ended:{owner}:{month}", available=-row.available_micro_usd, note=ended)


async def _held(session: AsyncSession, job_id: str) -> dict[str, int]:
    """What of a job's price is held still, by pocket; the newest month first."""
    sums = select(CreditEntryRow.pocket, func.sum(CreditEntryRow.held_change)).where(CreditEntryRow.job_id == job_id)
    by_pocket = (await session.execute(sums.group_by(CreditEntryRow.pocket))).tuples()
    return dict(sorted(((pocket, int(amount)) for pocket, amount in by_pocket), reverse=True))
