"""The parts of a server: settings → data folder, database, store, LoRAs → engine, jobs."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pipelines.lora.library import LoraLibrary
from server.accounts.keys import ApiKeys
from server.accounts.login_throttle import LoginThrottle
from server.accounts.passwords import Passwords
from server.accounts.service import Accounts
from server.api.gallery.file_routes import PATH as FILES_PATH
from server.api.health.routes import Readiness
from server.base_model import BaseModel
from server.config.settings import Settings
from server.db.session import Database
from server.engine.cost_model import CostModel
from server.engine.engine import Engine
from server.engine.scheduler import Limits, Scheduler
from server.events.hub import EventHub
from server.events.peers import HereEars, PeerBus
from server.events.progress import ProgressTracker
from server.events.reader import JobReader
from server.gallery.contact_sheets import ContactSheets
from server.gallery.engagement import Engagement
from server.gallery.history import History
from server.gallery.retention import Retention
from server.generation import policy
from server.generation.service import JobService
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry, LoraView
from server.observability.metrics import Metrics
from server.queue.deletion import Remover
from server.queue.quotas import DAY_S, Quota, Quotas
from server.storage.data_folder import DataFolder
from server.storage.factory import open_lora_bucket, open_store
from server.storage.health import StoreHealth
from server.usage.service import Usage
from server.version import VERSION
from server.worker.dispatcher import Dispatcher
from server.worker.options import DispatcherOptions
from server.worker.outbox import Outbox

log = logging.getLogger(__name__)


class Parts:
    """All parts of one server, made and handed to each other. None of them runs yet."""

    feed: EventHub
    dispatcher: Dispatcher

    def __init__(self, settings: Settings) -> None:
        """Raises BaseModelError, DataFolderInUse, NetworkFilesystem and StoreError."""
        self.settings = settings
        self.base = BaseModel(settings)
        self.info, self.prompts = self.base.info, self.base.prompts
        users, anonymous = _bounds(settings)
        self.rules = policy.Rules(
            self.info, settings.default_model, self.base.ref, settings.embed_parameters, users, anonymous
        )
        self.folder = DataFolder(settings.data_dir)
        self.torch_thread = ThreadPoolExecutor(1, thread_name_prefix="torch")
        self.database = Database(settings.resolved_database_url)
        self.store = open_store(settings, self.folder.pictures, FILES_PATH)
        self.store_watch = StoreHealth(self.store)
        self.spool = Outbox(self.folder.spool, settings.spool_max_mb * 1_000_000)
        self.registry = LoraRegistry(self.database, self.folder.loras, self.info.lora_base)
        self.library = LoraLibrary(
            settings.lora_dir, self.info.lora_base, settings.max_lora_mb * 1_000_000, self.base.layers()
        )
        self.loras = LoraFolder(
            self.library,
            self.registry,
            self.choose_default_model,
            lambda: self.relay.loras_changed(),
            open_lora_bucket(settings),
        )
        self.readiness = Readiness(self.database.ping, self.store_trouble)
        self.metrics = Metrics(self.info.name, lambda: self.engine.num_pictures)
        self.engine = Engine(
            _scheduler(settings),
            self.torch_thread,
            sink=lambda event: self.dispatcher.on_event(event),
            wants_preview=lambda job_id: self.feed.wants_preview(job_id),
            on_capacity=lambda: self.dispatcher.wake(),
            on_turn=self.metrics.on_turn,
        )
        outlook = ProgressTracker(self.engine)
        reader = JobReader(self.database, self.store, outlook)
        options = DispatcherOptions(
            self.folder.lease_owner,
            self.base.ref,
            f"LoRA Studio {VERSION}",
            max_queue=settings.max_queue,
            stop_timeout_s=settings.stop_timeout_s / 2,
            store_trouble=lambda: self.store_watch.reason,
            on_store_error=self.store_watch.recheck,
            has_lora=self.registry.has,
            fetch_loras=self.loras.changed_elsewhere,
            num_context_tokens=self.base.prompts.num_context_tokens,
        )
        self.relay = PeerBus(self.database, outlook)
        self.feed = EventHub(self.database, reader, self.relay)
        self.dispatcher = Dispatcher(
            self.database,
            self.engine,
            outlook,
            self.store,
            self.spool,
            self.feed,
            self.relay,
            options,
            self.metrics.on_stored,
        )
        self.relay.listen_with(HereEars(self.dispatcher, self.feed, self.loras.changed_elsewhere))
        self.remover = Remover(self.database, self.store, lambda job_id: self.dispatcher.drop(job_id))
        self.retention = Retention(
            self.database, self.remover, settings.retention_days * DAY_S, settings.retention_gb * 1_000_000_000
        )
        self.history = History(self.database, reader)
        self.engagement = Engagement(self.database, self.remover)
        quotas = _quotas(settings)
        self.usage = Usage(self.database, quotas)
        self.jobs = JobService(self.database, reader, self.dispatcher, self.base.ref, settings.max_queue, quotas)
        self.sheets = ContactSheets(self.store)
        self.passwords = Passwords()
        self.accounts = Accounts(self.database, self.passwords, self.remover, settings.registration, settings.anonymous)
        self.keys = ApiKeys(self.database)
        self.throttle = LoginThrottle(self.database)

    def choose_default_model(self, loras: Sequence[LoraView]) -> None:
        """Of requests that name none: what the operator wants, as far as the LoRAs there are allow it."""
        wanted = self.settings.default_model
        self.rules.default_model = policy.default_that_fits(wanted, loras)
        if self.rules.default_model != wanted:
            taken = "none" if self.rules.default_model == policy.NO_LORA else self.rules.default_model
            log.warning("STUDIO_DEFAULT_MODEL: no LoRA %s fits %s; the default is %s", wanted, self.info.name, taken)

    def store_trouble(self) -> str | None:
        """Why no picture can be stored now, and how many wait for it on this disk."""
        reason = self.store_watch.reason or ("the spool is full" if self.spool.full else None)
        return f"{reason}; {len(self.spool)} finished pictures wait in the spool" if reason and self.spool else reason


def _scheduler(settings: Settings) -> Scheduler:
    limits = Limits(
        max_rows=settings.max_rows,
        exact_rows=settings.exact_rows,
        preview_every=settings.preview_every_steps,
        one_lora_set=settings.lora_mode == "merged",
    )
    return Scheduler(CostModel(settings.row_buckets), limits)


def _quotas(settings: Settings) -> Quotas:
    return Quotas(
        anonymous=Quota(per_hour=settings.rate_limit_per_hour),
        users=Quota(settings.user_rate_limit_per_hour, settings.user_daily_pictures, settings.user_daily_gpu_s),
    )


def _bounds(settings: Settings) -> tuple[policy.RequestBounds, policy.RequestBounds]:
    """Of users and of callers without an account."""
    users = policy.RequestBounds(settings.max_images, settings.max_steps, settings.max_pixels)
    anonymous = policy.RequestBounds(
        settings.anonymous_max_images or users.max_images,
        settings.anonymous_max_steps or users.max_steps,
        settings.anonymous_max_pixels,
    )
    return users, users.and_at_most(anonymous)
