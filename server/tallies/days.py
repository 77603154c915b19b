"""Daily roll-ups: sums by day (UTC) in the table `tally`, changed in the transactions of the facts that they count.

`add` collects in memory; the last statements before the commit add all of it to the table, in order of the keys. So a
row of today, which all processes change, is locked for the length of a commit only, and no two transactions wait for
each other in a circle. A transaction that rolls back adds nothing.
"""

from collections import Counter
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import DAY_S
from server.db.session import BEFORE_COMMIT

PENDING = "tallies"
MAX_ROWS = 100  # of one INSERT


class Measure(StrEnum):
    """What is summed. Images count on the day on which they end, jobs on the day of their acceptance or end, and what
    people do with an image on the day on which it was stored."""

    JOBS = "jobs"  # accepted
    JOBS_FAILED = "jobs_failed"  # label: error code
    JOBS_CANCELLED = "jobs_cancelled"
    IMAGES = "images"  # stored
    FAILED = "failed"  # images; label: error code
    BLOCKED = "blocked"  # images
    CANCELLED = "cancelled"  # images that were not made before their job was cancelled or deleted
    GPU_S = "gpu_s"  # of the stored images
    WAIT = "wait"  # images by seconds from acceptance to the first step; label: bucket (histogram.py)
    BYTES = "bytes"  # stored minus deleted
    BYTE_S = "byte_s"  # the same, times the seconds that are left of the day
    DOWNLOADS = "downloads"
    EGRESS_BYTES = "egress_bytes"  # of the downloads
    DOWNLOADED = "downloaded"  # images, at their first download
    FAVORITES = "favorites"  # images; minus the ones that are no favorites any more
    REMADE = "remade"  # images whose job was made again
    VARIED = "varied"  # images that another image was made from
    LORA_IMAGES = "lora_images"  # label: name/version
    LORA_FAVORITES = "lora_favorites"
    CHARGED = "charged"  # micro-dollars of credit that images took, but for free allowances
    FREE = "free"  # the same of free allowances, minus what was refunded
    REFUNDED = "refunded"
    SOLD = "sold"  # micro-dollars paid for packs, minus what was refunded or disputed
    UP_S = "up_s"  # seconds that workers ran
    BUSY_S = "busy_s"  # seconds of them that the model worked
    START_S = "start_s"  # seconds from wake calls to the first heartbeats of their workers


Key = tuple[int, str, str]


def day_of(at_s: float) -> int:
    """Days since 1970, UTC."""
    return int(at_s // DAY_S)


def add(session: AsyncSession, measure: Measure, at_s: float, amount: float = 1, label: str = "") -> None:
    """Once the transaction commits: add `amount` to the day of `at_s`, by the database's clock."""
    pending: Counter[Key] = session.info.setdefault(PENDING, Counter[Key]())
    pending[day_of(at_s), measure.value, label] += amount  # pyright: ignore[reportArgumentType]  # a float, too
    session.info[BEFORE_COMMIT] = _write


async def _write(session: AsyncSession) -> None:
    pending: Counter[Key] = session.info.pop(PENDING, Counter[Key]())
    changed = sorted((key, float(amount)) for key, amount in pending.items() if amount)
    for start in range(0, len(changed), MAX_ROWS):
        chunk = changed[start : start + MAX_ROWS]
        rows = ", ".join(f"(:d{n}, :m{n}, :l{n}, :v{n})" for n in range(len(chunk)))
        values: dict[str, int | str | float] = {}
        for n, ((day, measure, label), amount) in enumerate(chunk):
            values |= {f"d{n}": day, f"m{n}": measure, f"l{n}": label, f"v{n}": amount}
        await session.execute(
            text(
                f"INSERT INTO tally (day, measure, label, value) VALUES {rows}"
                " ON CONFLICT (day, measure, label) DO UPDATE SET value = tally.value + excluded.value"
            ),
            values,
        )
