import pytest

from server.db.account_models import AccountRow
from server.db.session import Database
from tests.support.databases import database, database_url, postgres_server
from tests.support.s3_server import mortal_s3_server, s3_bucket, s3_server

__all__ = ["database", "database_url", "mortal_s3_server", "postgres_server", "s3_bucket", "s3_server"]

PEOPLE = ("1", "2", "42", "a", "b", "me", "other")


@pytest.fixture
async def people(database: Database) -> None:
    """The accounts behind `user:1` and the like: a job is accepted for an owner that exists only."""
    async with database.write() as session:
        session.add_all(
            AccountRow(id=each, email=f"{each}@example.org", password_hash="", is_operator=False, created_at_s=0.0)
            for each in PEOPLE
        )
