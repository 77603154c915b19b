"""Registrations of one address at the same time, and of a clock that ran ahead: exact over all processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from server.accounts.admin_commands import Administration
from server.accounts.errors import RegistrationRefused, TooManyAccounts
from server.accounts.passwords import Passwords
from server.accounts.service import DAY_S, MAX_ACCOUNTS_A_DAY, Accounts, Signup
from server.db.account_models import AccountRow, RegistrationRow
from server.db.session import Database
from server.queue.deletion import Remover
from server.storage.local import LocalStore


class QuickPasswords(Passwords):
    """A real one takes a fifth of a second."""

    async def hash(self, password: str) -> str:
        await asyncio.sleep(0.01)
        return "a hash"


@pytest.fixture
async def processes(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[list[Accounts]]:
    """Two on one database."""
    other, passwords = Database(database_url), QuickPasswords()
    removers = [Remover(each, LocalStore(tmp_path), lambda _: None) for each in (database, other)]
    yield [
        Accounts(each, passwords, remover, "open", anonymous_allowed=True)
        for each, remover in zip((database, other), removers, strict=True)
    ]
    passwords.close()
    await other.close()


async def registered(processes: list[Accounts], signups: list[Signup]) -> int:
    """How many of these, sent at the same time, are not refused."""
    sent = [processes[n % len(processes)].register(signup) for n, signup in enumerate(signups)]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    refusals = [answer for answer in answers if answer is not None]
    assert all(isinstance(each, RegistrationRefused | TooManyAccounts) for each in refusals), refusals
    return len(answers) - len(refusals)


def signups(count: int, invite: str | None = None) -> list[Signup]:
    return [Signup(f"{n}@example.org", "correct horse battery", "ip:192.0.2.7", invite) for n in range(count)]


async def num_rows(database: Database, table: type[AccountRow | RegistrationRow]) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_of_thirty_at_the_same_time_as_many_make_an_account_as_may(processes: list[Accounts], database: Database):
    assert await registered(processes, signups(30)) == MAX_ACCOUNTS_A_DAY
    assert await num_rows(database, AccountRow) == MAX_ACCOUNTS_A_DAY


async def test_of_eight_with_one_invitation_one_makes_an_account(processes: list[Accounts], database: Database):
    for process in processes:
        process.registration = "invite"
    code = await Administration(database).invitation(60.0)
    assert await registered(processes, signups(8, code)) == 1
    assert await num_rows(database, AccountRow) == 1


async def test_registrations_that_are_dated_in_the_future_count_in_no_window(
    processes: list[Accounts], database: Database
):
    """A clock that ran three days ahead and was set right."""
    assert await registered(processes, signups(5)) == 5
    async with database.write() as session:
        await session.execute(update(RegistrationRow).values(created_at_s=RegistrationRow.created_at_s + 3 * DAY_S))
    assert await registered(processes, signups(7)) == MAX_ACCOUNTS_A_DAY
    assert await num_rows(database, RegistrationRow) == MAX_ACCOUNTS_A_DAY
