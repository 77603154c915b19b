"""Passwords: argon2id, on threads of its own, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts.errors import TooManyPasswords

T = TypeVar("T")

MAX_AT_ONCE = 2  # each takes 64 MiB and a fifth of a second of a core
MAX_WAITING = 64
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$4ft4x+pxzQ+rQBNpfxI1TA$T4MSfN3S3FLJt3otQ5NbIb6fzx6+1tSLLnX3VpiZAB4"
"""Of a random password that nobody knows: checked where nobody has the e-mail, so that the answer takes as long."""


class Passwords:
    """Called on the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="argon2")
        self._num_waiting = 0

    async def hash(self, password: str) -> str:
        """Raises TooManyPasswords."""
        return await self._on_thread(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """None: nobody's hash, which takes as long and never fits. Raises TooManyPasswords."""
        fits = await self._on_thread(lambda: self._verify(password, password_hash or NOBODYS_HASH))
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
