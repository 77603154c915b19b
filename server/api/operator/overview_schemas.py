"""What the operator's overview gives."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from server.api.usage.schemas import date_of
from server.observability.gpu_metrics import Gpu
from server.usage.costs import Costs, Prices
from server.usage.overview import Failure, Figures, LoraFigures, Report

Day = Annotated[str, Meta(description="In UTC.", examples=["2026-11-22"])]
Share = Annotated[float | None, Meta(description="0 to 1; null: of nothing.")]
MicroUsd = Annotated[int | None, Meta(description="Millionths of a dollar; null: not known.")]


class OverviewCosts(Struct, frozen=True, kw_only=True):
    """What pictures cost the operator, by the prices of the settings; null: there is no price. `work`: the model's time
    for the stored pictures; `lost`: for pictures that were not stored; `idle`: the rest of the workers' time. `total`
    is the sum of what is known; `per_picture` and `per_generation` divide it by the stored pictures and by the accepted
    generations."""

    work_micro_usd: MicroUsd
    lost_micro_usd: MicroUsd
    idle_micro_usd: MicroUsd
    storage_micro_usd: MicroUsd
    egress_micro_usd: MicroUsd
    total_micro_usd: MicroUsd
    per_picture_micro_usd: MicroUsd
    idle_per_picture_micro_usd: MicroUsd
    per_generation_micro_usd: MicroUsd


class OverviewFigures(Struct, frozen=True, kw_only=True):
    """`pictures` were stored, `generations` accepted, in these days. `users`: distinct owners of the generations;
    `returning_users` of them had come on an earlier day. `wait_p50_s`, `wait_p95_s`: from acceptance to the first step,
    a quarter off at most. `gpu_busy_share`: of the workers' time. The shares of pictures are of the ones that were
    stored in these days, whenever it was done; `varied`: another picture was made from it. `revenue`: credit that
    pictures took, without free allowances, minus refunds; `sold`: payments for packs, minus refunds and disputes."""

    generations: int
    pictures: int
    pictures_failed: int
    pictures_blocked: int
    pictures_cancelled: int
    users: int
    returning_users: int
    wait_p50_s: float | None
    wait_p95_s: float | None
    gpu_s: float
    gpu_s_per_picture: float | None
    worker_s: float
    gpu_busy_share: Share
    downloads: int
    downloaded_share: Share
    favorite_share: Share
    made_again_share: Share
    varied_share: Share
    costs: OverviewCosts
    revenue_micro_usd: int
    free_micro_usd: int
    sold_micro_usd: int


class OverviewDay(OverviewFigures, frozen=True, kw_only=True):
    date: Day


class OverviewFailure(Struct, frozen=True, kw_only=True):
    """`code` as in the error of a job."""

    code: str
    generations: int
    pictures: int


class OverviewLora(Struct, frozen=True, kw_only=True):
    """`version` null: the file has none; in `loras`: all versions."""

    name: str
    version: str | None
    pictures: int
    favorites: int
    favorites_per_picture: float


class OverviewGpu(Struct, frozen=True, kw_only=True):
    """An NVIDIA GPU of the answering process's machine now, by its driver."""

    index: int
    memory_used_bytes: int
    memory_total_bytes: int
    use: float


class OverviewPrices(Struct, frozen=True, kw_only=True):
    """The operator's settings; null: not set."""

    gpu_hourly_usd: float | None
    storage_usd_gb_month: float | None
    egress_usd_gb: float | None


class OverviewReport(Struct, frozen=True, kw_only=True):
    """`days` are all days of the period, the oldest first. `failures`: most generations first. `loras`, `versions`:
    most favorites a picture first, at most 100. `gpus` empty: there is none, or nvidia-ml-py is not installed."""

    first_day: Day
    last_day: Day
    billing: Annotated[bool, Meta(description="True: pictures cost credit.")]
    prices: OverviewPrices
    total: OverviewFigures
    days: list[OverviewDay]
    failures: list[OverviewFailure]
    loras: list[OverviewLora]
    versions: list[OverviewLora]
    gpus: list[OverviewGpu]


