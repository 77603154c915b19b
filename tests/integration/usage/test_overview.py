"""The operator's overview: what a day cost, and the figures of the API over what was really made."""

import csv
import random
from dataclasses import dataclass, replace

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select

from pipelines.plan import StepPlan, StepResult
from server.app import create_app
from server.config.settings import Settings
from server.db.clock import DAY_S, now_s
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.db.usage_models import ActiveDayRow, TallyRow
from server.engine.requests import Finished
from server.tallies import days, facts
from server.tallies.days import Measure
from server.usage.costs import GB, MONTH_S, Prices
from server.usage.overview import Overview
from server.worker.meter import record
from tests.fixtures.studio_app import BROKEN_SEED, QUICK, client
from tests.support.fake_runner import PaintRunner
from tests.support.simulation import Machine, images

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}
ADMIN = {"Authorization": "Bearer " + "k" * 24}
DAY = 20_000
HOURS = 8
HOURLY_USD = 0.44
PRICES = Prices(gpu_hour=HOURLY_USD, storage_gb_month=0.02, egress_gb=0.09)


@dataclass
class Pod(Machine):
    """Counts the seconds in which it worked."""

    busy_s: float = 0.0

    def _execute(self, plan: StepPlan) -> StepResult:
        result = super()._execute(plan)
        self.busy_s += result.busy_s
        return result


def a_day_s_work(pod: Pod) -> list[Finished]:
    """Jobs of two owners through the day, of all kinds; one in ten is cancelled while it is made, one fails."""
    chance, found = random.Random(11), list[Finished]()
    for n in range(300):
        pod.now_s = max(pod.now_s, HOURS * 3600 * n / 300)
        kinds = ({"hires": True}, {"strength": 0.5, "upscaler": "net"}, {"guidance": 1.0}, {})
        pod.add(images(f"job{n}", f"ip:{n % 2}", chance.randint(1, 4), pod.now_s, steps=8, **chance.choice(kinds)))
        if n == 5:
            pod.fail_next.add("job5-1")
        for turn in range(1000):
            found += [event for event in pod.turn() if isinstance(event, Finished)]
            if n % 10 == 0 and turn == 5:
                pod.abort(f"job{n}")
            if pod.plans[-1].empty:
                break
    return found


async def test_the_parts_of_a_day_s_cost_add_up_to_what_the_pod_cost(database: Database) -> None:
    pod = Pod(fixed_s=0.05, row_s=0.2, decode_s=0.6)
    finished = a_day_s_work(pod)
    begin_s = DAY * DAY_S + 0.0
    async with database.write() as session:
        job = JobRow(created_at_s=begin_s)
        for event in finished:
            times = {"encode_s": event.times.begin_s, "step_share_s": event.times.step_share_s}
            times |= {"decode_s": event.times.decode_s, "prepare_s": event.times.prepare_s}
            facts.image_stored(session, ImageRow(spec=event.spec, num_bytes=1000, **times), job, begin_s)
        days.add(session, Measure.UP_S, begin_s, HOURS * 3600)
        days.add(session, Measure.BUSY_S, begin_s, pod.busy_s)
    report = await Overview(database, PRICES).report(DAY, DAY)
    total, costs = report.total, report.total.costs
    assert costs.work is not None and costs.lost is not None and costs.idle is not None
    assert total.images == len(finished) > 500
    assert costs.work == pytest.approx(HOURLY_USD / 3600 * sum(event.times.gpu_s for event in finished))
    assert min(costs.work, costs.lost, costs.idle) > 0.01
    assert costs.work + costs.lost == pytest.approx(HOURLY_USD / 3600 * pod.busy_s, rel=0.01)
    assert costs.work + costs.lost + costs.idle == pytest.approx(HOURLY_USD * HOURS, rel=0.01)


async def test_storage_costs_for_the_days_of_an_image_and_downloads_for_their_bytes(database: Database) -> None:
    async with database.write() as session:
        facts.bytes_changed(session, 4 * int(GB), (DAY + 0.25) * DAY_S)
        facts.bytes_changed(session, -int(GB), (DAY + 2.5) * DAY_S)
        days.add(session, Measure.EGRESS_BYTES, DAY * DAY_S, 2 * GB)
    overview = Overview(database, PRICES)
    report = await overview.report(DAY, DAY + 3)
    gb_days = [figures.costs.storage for _, figures in report.days]
    assert gb_days == pytest.approx([n * 0.02 * DAY_S / MONTH_S for n in (3.0, 4.0, 3.5, 3.0)])
    assert report.days[0][1].costs.egress == pytest.approx(0.18)
    later = await overview.report(DAY + 3, DAY + 3)
    assert later.total.costs.storage == pytest.approx(gb_days[3])
    assert (await Overview(database, Prices()).report(DAY, DAY)).total.costs.total is None


async def test_today_s_storage_counts_until_now(database: Database) -> None:
    async with database.write() as session:
        now = await session.scalar(select(now_s())) or 0.0
        facts.bytes_changed(session, int(GB), now - 3600)
    today = days.day_of(now)
    report = await Overview(database, PRICES).report(today - 1, today + 1)
    assert report.total.costs.storage == pytest.approx(0.02 * 3600 / MONTH_S, rel=0.01)


