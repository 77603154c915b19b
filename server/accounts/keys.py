"""API keys and stream tokens. Each method is one unit of work and commits it."""

import logging
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import delete, func, or_, select, update

from server.accounts.errors import AccountGone, TooManyKeys
from server.accounts.tokens import KEY_PREFIX, digest, new_secret
from server.db.account_models import AccountRow, ApiKeyRow, StreamTokenRow
from server.db.clock import now_s
from server.db.session import DATABASE_ERRORS, Database

log = logging.getLogger(__name__)

MAX_KEYS = 100  # of one account, without revoked ones
LAST_USED_GAP_S = 60.0
STREAM_TOKEN_S = 60.0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`expires_at_s` None: the key does not expire."""

    id: str
    account_id: str
    name: str
    scopes: frozenset[str]
    created_at_s: float
    expires_at_s: float | None
    last_used_at_s: float | None


class ApiKeys:
    """Runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, account_id: str, name: str, scopes: Collection[str], expires_in_s: float | None
    ) -> tuple[ApiKey, str]:
        """Create a key. Returns it with its secret, which is not stored. Raises TooManyKeys and AccountGone."""
        secret = new_secret(KEY_PREFIX)
        async with self._database.write() as session:
            account = select(AccountRow.id).where(AccountRow.id == account_id).with_for_update()
            if await session.scalar(account) is None:
                raise AccountGone
            own_keys = (ApiKeyRow.account_id == account_id) & ApiKeyRow.revoked_at_s.is_(None)
            if (await session.scalar(select(func.count()).select_from(ApiKeyRow).where(own_keys)) or 0) >= MAX_KEYS:
                raise TooManyKeys(MAX_KEYS)
            current_s = await session.scalar(select(now_s())) or 0.0
            row = ApiKeyRow(
                id=secrets.token_hex(16),
                account_id=account_id,
                name=name,
                key_sha256=digest(secret),
                scopes=sorted(scopes),
                created_at_s=current_s,
                expires_at_s=None if expires_in_s is None else current_s + expires_in_s,
            )
            session.add(row)
            await session.flush()
        return _key(row), secret

    async def list(self, account_id: str) -> Sequence[ApiKey]:
        """The account's keys that are not revoked, oldest first."""
        own_keys = (ApiKeyRow.account_id == account_id) & ApiKeyRow.revoked_at_s.is_(None)
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ApiKeyRow).where(own_keys).order_by(ApiKeyRow.created_at_s, ApiKeyRow.id)
            )
        return [_key(row) for row in rows]

    async def revoke(self, account_id: str, key_id: str) -> bool:
        """True if the account had this key."""
        own_key = (ApiKeyRow.id == key_id) & (ApiKeyRow.account_id == account_id) & ApiKeyRow.revoked_at_s.is_(None)
        revoked = update(ApiKeyRow).where(own_key).values(revoked_at_s=now_s()).returning(ApiKeyRow.id)
        async with self._database.write() as session:
            return await session.scalar(revoked.execution_options(synchronize_session=False)) is not None

    async def find(self, secret: str) -> tuple[ApiKey, bool] | None:
        """The valid key with this secret; True if its account is an operator's. None: revoked, expired or unknown."""
        sha256 = digest(secret)
        usable = (ApiKeyRow.key_sha256 == sha256) & ApiKeyRow.revoked_at_s.is_(None)
        usable &= AccountRow.disabled_at_s.is_(None)
        usable &= or_(ApiKeyRow.expires_at_s.is_(None), ApiKeyRow.expires_at_s > now_s())
        query = select(ApiKeyRow, AccountRow.is_operator, now_s()).join(AccountRow).where(usable)
        async with self._database.read() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None or not compare_digest(row[0].key_sha256, sha256):
            return None
        key, is_operator, current_s = row
        if key.last_used_at_s is None or current_s - key.last_used_at_s > LAST_USED_GAP_S:
            await self._touch(key.id)
        return _key(key), is_operator

    async def open_stream(self, job_id: str) -> str:
        """Create a token that reads the events of this job for STREAM_TOKEN_S."""
        secret = new_secret()
        async with self._database.write() as session:
            current_s = await session.scalar(select(now_s())) or 0.0
            await session.execute(delete(StreamTokenRow).where(StreamTokenRow.expires_at_s < current_s))
            session.add(
                StreamTokenRow(token_sha256=digest(secret), job_id=job_id, expires_at_s=current_s + STREAM_TOKEN_S)
            )
        return secret

    async def opens_stream(self, secret: str, job_id: str) -> bool:
        """True if this is a valid token for the job."""
        fits = (StreamTokenRow.token_sha256 == digest(secret)) & (StreamTokenRow.job_id == job_id)
        async with self._database.read() as session:
            token = select(StreamTokenRow.job_id).where(fits, StreamTokenRow.expires_at_s > now_s())
            return await session.scalar(token) is not None

    async def _touch(self, key_id: str) -> None:
        """Record the use of a key. A database error is only logged: the call itself can go on."""
        stale = or_(ApiKeyRow.last_used_at_s.is_(None), ApiKeyRow.last_used_at_s < now_s() - LAST_USED_GAP_S)
        try:
            async with self._database.write() as session:
                used = update(ApiKeyRow).where(ApiKeyRow.id == key_id, stale).values(last_used_at_s=now_s())
                await session.execute(used.execution_options(synchronize_session=False))
        except DATABASE_ERRORS as error:
            log.warning("cannot record the use of the key %s: %s", key_id, error)


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        row.id,
        row.account_id,
        row.name,
        frozenset(row.scopes),
        row.created_at_s,
        row.expires_at_s,
        row.last_used_at_s,
    )
