"""Constructs everything, with the parts of server/from_settings.py. An api half and a worker half meet in the database,
the store and three protocols: queue signals (acceptance → worker), progress (worker → readers) and model facts."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pipelines.lora.files.library import LoraLibrary
from pipelines.model.info import config_folder
from server import from_settings
from server.accounts.admin_commands import Administration
from server.accounts.key_throttle import KeyThrottle
from server.accounts.keys import ApiKeys
from server.accounts.login_throttle import LoginThrottle
from server.accounts.passwords import Passwords
from server.accounts.service import Accounts
from server.api.gallery.file_routes import PATH as FILES_PATH
from server.assets.service import Assets
from server.base_model import BaseModel
from server.batches.feeder import BatchFeeder
from server.batches.reader import BatchReader
from server.batches.service import Batches
from server.billing.service import Billing
from server.config.settings import Settings
from server.db.clock import DAY_S
from server.db.session import Database
from server.embeddings.folder import EmbeddingFolder
from server.engine.backlog import Backlog
from server.engine.engine import Engine, Turn
from server.events.facts import JobFactsCache
from server.events.feed import JobFeed
from server.events.fleet import FleetForecaster, FleetObserver
from server.events.hub import EventHub
from server.events.model_facts import ModelFacts
from server.events.peers import LocalPeer, PeerBus
from server.events.previews import RemotePreviews
from server.events.progress import ProgressTracker
from server.events.reader import JobReader
from server.events.signals import QueueSignals
from server.gallery.collections import Collections
from server.gallery.contact_sheets import ContactSheets
from server.gallery.engagement import Engagement
from server.gallery.history import History
from server.gallery.public_gallery import PublicGallery
from server.gallery.retention import Retention
from server.gallery.shares import Shares
from server.generation.lora_choices import NO_LORA, default_that_fits
from server.generation.policy import RequestPolicy
from server.generation.service import JobService
from server.generation.upscalers import UpscalerFolder
from server.generation.varied.wildcards import WildcardFolder
from server.loras.bucket_sync import open_lora_bucket
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry, LoraView
from server.moderation.banned_words import BannedWords
from server.moderation.reviews import Reviews
from server.observability.gpu_metrics import torch_gpu
from server.observability.metrics import Metrics
from server.observability.readiness import Readiness
from server.queue import demand
from server.queue.counts import QueueCounts
from server.queue.deletion import Remover
from server.queue.view import QueueView
from server.storage.data_folder import DataFolder
from server.storage.factory import open_store
from server.storage.health import StoreHealth
from server.usage.overview import Overview
from server.usage.service import Usage
from server.usage.workers import Workers
from server.version import VERSION
from server.wake.keeper import WakeKeeper
from server.wake.notice import Outlook
from server.worker.dispatcher import Dispatcher
from server.worker.meter import Meter
from server.worker.options import WorkerOptions
from server.worker.outbox import Outbox
from server.worker.registration import Registration

log = logging.getLogger(__name__)


IMAGES_AHEAD = 4
"""Images of a caller's batches in the queue, for each row of a forward: the engine claims those of two forwards."""


class WorkerHalf:
    """Claims jobs and makes their images."""

    def __init__(self, shared: "Shared", engine: Engine, hub: EventHub, peers: PeerBus) -> None:
        settings = shared.settings
        self.engine = engine
        self.outbox = Outbox(
            shared.folder.spool, settings.spool_max_mb * 1_000_000, durable=settings.storage != "local"
        )
        options = WorkerOptions(
            shared.folder.lease_owner,
            shared.base.ref,
            f"LoRA Studio {VERSION}",
            stop_timeout_s=settings.stop_timeout_s / 2,
            store_trouble=lambda: shared.folder.lost or shared.store_health.reason,
            on_store_error=shared.store_health.recheck,
            on_stored=shared.metrics.on_stored,
            on_failed=shared.metrics.on_failed,
            on_blocked=shared.metrics.on_blocked,
            has_lora=shared.registry.has,
            fetch_loras=shared.loras.fetch,
            on_lora_failed=shared.loras.withdrawn,
            num_context_tokens=shared.base.prompts.num_context_tokens,
            moderation=shared.moderation,
        )
        self.dispatcher = Dispatcher(
            shared.database, engine, shared.progress, shared.queue, shared.store, self.outbox, hub, peers, options
        )
        self.registration = Registration(
            shared.database,
            engine,
            shared.base.ref,
            shared.folder.lease_owner,
            from_settings.worker_url(settings),
            VERSION,
            torch_gpu,
            shared.metrics.recent_step,
            self.dispatcher.on_order,
        )
        self.meter = Meter(shared.database)
        self.listener = _EngineListener(self.dispatcher, shared.metrics, self.meter, self.registration)

    def store_trouble(self, reason: str | None) -> str | None:
        """Why no image can be stored now, and how many wait for it on this disk."""
        reason = reason or ("the outbox is full" if self.outbox.full else None)
        waiting = len(self.outbox)
        return f"{reason}; {waiting} finished pictures wait in the outbox" if reason and waiting else reason


