from collections.abc import Iterator
from functools import partial

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts import passwords
from server.db.account_models import AccountRow
from server.db.session import Database

PEOPLE = ("1", "2", "42", "a", "b", "me", "other")


@pytest.fixture(scope="module", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2id with the least memory and time: a hash of the product takes 0.15 s of a core
    (tests/unit/accounts/test_passwords.py and the tests of real servers use it)."""
    quick = partial(Argon2Hasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "Argon2Hasher", quick)
        patch.setattr(passwords, "DUMMY_HASH", quick().hash("a password of nobody"))
        yield


@pytest.fixture
async def people(database: Database) -> None:
    """The accounts behind `user:1` and the like: a job is accepted for an owner that exists only."""
    async with database.write() as session:
        session.add_all(
            AccountRow(id=each, email=f"{each}@example.org", password_hash="", is_operator=False, created_at_s=0.0)
            for each in PEOPLE
        )
