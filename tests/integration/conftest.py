import pytest

from server.db.account_models import AccountRow
from server.db.session import Database

PEOPLE = ("1", "2", "42", "a", "b", "me", "other")


@pytest.fixture
async def people(database: Database) -> None:
    """The accounts behind `user:1` and the like: a job is accepted for an owner that exists only."""
    async with database.write() as session:
        session.add_all(
            AccountRow(id=each, email=f"{each}@example.org", password_hash="", is_operator=False, created_at_s=0.0)
            for each in PEOPLE
        )
