"""Readiness: why the server cannot do its work now."""

from collections.abc import Awaitable, Callable
from typing import Any

from server.db.session import DatabaseAway, DatabaseFull


class Readiness:
    """Runs on the event loop. `probe` raises if the database cannot be reached; `store_trouble` returns why no image
    can be stored; `waits_for` is the reason until `ready` is called."""

    def __init__(
        self, probe: Callable[[], Awaitable[Any]], store_trouble: Callable[[], str | None], waits_for: str | None
    ) -> None:
        self._probe = probe
        self._store_trouble = store_trouble
        self._reason = waits_for

    def ready(self) -> None:
        self._reason = None

    def not_ready(self, reason: str) -> None:
        self._reason = reason

    async def reason(self) -> str | None:
        """All reasons joined: a wrong bucket is reported while the model is still loading. None: ready."""
        return "; ".join(filter(None, (self._reason, self._store_trouble(), await self._database_trouble()))) or None

    async def _database_trouble(self) -> str | None:
        try:
            await self._probe()
        except DatabaseFull as error:
            return f"nothing can be written: {error}"
        except DatabaseAway as error:
            return f"the database cannot be reached: {error}"
        except Exception as error:  # every error of the driver means: not ready
            return f"the database cannot be reached: {type(error).__name__}"
        return None