async def test_a_worker_s_hours_are_split_at_midnight(database: Database) -> None:
    async with database.write() as session:
        now = await session.scalar(select(now_s())) or 0.0
        await record(session, 2.0 * DAY_S, 1000.0)
    async with database.read() as session:
        rows = list(await session.scalars(select(TallyRow).where(TallyRow.measure == Measure.UP_S)))
        busy = list(await session.scalars(select(TallyRow.value).where(TallyRow.measure == Measure.BUSY_S)))
    up_s = {row.day: row.value for row in rows}
    today = days.day_of(now)
    assert up_s == pytest.approx({today - 2: DAY_S - now % DAY_S, today - 1: DAY_S, today: now % DAY_S}, abs=0.5)
    assert sum(busy) == pytest.approx(1000.0)


async def test_users_that_come_back_are_counted_over_all_days(database: Database) -> None:
    active = {"a": (DAY - 9, DAY), "b": (DAY, DAY + 1), "c": (DAY,)}
    async with database.write() as session:
        for owner, on in active.items():
            session.add_all(ActiveDayRow(day=day, owner=owner, is_first=day == on[0]) for day in on)
    overview = Overview(database, PRICES)
    report = await overview.report(DAY, DAY + 1)
    assert (report.total.users, report.total.returning_users) == (3, 2)
    assert [(day.users, day.returning_users) for _, day in report.days] == [(3, 1), (1, 1)]
    assert (await overview.report(DAY - 8, DAY - 1)).total.users == 0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, admin_key="k" * 24, gpu_hourly_usd=HOURLY_USD, egress_usd_gb=0.09)


def test_the_api_s_figures_are_of_what_was_made(api: Api) -> None:
    for seed, num_images in ((1, 3), (BROKEN_SEED, 1), (4, 1)):
        body = {**QUICK, "num_images": num_images, "seed": seed, "model_name": "jade-v1"}
        made = api.post("/api/generate", json=body, headers=WAIT).json()
    image = made["outputs"][0]["id"]
    assert api.put(f"/api/images/{image}/favorite").status_code == 204
    assert api.get(f"/api/images/{image}/download").status_code == 200
    assert api.post(f"/api/jobs/{made['job_id']}/again", json={}, headers=WAIT).json()["status"] == "completed"
    assert api.post(f"/api/images/{image}/vary", json={"num_images": 1}, headers=WAIT).status_code == 200
    assert api.get("/api/operator/overview").status_code == 401
    assert api.get("/api/operator/overview.csv").status_code == 401

    report = api.get("/api/operator/overview", headers=ADMIN).json()
    assert len(report["days"]) == 30
    total = report["total"]
    counts = ("generations", "pictures", "pictures_failed", "pictures_blocked", "users", "returning_users", "downloads")
    assert [total[name] for name in counts] == [5, 6, 1, 0, 1, 0, 1]
    shares = ("downloaded_share", "favorite_share", "made_again_share", "varied_share")
    assert [total[name] for name in shares] == pytest.approx([1 / 6] * 4)
    assert report["failures"] == [{"code": "nan", "generations": 1, "pictures": 1}]
    jade = {"name": "jade", "pictures": 6, "favorites": 1, "favorites_per_picture": 0.166667}
    assert report["loras"] == [{**jade, "version": None}]
    assert report["versions"] == [{**jade, "version": "1"}]
    assert (report["gpus"], report["billing"]) == ([], False)
    assert total["costs"]["work_micro_usd"] is not None and total["costs"]["storage_micro_usd"] is None
    assert 0 <= total["wait_p50_s"] <= total["wait_p95_s"]
    assert report["days"][-1] == {"date": report["last_day"], **total}

    lines = list(csv.DictReader(api.get("/api/operator/overview.csv", headers=ADMIN).text.splitlines()))
    assert len(lines) == 30
    last = lines[-1]
    assert (last["date"], last["pictures"], last["cost_storage_micro_usd"]) == (report["last_day"], "6", "")
    one = api.get("/api/operator/overview?from=2026-01-31&to=2026-01-31", headers=ADMIN).json()
    assert [day["date"] for day in one["days"]] == ["2026-01-31"]
    assert one["total"]["pictures"] == 0
    for wrong in ("from=2026-02-30", "to=yesterday", "from=2026-02-02&to=2026-02-01", "from=2020-01-01&to=2026-01-01"):
        answer = api.get(f"/api/operator/overview?{wrong}", headers=ADMIN)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "invalid-request"), wrong


def test_the_server_s_hours_are_recorded_when_it_stops(settings: Settings) -> None:
    with client(create_app(settings, make_runner=lambda *_: PaintRunner(step_s=0.01))) as api:
        assert api.post("/api/generate", json=QUICK, headers=WAIT).json()["status"] == "completed"
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        total = api.get("/api/operator/overview", headers=ADMIN).json()["total"]
    assert 0 < total["gpu_busy_share"] < 1
    assert total["costs"]["idle_micro_usd"] > 0
