"""Parts that follow from the settings: limits, prices, moderation. server/container.py connects them to the others."""

import socket

from pipelines.model.info import ModelInfo
from server.billing.charges import Charges
from server.billing.money import micro_usd
from server.billing.prices import Rate
from server.billing.purchases import Pack, Purchases
from server.billing.stripe_gateway import StripeAccount, StripeGateway
from server.config.settings import Settings
from server.db.session import Database
from server.engine.cost_model import CostModel
from server.engine.limits import Limits
from server.engine.scheduler import Scheduler
from server.generation.bounds import RequestBounds
from server.loras.vault import FileStore, HeldLabels, LoraVault
from server.moderation.classifier import load_classifier
from server.moderation.service import Moderation
from server.queue.demand import Target
from server.queue.quotas import Quota, Quotas
from server.storage.store import ImageStore
from server.usage.costs import Prices


class RoleError(Exception):
    """The settings do not fit STUDIO_ROLE."""


def check_role(settings: Settings) -> None:
    """Halves in processes of their own meet in the database and the store, which both must reach. Raises RoleError."""
    if settings.role == "all":
        return
    if not settings.resolved_database_url.startswith("postgresql"):
        raise RoleError(f"STUDIO_ROLE={settings.role} needs PostgreSQL: set STUDIO_DATABASE_URL")
    if settings.storage != "s3":
        raise RoleError(f"STUDIO_ROLE={settings.role} needs a bucket: set STUDIO_STORAGE=s3")


def worker_url(settings: Settings) -> str:
    """Where api processes reach this one."""
    if settings.worker_url is not None:
        return settings.worker_url
    host = socket.gethostname() if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def scheduler(settings: Settings) -> Scheduler:
    limits = Limits(
        max_rows=settings.max_rows,
        exact_rows=settings.exact_rows,
        padded=settings.compile,
        preview_every=settings.preview_every_steps,
        one_lora_set=settings.lora_mode == "merged",
    )
    return Scheduler(CostModel(settings.row_buckets), limits)


def lora_sharing(
    settings: Settings, database: Database, store: ImageStore
) -> tuple[LoraVault | None, HeldLabels | None]:
    """Halves in processes of their own need no common LoRA folder: the bucket has the bytes."""
    if settings.role == "all":
        return None, None
    assert isinstance(store, FileStore)
    return LoraVault(database, store), HeldLabels(settings.data_dir / "lora_labels.json")


def target(settings: Settings) -> Target:
    most = settings.workers_max
    return Target(float(settings.workers_target_s), min(settings.workers_min, most), most)


def moderation(settings: Settings, database: Database) -> Moderation | None:
    """None: it is off."""
    mode, folder = settings.moderation, settings.moderation_model
    if mode == "off":
        return None
    return Moderation(database, mode, settings.moderation_threshold, lambda: load_classifier(folder))


def quotas(settings: Settings) -> Quotas:
    return Quotas(
        anonymous=Quota(per_hour=settings.rate_limit_per_hour),
        users=Quota(settings.user_rate_limit_per_hour, settings.user_daily_pictures, settings.user_daily_gpu_s),
    )


def prices(settings: Settings) -> Prices:
    return Prices(settings.gpu_hourly_usd, settings.storage_usd_gb_month, settings.egress_usd_gb)


def charges(settings: Settings, model: ModelInfo) -> Charges | None:
    """None: nothing is charged."""
    rate = Rate(micro_usd(settings.price_per_generation_usd), model.native_width * model.native_height)
    return Charges(rate, micro_usd(settings.free_usd_per_month)) if settings.billing else None


def purchases(settings: Settings, database: Database) -> Purchases:
    packs = [Pack(micro_usd(price), micro_usd(credit)) for price, credit in settings.credit_packs_usd]
    key, webhook_secret = settings.stripe_key, settings.stripe_webhook_secret
    account = StripeAccount(key, webhook_secret, settings.stripe_url) if key and webhook_secret else None
    return Purchases(database, packs, StripeGateway(account) if account else None)


def bounds(settings: Settings) -> tuple[RequestBounds, RequestBounds]:
    """Of users and of callers without an account."""
    users = RequestBounds(settings.max_images, settings.max_steps, settings.max_pixels)
    anonymous = RequestBounds(
        settings.anonymous_max_images or users.max_images,
        settings.anonymous_max_steps or users.max_steps,
        settings.anonymous_max_pixels,
    )
    return users, users.and_at_most(anonymous)
