"""The operator's overview: figures of days and of a whole period, from the daily roll-ups. It costs the same however
many images there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import DAY_S, now_s
from server.db.session import Database
from server.db.usage_models import ActiveDayRow, TallyRow
from server.tallies.days import Measure, day_of
from server.tallies.histogram import percentile
from server.usage.costs import Costs, Prices, Spent, costs

Sums = Mapping[tuple[str, str], float]
"""By measure and label."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a day, or of several. `wait_s`: from acceptance to the first step. `gpu_s` is of the stored images, `up_s` and
    `busy_s` are a worker's; all amounts of money but `costs` are micro-dollars. Images in `downloaded`, `favorites`,
    `remade` and `varied` are some of `images`."""

    jobs: int
    images: int
    failed: int
    blocked: int
    cancelled: int
    users: int
    returning_users: int
    wait_p50_s: float | None
    wait_p95_s: float | None
    gpu_s: float
    up_s: float
    busy_s: float
    downloaded: int
    favorites: int
    remade: int
    varied: int
    num_downloads: int
    costs: Costs
    charged: int
    free: int
    refunded: int
    sold: int

    @property
    def revenue(self) -> int:
        """What images took of credit that was not free, minus refunds."""
        return self.charged - self.refunded


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    jobs: int
    images: int


@dataclass(frozen=True, slots=True)
class LoraFigures:
    """`version` None: the file has none, or all versions are meant."""

    name: str
    version: str | None
    images: int
    favorites: int


@dataclass(frozen=True, slots=True)
class Report:
    """Days count from 1970, in UTC. `loras` and their `versions`: most favorites an image first."""

    first_day: int
    last_day: int
    total: Figures
    days: Sequence[tuple[int, Figures]]
    failures: Sequence[Failure]
    loras: Sequence[LoraFigures]
    versions: Sequence[LoraFigures]


class Overview:
    """Runs on the event loop."""

    def __init__(self, database: Database, prices: Prices) -> None:
        self._database = database
        self.prices = prices

    async def today(self) -> int:
        async with self._database.read() as session:
            return day_of(await session.scalar(select(now_s())) or 0.0)

    async def report(self, first_day: int, last_day: int) -> Report:
        """Of these days, both included."""
        async with self._database.read() as session:
            now = await session.scalar(select(now_s())) or 0.0
            by_day = await _sums(session, first_day, last_day)
            users = await _users(session, first_day, last_day)
            in_all, returning = await _users_in_all(session, first_day, last_day)
            stored = await _bytes_before(session, first_day)
        byte_s: dict[int, float] = {}
        for day in range(first_day, last_day + 1):
            sums = by_day[day]
            byte_s[day] = _byte_s(sums, stored, day, now)
            stored += sums.get((Measure.BYTES, ""), 0.0)
        total = _added(by_day.values())
        days = [
            (day, self._figures(by_day[day], byte_s[day], *users.get(day, (0, 0))))
            for day in range(first_day, last_day + 1)
        ]
        versions = _loras(total)
        return Report(
            first_day=first_day,
            last_day=last_day,
            total=self._figures(total, sum(byte_s.values()), in_all, returning),
            days=days,
            failures=_failures(total),
            loras=_best(_all_versions(versions)),
            versions=_best(versions),
        )

    def _figures(self, sums: Sums, byte_s: float, users: int, returning: int) -> Figures:
        def of(measure: Measure) -> float:
            return sums.get((measure, ""), 0.0)

        waits = {int(label): count for label, count in _labeled(sums, Measure.WAIT).items()}
        spent = Spent(of(Measure.UP_S), of(Measure.BUSY_S), of(Measure.GPU_S), byte_s, of(Measure.EGRESS_BYTES))
        return Figures(
            jobs=int(of(Measure.JOBS)),
            images=int(of(Measure.IMAGES)),
            failed=int(sum(_labeled(sums, Measure.FAILED).values())),
            blocked=int(of(Measure.BLOCKED)),
            cancelled=int(of(Measure.CANCELLED)),
            users=users,
            returning_users=returning,
            wait_p50_s=percentile(waits, 0.5),
            wait_p95_s=percentile(waits, 0.95),
            gpu_s=spent.image_s,
            up_s=spent.up_s,
            busy_s=spent.busy_s,
            downloaded=int(of(Measure.DOWNLOADED)),
            favorites=int(of(Measure.FAVORITES)),
            remade=int(of(Measure.REMADE)),
            varied=int(of(Measure.VARIED)),
            num_downloads=int(of(Measure.DOWNLOADS)),
            costs=costs(spent, self.prices),
            charged=int(of(Measure.CHARGED)),
            free=int(of(Measure.FREE)),
            refunded=int(of(Measure.REFUNDED)),
            sold=int(of(Measure.SOLD)),
        )


async def _sums(session: AsyncSession, first_day: int, last_day: int) -> Mapping[int, Sums]:
    rows = select(TallyRow.day, TallyRow.measure, TallyRow.label, TallyRow.value)
    by_day: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    for day, measure, label, value in await session.execute(rows.where(TallyRow.day.between(first_day, last_day))):
        by_day[day][measure, label] = value
    return by_day


async def _users(session: AsyncSession, first_day: int, last_day: int) -> dict[int, tuple[int, int]]:
    """By day: the owners of accepted jobs, and the ones among them that had come on an earlier day."""
    came_back = func.sum(case((ActiveDayRow.is_first, 0), else_=1))
    counts = select(ActiveDayRow.day, func.count(), came_back).where(ActiveDayRow.day.between(first_day, last_day))
    rows = await session.execute(counts.group_by(ActiveDayRow.day))
    return {day: (users, int(returning or 0)) for day, users, returning in rows}


async def _users_in_all(session: AsyncSession, first_day: int, last_day: int) -> tuple[int, int]:
    """Distinct owners of the period; one that had come on an earlier day, of the period or before, returns."""
    came_back = func.max(case((ActiveDayRow.is_first, 0), else_=1)).label("came_back")
    owners = select(came_back).where(ActiveDayRow.day.between(first_day, last_day)).group_by(ActiveDayRow.owner)
    counts = select(func.count(), func.sum(owners.subquery().c.came_back))
    users, returning = (await session.execute(counts)).one()
    return users, int(returning or 0)


async def _bytes_before(session: AsyncSession, day: int) -> float:
    """Stored when the day began."""
    sums = select(func.sum(TallyRow.value)).where(TallyRow.measure == Measure.BYTES, TallyRow.day < day)
    return await session.scalar(sums) or 0.0


def _byte_s(sums: Sums, stored: float, day: int, now: float) -> float:
    """Bytes times the seconds that they were stored on a day, so far. `stored`: bytes when it began."""
    left_s = min(max(0.0, (day + 1) * DAY_S - now), float(DAY_S))
    at_end = stored + sums.get((Measure.BYTES, ""), 0.0)
    return max(0.0, stored * DAY_S + sums.get((Measure.BYTE_S, ""), 0.0) - at_end * left_s)


def _added(all_sums: Iterable[Sums]) -> Sums:
    total: dict[tuple[str, str], float] = defaultdict(float)
    for sums in all_sums:
        for key, value in sums.items():
            total[key] += value
    return total


def _labeled(sums: Sums, measure: Measure) -> dict[str, float]:
    return {label: value for (name, label), value in sums.items() if name == measure}


def _failures(total: Sums) -> list[Failure]:
    """Most jobs first. A job that goes on after a failed image fails at its end."""
    jobs, images = _labeled(total, Measure.JOBS_FAILED), _labeled(total, Measure.FAILED)
    found = [Failure(code, int(jobs.get(code, 0)), int(images.get(code, 0))) for code in jobs.keys() | images.keys()]
    return sorted(found, key=lambda failure: (-failure.jobs, -failure.images, failure.code))


def _loras(total: Sums) -> list[LoraFigures]:
    favorites = _labeled(total, Measure.LORA_FAVORITES)
    found: list[LoraFigures] = []
    for label, images in _labeled(total, Measure.LORA_IMAGES).items():
        name, _, version = label.partition("/")
        found.append(LoraFigures(name, version or None, int(images), int(favorites.get(label, 0))))
    return found


def _all_versions(versions: Iterable[LoraFigures]) -> list[LoraFigures]:
    by_name: dict[str, list[LoraFigures]] = defaultdict(list)
    for each in versions:
        by_name[each.name].append(each)
    return [
        LoraFigures(name, None, sum(each.images for each in found), sum(each.favorites for each in found))
        for name, found in by_name.items()
    ]


def _best(loras: Iterable[LoraFigures]) -> list[LoraFigures]:
    made = (lora for lora in loras if lora.images > 0)
    return sorted(made, key=lambda lora: (-lora.favorites / lora.images, -lora.images, lora.name, lora.version or ""))
