"""What the facts of jobs and images add to the daily roll-ups. Each function runs in the transaction of the fact."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.spec import LoraRef
from server.db.clock import DAY_S
from server.db.models import ImageRow, JobRow
from server.tallies.days import Measure, add, day_of
from server.tallies.histogram import bucket_of


async def job_accepted(session: AsyncSession, job: JobRow) -> None:
    """And its owner was active today. Under the lock "queue": no other transaction does it now."""
    add(session, Measure.JOBS, job.created_at_s)
    values = {"day": day_of(job.created_at_s), "owner": job.owner, "same": job.owner}
    await session.execute(
        text(
            "INSERT INTO active_day (day, owner, is_first)"
            " SELECT CAST(:day AS INTEGER), CAST(:owner AS VARCHAR(255)),"
            " NOT EXISTS (SELECT 1 FROM active_day WHERE owner = :same) ON CONFLICT (day, owner) DO NOTHING"
        ),
        values,
    )


async def move_active_days(session: AsyncSession, owner: str, new_owner: str) -> None:
    """An owner's work becomes another's."""
    moved = (
        "INSERT INTO active_day (day, owner, is_first)"
        " SELECT day, CAST(:new_owner AS VARCHAR(255)), is_first FROM active_day WHERE owner = :owner"
        " ON CONFLICT (day, owner) DO NOTHING"
    )
    first = (
        "UPDATE active_day SET is_first = (day = (SELECT min(day) FROM active_day WHERE owner = :new_owner))"
        " WHERE owner = :same"
    )
    await session.execute(text(moved), {"owner": owner, "new_owner": new_owner})
    await session.execute(text("DELETE FROM active_day WHERE owner = :owner"), {"owner": owner})
    await session.execute(text(first), {"new_owner": new_owner, "same": new_owner})


def image_stored(session: AsyncSession, image: ImageRow, job: JobRow, now: float) -> None:
    add(session, Measure.IMAGES, now)
    add(session, Measure.GPU_S, now, image.gpu_s)
    wait_s = 0.0 if image.started_at_s is None else image.started_at_s - job.created_at_s
    add(session, Measure.WAIT, now, label=str(bucket_of(wait_s)))
    bytes_changed(session, image.num_bytes or 0, now)
    for label in lora_labels(image):
        add(session, Measure.LORA_IMAGES, now, label=label)


def job_ended(session: AsyncSession, job: JobRow, num_unmade: int) -> None:
    """With so many images that are not made any more."""
    at_s = job.finished_at_s or 0.0
    if job.status == "failed":
        add(session, Measure.JOBS_FAILED, at_s, label=job.error_code or "")
        add(session, Measure.FAILED, at_s, num_unmade, job.error_code or "")
    elif job.status == "cancelled":
        job_cancelled(session, num_unmade, at_s)


def job_cancelled(session: AsyncSession, num_unmade: int, now: float) -> None:
    """Or deleted before its end."""
    add(session, Measure.JOBS_CANCELLED, now)
    add(session, Measure.CANCELLED, now, num_unmade)


def bytes_changed(session: AsyncSession, num_bytes: int, now: float) -> None:
    """So many were stored; a negative number were deleted."""
    add(session, Measure.BYTES, now, num_bytes)
    add(session, Measure.BYTE_S, now, num_bytes * (DAY_S - now % DAY_S))


def favored(session: AsyncSession, image: ImageRow, is_favorite: bool) -> None:
    change = 1 if is_favorite else -1
    stored_at_s = image.finished_at_s or 0.0
    add(session, Measure.FAVORITES, stored_at_s, change)
    for label in lora_labels(image):
        add(session, Measure.LORA_FAVORITES, stored_at_s, change, label)


def downloaded(session: AsyncSession, image: ImageRow, now: float) -> None:
    """Once more; the row counts this download."""
    add(session, Measure.DOWNLOADS, now)
    add(session, Measure.EGRESS_BYTES, now, image.num_bytes or 0)
    if image.downloads == 1:
        add(session, Measure.DOWNLOADED, image.finished_at_s or 0.0)


def charged(session: AsyncSession, amount: int, now: float, *, is_free: bool) -> None:
    """Micro-dollars that a stored image takes; a negative amount is refunded. `is_free`: of a month's allowance."""
    if is_free:
        add(session, Measure.FREE, now, amount)
    elif amount < 0:
        add(session, Measure.REFUNDED, now, -amount)
    else:
        add(session, Measure.CHARGED, now, amount)


def lora_labels(image: ImageRow) -> set[str]:
    return {label_of(lora) for lora in image.spec.loras}


def label_of(lora: LoraRef) -> str:
    """`jade/1`, `jade/` where it has no version; no name has a slash."""
    return f"{lora.name}/{lora.version or ''}"