class ApiHalf:
    """Accepts requests and answers readers."""

    def __init__(
        self,
        shared: "Shared",
        hub: EventHub,
        peers: PeerBus,
        signals: QueueSignals,
        model: ModelFacts,
        policy: RequestPolicy,
    ) -> None:
        settings, database, store = shared.settings, shared.database, shared.store
        self.model = model
        self.hub = hub
        active = shared.progress.active
        self.facts = JobFactsCache(database, active.__contains__, hub.rows_changed, lambda: peers.has_peers)
        hub.on_change = self.facts.forget
        reader = JobReader(database, store, shared.progress, self.facts)
        self.feed = JobFeed(database, reader, hub)
        self.remover = Remover(database, store, signals.job_ended)
        self.retention = Retention(
            database, self.remover, settings.retention_days * DAY_S, settings.retention_gb * 1_000_000_000
        )
        self.assets = Assets(database, store, self.remover, settings.asset_hours * 3600.0, check=shared.moderation)
        self.history = History(database, reader)
        self.collections = Collections(database, store)
        self.shares = Shares(database, self.history)
        self.gallery = PublicGallery(database, self.shares, settings.gallery)
        self.engagement = Engagement(database, self.remover)
        self.reviews = Reviews(database, self.engagement)
        quotas = from_settings.quotas(settings)
        self.usage = Usage(database, quotas)
        self.workers = Workers(database)
        self.overview = Overview(database, from_settings.prices(settings))
        charges = from_settings.charges(settings, shared.base.info)
        self.billing = Billing(database, charges, from_settings.purchases(settings, database))
        self.jobs = JobService(
            database,
            reader,
            signals,
            shared.base.ref,
            shared.base.prompts,
            shared.counts,
            self.assets,
            settings.max_queue,
            quotas,
            charges,
            shared.embeddings.offers,
        )
        self.feeder = BatchFeeder(
            database, self.jobs, shared.base.ref, max(1, settings.max_queue // 2), IMAGES_AHEAD * settings.max_rows
        )
        self.batch_reader = BatchReader(database, reader, shared.progress)
        self.batches = Batches(
            database, self.jobs, policy, shared.progress, shared.base.ref, quotas, charges, self.feeder.wake
        )
        self.sheets = ContactSheets(store)
        self.passwords = Passwords()
        self.accounts = Accounts(database, self.passwords, self.remover, settings.registration, settings.anonymous)
        self.administration = Administration(database)
        self.keys = ApiKeys(database)
        self.key_throttle = KeyThrottle()
        self.throttle = LoginThrottle(database)


class Shared:
    """What both halves use."""

    progress: ProgressTracker
    queue: QueueView
    loras: LoraFolder

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = BaseModel(settings)
        self.folder = DataFolder(settings.data_dir)
        self.database = Database(settings.resolved_database_url, lambda: self.folder.lost, settings.database_direct_url)
        self.counts = QueueCounts(self.database)
        self.store = open_store(settings, self.folder.images, FILES_PATH)
        self.store_health = StoreHealth(self.store)
        self.embeddings = EmbeddingFolder(
            settings.embedding_dir, self.folder.loras, config_folder(self.base.path), self.base.is_word
        )
        lora_base = self.base.info.lora_base
        self.registry = LoraRegistry(self.database, self.folder.loras, lora_base, self.embeddings.hashes)
        self.library = LoraLibrary(settings.lora_dir, lora_base, settings.max_lora_mb * 1_000_000, self.base.layers())
        self.upscalers = UpscalerFolder(settings.upscaler_dir)
        self.wildcards = WildcardFolder(settings.wildcard_dir)
        self.metrics = Metrics(self.base.info.name, settings.gpu_hourly_usd)
        self.moderation = from_settings.moderation(settings, self.database)


class Container:
    """Everything of one process, by its role. Nothing runs yet."""

    def __init__(self, settings: Settings) -> None:
        """Raises BaseModelError, DataFolderError, NetworkFilesystem, RoleError and StoreError."""
        from_settings.check_role(settings)
        shared = self.shared = Shared(settings)
        self.settings, self.database, self.base = settings, shared.database, shared.base
        self.torch_thread = ThreadPoolExecutor(1, thread_name_prefix="torch")
        makes_images, answers = settings.role != "api", settings.role != "worker"
        engine = Engine(from_settings.scheduler(settings), self.torch_thread) if makes_images else None
        forecaster = FleetForecaster(from_settings.scheduler(settings))
        backlog = Backlog((engine or forecaster).seconds_alone)
        shared.queue = QueueView(self.database, backlog, self.base.ref, settings.max_queue)
        shared.progress = ProgressTracker(engine or forecaster, backlog)
        self.peers = PeerBus(self.database, shared.progress)
        self.hub = EventHub(self.peers.rows_changed)
        users, anonymous = from_settings.bounds(settings)
        self.policy = RequestPolicy(
            self.base.info,
            settings.default_model,
            self.base.ref,
            settings.embed_parameters,
            users,
            anonymous,
            banned=BannedWords.read(settings.banned_words),
            moderation=settings.moderation,
        )
        shared.loras = LoraFolder(
            shared.library,
            shared.registry,
            self.on_files_read,
            self.peers.loras_changed,
            open_lora_bucket(settings),
            lambda: (*shared.upscalers.scan(), *shared.wildcards.scan(), *shared.embeddings.scan()),
            *from_settings.lora_sharing(settings, self.database, shared.store),
            settings.role == "worker",
        )
        self.worker = WorkerHalf(shared, engine, self.hub, self.peers) if engine is not None else None
        self.outlook = Outlook(settings.worker_hours)
        self.observer = self.wake = None
        if engine is None:
            self.observer = FleetObserver(self.database, shared.queue, forecaster, self.base.ref)
            policy, calls = from_settings.wake_policy(settings), from_settings.wake_calls(settings)
            self.wake = WakeKeeper(self.database, shared.progress, self.outlook, self.base.ref, policy, calls)
        maker = self.worker.dispatcher if self.worker else self.observer
        self.peers.handler = LocalPeer(self.hub, shared.loras.changed_elsewhere, maker)
        model = engine or self.observer
        signals = QueueSignals(self.hub, self.peers, maker)
        self.api = None
        if answers and model is not None:
            self.api = ApiHalf(shared, self.hub, self.peers, signals, model, self.policy)
        if self.api is not None and self.worker is not None:
            self.api.workers.on_order = self.worker.registration.wake
        self.previews = RemotePreviews(self.database, self.hub, shared.progress, self.peers) if answers else None
        if engine is not None:
            shared.metrics.count_images(lambda: engine.num_images)
        waits_for = "the model is being loaded" if makes_images else None
        self.readiness = Readiness(self.database.ping, self.store_trouble, waits_for)

    async def set_target(self) -> None:
        """For the view `studio_workers_wanted`, by the settings of the process that started last."""
        async with self.database.write() as session:
            await demand.set_target(session, from_settings.target(self.settings))

    def store_trouble(self) -> str | None:
        reason = self.shared.folder.lost or self.shared.store_health.reason
        reason = self.worker.store_trouble(reason) if self.worker else reason
        moderation = self.shared.moderation
        return "; ".join(filter(None, (reason, moderation.trouble if moderation else None))) or None

    def on_files_read(self, loras: Sequence[LoraView]) -> None:
        """What requests can name now. The LoRA of a request that names none is the operator's, as far as the existing
        LoRAs allow it."""
        self.policy.upscalers = self.shared.upscalers.names
        self.policy.wildcards = self.shared.wildcards.values
        self.policy.embeddings = self.shared.embeddings.by_name
        wanted = next((lora.name for lora in loras if lora.is_chosen), self.settings.default_model)
        names, labels = [lora.name for lora in loras], [lora.label for lora in loras]
        self.policy.default_model = default_that_fits(wanted, names, labels)
        if self.policy.default_model != wanted and self.api is not None:
            default = "none" if self.policy.default_model == NO_LORA else self.policy.default_model
            name = self.base.info.name
            log.warning("STUDIO_DEFAULT_MODEL: no LoRA %s fits %s; the default is %s", wanted, name, default)


class _EngineListener:
    """Connects the engine to the dispatcher, the metrics and the meter."""

    def __init__(self, dispatcher: Dispatcher, metrics: Metrics, meter: Meter, registration: Registration) -> None:
        self.on_event = dispatcher.on_event
        self.wants_preview = dispatcher.wants_preview
        self.on_capacity = dispatcher.wake
        self._metrics = metrics
        self._meter = meter
        self._registration = registration

    def on_turn(self, turn: Turn) -> None:
        self._metrics.on_turn(turn)
        self._meter.on_turn(turn)
        self._registration.note_loras()
