"""`WakeKeeper`: looks whether workers run, keeps what callers see up to date, and makes the wake call where it is
due."""

import asyncio
import logging
from collections.abc import Sequence

from server.db.session import DATABASE_ERRORS, Database
from server.events.progress import NoWorker, ProgressTracker
from server.queue.model import BaseModelRef
from server.wake import rows
from server.wake.calls import WakeCall, WakeError
from server.wake.notice import Notice, Outlook, WakePolicy, notice

log = logging.getLogger(__name__)

POLL_S = 1.0


class WakeKeeper:
    """Of a process that makes no images itself. Runs on the event loop. Where the policy has a hook, all of `calls` are
    made.

    While the hash of the base model is unknown no job is accepted (server/base_model.py); the first worker brings it,
    so it is called without a job."""

    def __init__(
        self,
        database: Database,
        progress: ProgressTracker,
        outlook: Outlook,
        base_model: BaseModelRef,
        policy: WakePolicy,
        calls: Sequence[WakeCall],
        poll_s: float = POLL_S,
    ) -> None:
        self._database = database
        self._progress = progress
        self._base_model = base_model
        self._calls = calls
        self._poll_s = poll_s
        self._outlook = outlook
        self._policy = policy
        self._calling: asyncio.Task[None] | None = None
        self._is_spent = False

    async def run(self) -> None:
        """Until it is cancelled; then a call under way is broken off."""
        try:
            while True:
                try:
                    await self.look()
                except DATABASE_ERRORS as error:
                    log.warning("the workers cannot be read: %s", error)
                await asyncio.sleep(self._poll_s)
        finally:
            if self._calling is not None:
                self._calling.cancel()
                await asyncio.wait([self._calling])

    async def look(self) -> None:
        """Raises DATABASE_ERRORS."""
        async with self._database.read() as session:
            facts = await rows.read(session, is_wanted=self._base_model.sha256 is None)
        self._show(notice(self._policy, facts))
        if facts.num_ready and (facts.num_calls or facts.next_at_s):
            async with self._database.write() as session:
                await rows.worker_came(session)
        elif self._is_free and self._policy.calls_now(facts):
            self._calling = asyncio.create_task(self._wake(facts))
        self._log_spent(facts)

    @property
    def _is_free(self) -> bool:
        return self._calling is None or self._calling.done()

    def _show(self, shown: Notice | None) -> None:
        self._outlook.notice = shown
        self._progress.no_worker = NoWorker(shown.detail, shown.starts_in_s) if shown else None

    async def _wake(self, facts: rows.WakeFacts) -> None:
        """Make the next call, unless another process does."""
        num_calls = facts.num_calls + 1
        pause_s = self._policy.pause_s(num_calls)
        try:
            async with self._database.write() as session:
                if not await rows.claim_call(session, facts, pause_s):
                    return
            log.info("jobs wait and no worker runs: wake call %d; the next in %.0f s if none comes", num_calls, pause_s)
            failures = list(filter(None, [await _failure(call, num_calls) for call in self._calls]))
            for failure in failures:
                log.error("wake call %d failed: %s", num_calls, failure)
            if len(failures) == len(self._calls):
                async with self._database.write() as session:
                    await rows.call_failed(session, num_calls, failures[0])
        except DATABASE_ERRORS as error:
            log.warning("wake call %d cannot be recorded: %s", num_calls, error)

    def _log_spent(self, facts: rows.WakeFacts) -> None:
        is_spent = self._policy.has_hook and self._policy.is_spent(facts)
        if is_spent and not self._is_spent:
            log.warning(
                "workers have run for %.2f h today, and the limit is %.2f h: none is woken before 00:00 UTC",
                facts.used_s / 3600,
                self._policy.max_s_per_day / 3600,
            )
        self._is_spent = is_spent


async def _failure(call: WakeCall, num_calls: int) -> str | None:
    """Make it. None: it did not fail."""
    try:
        await call(num_calls)
    except WakeError as error:
        return str(error)
    return None
