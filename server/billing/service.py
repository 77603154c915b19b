"""Credit as its owners and operators see and change it. Each method is one unit of work and commits it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from pipelines.spec import ImageSpec
from server.billing import ledger
from server.billing.charges import Charges
from server.billing.errors import BillingOff
from server.billing.ledger import Balance
from server.billing.prices import price
from server.billing.purchases import Purchases
from server.db.billing_models import CreditEntryRow
from server.db.session import Database


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-dollars: what a job costs, what its caller has."""

    price: int
    available: int


class Billing:
    """Runs on the event loop. All but `is_on` raises BillingOff where nothing is charged."""

    def __init__(self, database: Database, charges: Charges | None, purchases: Purchases) -> None:
        self._database = database
        self._charges = charges
        self._purchases = purchases

    @property
    def is_on(self) -> bool:
        return self._charges is not None

    def require_on(self) -> None:
        """Raises BillingOff."""
        if self._charges is None:
            raise BillingOff

    @property
    def charges(self) -> Charges:
        if self._charges is None:
            raise BillingOff
        return self._charges

    @property
    def purchases(self) -> Purchases:
        self.require_on()
        return self._purchases

    async def quote(self, owner: str, specs: Iterable[ImageSpec]) -> Quote:
        """Callers without an account see the price too."""
        return Quote(price(specs, self.charges.rate), (await self.balance(owner)).available)

    async def balance(self, owner: str) -> Balance:
        charges = self.charges
        async with self._database.read() as session:
            return await charges.balance(session, owner)

    async def entries(
        self, owner: str, before_id: int | None, limit: int, *, is_complete: bool = False
    ) -> list[CreditEntryRow]:
        """Movements of the available credit, the newest first, from the one before `before_id` on. `is_complete`: also
        the captures, which move none."""
        self.require_on()
        statement = select(CreditEntryRow).where(CreditEntryRow.owner == owner)
        if before_id is not None:
            statement = statement.where(CreditEntryRow.id < before_id)
        if not is_complete:
            statement = statement.where(CreditEntryRow.available_change != 0)
        async with self._database.read() as session:
            return list(await session.scalars(statement.order_by(CreditEntryRow.id.desc()).limit(limit)))

    async def grant(self, owner: str, amount: int, note: str, made_by: str) -> Balance:
        charges = self.charges
        async with self._database.write() as session:
            await ledger.grant(session, owner, amount, _fresh("grant"), note, made_by)
            return await charges.balance(session, owner)

    async def adjust(self, owner: str, amount: int, note: str, made_by: str) -> Balance:
        """Add `amount`, or take it away where it is negative. Raises NothingToTake."""
        charges = self.charges
        async with self._database.write() as session:
            await ledger.adjust(session, owner, amount, _fresh("adjust"), note, made_by)
            return await charges.balance(session, owner)

    async def refund(self, job_id: str, note: str, made_by: str) -> tuple[str, int]:
        """The owner of the job and the amount. Raises NotRefundable."""
        self.require_on()
        async with self._database.write() as session:
            return await ledger.refund(session, job_id, note, made_by)


def _fresh(kind: str) -> str:
    return f"{kind}:{secrets.token_hex(16)}"
