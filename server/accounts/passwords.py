"""Password hashing by argon2id, on its own threads, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts.errors import TooManyPasswords

T = TypeVar("T")

MAX_PARALLEL = 2  # each takes 64 MiB and a fifth of a second of a core
MAX_WAITING = 64
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$4ft4x+pxzQ+rQBNpfxI1TA$T4MSfN3S3FLJt3otQ5NbIb6fzx6+1tSLLnX3VpiZAB4"
"""Hash of an unknown random password. It is verified if an e-mail has no account, so that the answer takes as long."""


class Passwords:
    """Runs on the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._threads = ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="argon2")
        self._num_waiting = 0

    async def hash(self, password: str) -> str:
        """Raises TooManyPasswords."""
        return await self._on_thread(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """True if the password has this hash. None: there is no account; takes as long. Raises TooManyPasswords."""
        fits = await self._on_thread(lambda: self._verify(password, password_hash or DUMMY_HASH))
        return fits and password_hash is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password, password_hash)
        except UnknownHashError:
            return False

    async def _on_thread(self, work: Callable[[], T]) -> T:
        if self._num_waiting >= MAX_WAITING:
            raise TooManyPasswords
        self._num_waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._num_waiting -= 1
