"""Charges of the tests, and what they look at: the ledger of an owner."""

from dataclasses import dataclass, field

from sqlalchemy import select

from server.billing.charges import Charges
from server.billing.prices import Rate
from server.db.account_models import AccountRow
from server.db.billing_models import CreditEntryRow, CreditRow
from server.db.session import Database

PRICE = 500_000
RATE = Rate(PRICE, 16 * 16)
CHARGES = Charges(RATE, monthly_free=0)


@dataclass
class Books:
    """The ledger of one owner, with its balances."""

    entries: list[CreditEntryRow] = field(default_factory=list)
    pockets: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return sum(available for available, _ in self.pockets.values())

    @property
    def held(self) -> int:
        return sum(held for _, held in self.pockets.values())

    def kinds(self, job_id: str | None = None) -> list[str]:
        return [each.kind for each in self.entries if job_id is None or each.job_id == job_id]

    def of_job(self, job_id: str) -> list[CreditEntryRow]:
        return [each for each in self.entries if each.job_id == job_id]

    def check(self) -> None:
        """Each balance is the sum of its rows and not negative, also after each row; no row is there twice."""
        keys = [(each.key, each.pocket) for each in self.entries]
        assert len(keys) == len(set(keys))
        sums: dict[str, tuple[int, int]] = dict.fromkeys(self.pockets, (0, 0))
        for each in self.entries:
            available, held = sums[each.pocket]
            sums[each.pocket] = (available + each.available_change, held + each.held_change)
            assert min(sums[each.pocket]) >= 0
        assert sums == self.pockets


async def books(database: Database, owner: str) -> Books:
    """Checked."""
    async with database.read() as session:
        entries = await session.scalars(
            select(CreditEntryRow).where(CreditEntryRow.owner == owner).order_by(CreditEntryRow.id)
        )
        rows = await session.scalars(select(CreditRow).where(CreditRow.owner == owner))
        read = Books(list(entries), {row.pocket: (row.available_micro_usd, row.held_micro_usd) for row in rows})
    read.check()
    return read


async def add_account(database: Database, name: str) -> str:
    """Its owner."""
    async with database.write() as session:
        session.add(
            AccountRow(id=name, email=f"{name}@example.org", password_hash="", is_operator=False, created_at_s=0.0)
        )
    return f"user:{name}"
