"""Usage and daily roll-ups. Nothing here refers to a job's row: usage is kept when the job is deleted."""

from sqlalchemy import Double, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class GenerationRow(Row):
    """The usage of one accepted job. `counted_by` is the identity that quotas count: an address, a user, a key's end
    user. `reserved_gpu_s` is what its unfinished images are expected to take, 0 once it has ended; `gpu_s` is what the
    finished ones took."""

    __tablename__ = "generation"
    __table_args__ = (
        Index("ix_generation_counted_created", "counted_by", "created_at_s"),
        Index("ix_generation_owner_day", "owner", "day"),
    )

    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    counted_by: Mapped[str] = mapped_column(String(255))
    created_at_s: Mapped[float] = mapped_column(Double)
    day: Mapped[int]  # since 1970, UTC
    num_images: Mapped[int]  # asked for
    num_finished: Mapped[int] = mapped_column(default=0)
    gpu_s: Mapped[float] = mapped_column(Double, default=0.0)
    reserved_gpu_s: Mapped[float] = mapped_column(Double)


class TallyRow(Row):
    """A sum over one day. server/tallies/days.py lists the measures and their labels."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_measure", "measure", "day"),)

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # since 1970, UTC
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    label: Mapped[str] = mapped_column(String(136), primary_key=True)
    value: Mapped[float] = mapped_column(Double)  # counts are exact up to 2^53


class ActiveDayRow(Row):
    """A day on which an owner had a job accepted. `is_first`: the owner's first one."""

    __tablename__ = "active_day"
    __table_args__ = (Index("ix_active_day_owner", "owner"),)

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(String(255), primary_key=True)
    is_first: Mapped[bool]