MAX_LORAS = 100
MICRO_PER_USD = 1_000_000


def report_of(report: Report, prices: Prices, gpus: list[Gpu], *, is_billing_on: bool) -> OverviewReport:
    return OverviewReport(
        first_day=date_of(report.first_day),
        last_day=date_of(report.last_day),
        billing=is_billing_on,
        prices=OverviewPrices(
            gpu_hourly_usd=prices.gpu_hour,
            storage_usd_gb_month=prices.storage_gb_month,
            egress_usd_gb=prices.egress_gb,
        ),
        total=OverviewFigures(**_figures(report.total)),
        days=days_of(report),
        failures=[_failure(failure) for failure in report.failures],
        loras=[_lora(lora) for lora in report.loras[:MAX_LORAS]],
        versions=[_lora(lora) for lora in report.versions[:MAX_LORAS]],
        gpus=[
            OverviewGpu(
                index=gpu.index,
                memory_used_bytes=gpu.memory_used_bytes,
                memory_total_bytes=gpu.memory_total_bytes,
                use=gpu.use,
            )
            for gpu in gpus
        ],
    )


def days_of(report: Report) -> list[OverviewDay]:
    return [OverviewDay(date=date_of(day), **_figures(figures)) for day, figures in report.days]


def _figures(figures: Figures) -> dict[str, Any]:
    images = figures.images
    return {
        "generations": figures.jobs,
        "pictures": images,
        "pictures_failed": figures.failed,
        "pictures_blocked": figures.blocked,
        "pictures_cancelled": figures.cancelled,
        "users": figures.users,
        "returning_users": figures.returning_users,
        "wait_p50_s": _rounded(figures.wait_p50_s),
        "wait_p95_s": _rounded(figures.wait_p95_s),
        "gpu_s": round(figures.gpu_s, 3),
        "gpu_s_per_picture": _rounded(_share(figures.gpu_s, images)),
        "worker_s": round(figures.up_s, 3),
        "gpu_busy_share": _share(figures.busy_s, figures.up_s),
        "downloads": figures.num_downloads,
        "downloaded_share": _share(figures.downloaded, images),
        "favorite_share": _share(figures.favorites, images),
        "made_again_share": _share(figures.remade, images),
        "varied_share": _share(figures.varied, images),
        "costs": _costs(figures.costs, images, figures.jobs),
        "revenue_micro_usd": figures.revenue,
        "free_micro_usd": figures.free,
        "sold_micro_usd": figures.sold,
    }


def _costs(costs: Costs, images: int, jobs: int) -> OverviewCosts:
    return OverviewCosts(
        work_micro_usd=_micro(costs.work),
        lost_micro_usd=_micro(costs.lost),
        idle_micro_usd=_micro(costs.idle),
        storage_micro_usd=_micro(costs.storage),
        egress_micro_usd=_micro(costs.egress),
        total_micro_usd=_micro(costs.total),
        per_picture_micro_usd=_micro(costs.total, images),
        idle_per_picture_micro_usd=_micro(costs.idle, images),
        per_generation_micro_usd=_micro(costs.total, jobs),
    )


def _micro(usd: float | None, among: int = 1) -> int | None:
    return None if usd is None or not among else round(usd * MICRO_PER_USD / among)


def _share(part: float, of: float) -> float | None:
    return part / of if of > 0 else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _failure(failure: Failure) -> OverviewFailure:
    return OverviewFailure(code=failure.code, generations=failure.jobs, pictures=failure.images)


def _lora(lora: LoraFigures) -> OverviewLora:
    return OverviewLora(
        name=lora.name,
        version=lora.version,
        pictures=lora.images,
        favorites=lora.favorites,
        favorites_per_picture=round(lora.favorites / lora.images, 6),
    )
