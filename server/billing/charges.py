"""What a job costs its caller, for acceptance."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.spec import ImageSpec
from server.billing import ledger
from server.billing.errors import AccountNeeded, InsufficientCredit
from server.billing.ledger import Balance
from server.billing.prices import Rate, price
from server.db.clock import now_s
from server.db.models import JobRow

ACCOUNT = "user:"
OPERATOR = "operator"
"""The owner of what STUDIO_ADMIN_KEY makes: it has no account and pays nothing."""


class Charges:
    """`monthly_free`: what each account may use up in a month (UTC) before its own credit, in micro-dollars."""

    def __init__(self, rate: Rate, monthly_free: int) -> None:
        self.rate = rate
        self.monthly_free = monthly_free

    def price(self, owner: str, specs: Iterable[ImageSpec]) -> int | None:
        """Of a job; None: its owner pays nothing. Raises AccountNeeded."""
        if owner == OPERATOR:
            return None
        if not owner.startswith(ACCOUNT):
            raise AccountNeeded
        return price(specs, self.rate)

    async def balance(self, session: AsyncSession, owner: str) -> Balance:
        """Of a caller without an account: nothing."""
        if not owner.startswith(ACCOUNT):
            return Balance(0, 0, 0)
        now = await session.scalar(select(now_s())) or 0.0
        return await ledger.balance(session, owner, self.monthly_free, now)

    async def check(self, session: AsyncSession, owner: str, specs: Iterable[ImageSpec]) -> None:
        """Refuse early what `hold` would refuse. Raises AccountNeeded, InsufficientCredit."""
        needed = self.price(owner, specs)
        if needed is not None and needed > (available := (await self.balance(session, owner)).available):
            raise InsufficientCredit(needed, available)

    async def hold(self, session: AsyncSession, job: JobRow, specs: Iterable[ImageSpec], now: float) -> None:
        """Set the price of an accepted job, whose row is in `session`, and hold it. Raises AccountNeeded,
        InsufficientCredit."""
        needed = job.price_micro_usd = self.price(job.owner, specs)
        if needed is not None:
            await ledger.hold(session, job.owner, job.id, needed, self.monthly_free, now)
