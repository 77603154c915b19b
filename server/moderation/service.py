"""Moderation: a classifier scores each image between its pixels and the store. It fails closed: what cannot be scored
is not stored, and the server is not ready."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Protocol

from PIL import Image
from sqlalchemy import select

from pipelines.plan import RawImage
from server.db.account_models import AccountRow
from server.db.clock import now_s
from server.db.session import Database
from server.moderation.errors import ClassifierAway, UploadBlocked, blocked_detail
from server.queue import decisions
from server.queue.model import Moderated, Verdict

log = logging.getLogger(__name__)

RETRY_S = 5.0
STALL_S = 30.0
"""A call of the classifier that takes longer makes the server not ready, until it returns."""
PROBE = Image.new("RGB", (64, 64), "gray")
VERDICTS = {"flag": Verdict.FLAGGED, "blur": Verdict.BLURRED, "block": Verdict.BLOCKED}


class Classifier(Protocol):
    def score(self, image: Image.Image) -> float:
        """0 to 1; the higher, the more explicit. `image` is RGB. May raise any error."""
        ...


class Moderation:
    """Runs on the event loop, the classifier on a thread of its own. `mode` is flag, blur or block. `load` makes the
    classifier, on that thread. `trouble` says why nothing can be scored; None: it can."""

    def __init__(self, database: Database, mode: str, threshold: float, load: Callable[[], Classifier]) -> None:
        self._database = database
        self._mode = mode
        self._threshold = threshold
        self.load = load
        self._classifier: Classifier | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moderation")
        self._trouble: str | None = "the image classifier is being loaded"
        self._begun_s: float | None = None  # of the call in progress
        self._may_load = False

    @property
    def trouble(self) -> str | None:
        begun_s = self._begun_s
        if self._trouble is None and begun_s is not None and time.monotonic() - begun_s > STALL_S:
            return f"the image classifier has not answered for {time.monotonic() - begun_s:.0f} s"
        return self._trouble

    @property
    def hides_previews(self) -> bool:
        """True if there are no previews: they would show what is blocked later."""
        return self._mode == "block"

    @property
    def blurs_previews(self) -> bool:
        return self._mode == "blur"

    async def run(self, after: Awaitable[object] | None = None) -> None:
        """Load the classifier once `after` is done, and try again while it cannot be loaded or run; until cancelled."""
        if after is not None:
            await asyncio.wait([asyncio.ensure_future(after)])
        self._may_load = True
        while True:
            if self._trouble is not None:
                try:
                    await self._score(lambda: PROBE)
                except ClassifierAway as error:
                    log.error("moderation: %s; next try in %s s", error, RETRY_S)
            await asyncio.sleep(RETRY_S)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def is_exempt(self, owner: str) -> bool:
        """True if an operator has exempted the account."""
        kind, _, account_id = owner.partition(":")
        if kind != "user":
            return False
        async with self._database.read() as session:
            return await session.scalar(select(AccountRow.is_unmoderated).where(AccountRow.id == account_id)) is True

    async def judge(self, image: RawImage) -> Moderated:
        """Raises ClassifierAway."""
        score = await self._score(lambda: Image.frombytes("RGB", (image.width, image.height), image.rgb))
        return Moderated(VERDICTS[self._mode] if score >= self._threshold else Verdict.PASSED, score)

    def detail(self, score: float) -> str:
        """Why an image is blocked."""
        return blocked_detail(score, self._threshold)

    def accepts(self, verdict: str | None) -> bool:
        """True if an image with this verdict may be stored now; it may be of a process with another mode."""
        return verdict is not None and (self._mode != "block" or not Verdict(verdict).marks)

    async def check_upload(self, owner: str, png: bytes, sha256: str, field: str) -> None:
        """Raises UploadBlocked and ClassifierAway. A marked upload is used; the log names it."""
        if await self.is_exempt(owner):
            return
        score = await self._score(lambda: Image.open(BytesIO(png)))
        if score < self._threshold:
            return
        verdict = VERDICTS[self._mode]
        async with self._database.write() as session:
            now = await session.scalar(select(now_s())) or 0.0
            session.add(decisions.of_upload(sha256, owner, verdict, score, now))
        if verdict is Verdict.BLOCKED:
            raise UploadBlocked(field, score, self._threshold)

    async def _score(self, opened: Callable[[], Image.Image]) -> float:
        """`opened` makes the image, on the classifier's thread. Raises ClassifierAway."""
        if not self._may_load:
            raise ClassifierAway(self._trouble or "")
        try:
            score = await asyncio.get_running_loop().run_in_executor(self._thread, self._score_now, opened)
        except Exception as error:  # a classifier can fail in more ways than there are types
            self._trouble = f"the image classifier cannot be {'run' if self._classifier else 'loaded'}: {_short(error)}"
            raise ClassifierAway(self._trouble) from error
        if self._trouble is not None:
            log.info("the image classifier is ready")
        self._trouble = None
        return score

    def _score_now(self, opened: Callable[[], Image.Image]) -> float:
        self._begun_s = time.monotonic()
        try:
            if self._classifier is None:
                self._classifier = self.load()
            score = self._classifier.score(opened().convert("RGB"))
        finally:
            self._begun_s = None
        if not 0 <= score <= 1:  # not-a-number, too
            raise ValueError(f"its score {score} is not between 0 and 1")
        return score


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
