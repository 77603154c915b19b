"""The composition root: the one place where the parts are made and handed to each other.

    settings → data folder, database, store, LoRAs → engine, jobs → HTTP

Importing this module or calling `create_app` imports no torch: the model is loaded on the torch thread, by the runner
factory, while the server already answers and accepts jobs.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, Reference, SecurityScheme, Tag
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from pipelines.lora_library import LoraLibrary
from pipelines.plan import StepPlan, StepResult
from server.accounts.keys import ApiKeys
from server.accounts.passwords import Passwords
from server.accounts.service import Accounts
from server.accounts.throttle import LoginThrottle
from server.api import orders
from server.api.again import AgainController
from server.api.auth import AuthController
from server.api.catalog import CatalogController
from server.api.compare import CompareController
from server.api.cookies import SESSION
from server.api.docs import DocsController
from server.api.draining import DrainRefusedBodies
from server.api.files import PATH as FILES_PATH
from server.api.files import FilesController
from server.api.generate import GenerateController
from server.api.health import HealthController, Readiness
from server.api.history import HistoryController
from server.api.identity import Identification, caller_of
from server.api.images import ImagesController
from server.api.jobs import JobsController
from server.api.keys import KeysController
from server.api.loras import LorasController
from server.api.metrics import MetricsController
from server.api.operator import OperatorController
from server.api.origins import OriginCheck
from server.api.page import Page, PageController
from server.api.problems import exception_handlers
from server.api.request_log import RequestLog
from server.api.usage import UsageController
from server.api.views import Addresses
from server.base_model import BaseModel
from server.db.session import Database
from server.engine.cost_model import CostModel
from server.engine.engine import Engine, LoraSource
from server.engine.scheduler import Limits, Scheduler
from server.idle import when_idle
from server.jobs.contact_sheets import ContactSheets
from server.jobs.data_folder import DataFolder
from server.jobs.dispatcher import Dispatcher, DispatcherOptions
from server.jobs.engagement import Engagement
from server.jobs.feed import JobFeed
from server.jobs.history import History
from server.jobs.limits import DAY_S, Quota, Quotas
from server.jobs.lora_folder import LoraFolder
from server.jobs.loras import LoraRegistry, LoraView
from server.jobs.outlook import Outlook
from server.jobs.reader import JobReader
from server.jobs.relay import HereEars, Relay
from server.jobs.removal import Remover
from server.jobs.retention import Retention
from server.jobs.service import JobService
from server.jobs.usage import Usage
from server.metrics import Metrics
from server.settings import Settings
from server.storage.choice import open_lora_bucket, open_store
from server.storage.local import LocalStore
from server.storage.spool import Spool
from server.storage.watch import StoreWatch
from server.version import VERSION
from server.warm_up import warm_up

log = logging.getLogger(__name__)

CPU_TORCH_NICENESS = 5
CORS_REQUEST_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", "X-Request-ID"]
CORS_ANSWER_HEADERS = [
    "Content-Disposition",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]


class Runner(LoraSource, Protocol):
    """What makes pictures. `execute` is called on the torch thread only."""

    def execute(self, plan: StepPlan) -> StepResult: ...


RunnerFactory = Callable[[Settings, Path], Runner]
"""(settings, folder of the LoRA copies) → a runner whose model is loaded. Called on the torch thread."""


def sdxl_runner(settings: Settings, lora_bytes_dir: Path) -> Runner:
    from pipelines.load import LoadOptions, load_model, resolve_device
    from pipelines.sdxl import RunnerOptions, SDXLRunner

    device, dtype = resolve_device(settings.device, settings.dtype)
    if device == "cpu" and sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        # steps take every core: whoever asks for the state of a job is answered in between. torch's workers inherit it
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), CPU_TORCH_NICENESS)
    options = LoadOptions(settings.vae, settings.vae_decode == "tiled", settings.attention, settings.compile)
    model = load_model(settings.base_model, device, dtype, options)
    running = RunnerOptions(
        exact_rows=settings.exact_rows,
        embedding_cache_bytes=settings.embedding_cache_mb * 1_000_000,
        lora_cache_bytes=settings.lora_cache_mb * 1_000_000,
        merged_loras=settings.lora_mode == "merged",
        compiled=settings.compile,
    )
    return SDXLRunner(model, lora_bytes_dir, running)


class Studio:
    """All parts of one server, made but not started. `on_failure` is called, on the event loop, when it cannot go on:
    the model cannot be loaded, or the loop that makes pictures has ended on an error; `on_idle` when nobody has used it
    for as long as STUDIO_IDLE_EXIT_MIN says."""

    feed: JobFeed
    dispatcher: Dispatcher
    start_failed = False

    def __init__(
        self,
        settings: Settings,
        make_runner: RunnerFactory,
        on_failure: Callable[[], None],
        on_idle: Callable[[], None],
    ) -> None:
        """Raises BaseModelError, DataFolderInUse, NetworkFilesystem and StoreError."""
        self.settings = settings
        self.make_runner = make_runner
        self.on_failure = on_failure
        self.on_idle = on_idle
        self.base = BaseModel(settings)
        self.info, self.prompts = self.base.info, self.base.prompts
        users, anonymous = _bounds(settings)
        self.rules = orders.Rules(
            self.info, settings.default_model, self.base.ref, settings.embed_parameters, users, anonymous
        )
        self.folder = DataFolder(settings.data_dir)
        self.torch_thread = ThreadPoolExecutor(1, thread_name_prefix="torch")
        self.database = Database(settings.resolved_database_url)
        self.store = open_store(settings, self.folder.pictures, FILES_PATH)
        self.store_watch = StoreWatch(self.store)
        self.spool = Spool(self.folder.spool, settings.spool_max_mb * 1_000_000)
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
        outlook = Outlook(self.engine)
        reader = JobReader(self.database, self.store, outlook)
        options = DispatcherOptions(
            self.folder.lease_owner,
            self.base.ref,
            f"LoRA Studio {VERSION}",
            max_queue=settings.max_queue,
            stop_timeout_s=settings.stop_timeout_s / 2,
            store_trouble=lambda: self.store_watch.reason,
            on_store_error=self.store_watch.doubt,
            has_lora=self.registry.has,
            fetch_loras=self.loras.changed_elsewhere,
            num_context_tokens=self.base.prompts.num_context_tokens,
        )
        self.relay = Relay(self.database, outlook)
        self.feed = JobFeed(self.database, reader, self.relay)
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
        self.jobs = JobService(
            self.database, reader, self.dispatcher, self.base.ref, settings.max_queue, _quotas(settings)
        )
        self.sheets = ContactSheets(self.store)
        self.passwords = Passwords()
        self.accounts = Accounts(self.database, self.passwords, self.remover, settings.registration, settings.anonymous)
        self.keys = ApiKeys(self.database)

    @asynccontextmanager
    async def running(self, _: Litestar) -> AsyncGenerator[None]:
        """The lifespan: everything that must be right before the first request, then the two loops, until the end."""
        loading = asyncio.create_task(self.load())
        beside = [asyncio.create_task(self.store_watch.run())]  # what ends by being cancelled
        making: asyncio.Task[None] | None = None
        dispatching: asyncio.Task[None] | None = None
        relaying: asyncio.Task[None] | None = None
        try:
            await self.prepare()
            await self.store_watch.first_look()
            making = asyncio.create_task(self.make_pictures(loading))
            dispatching = asyncio.create_task(self.dispatch())
            beside += [asyncio.create_task(each.run()) for each in (self.remover, self.retention)]
            beside.append(asyncio.create_task(self.loras.follow()))
            relaying = asyncio.create_task(self.relay.run())
            if self.settings.lora_watch_s:
                beside.append(asyncio.create_task(self.loras.watch(self.settings.lora_watch_s)))
            yield
        finally:
            self.feed.close()
            await _ended(beside)
            if dispatching is not None:
                await self.dispatcher.stop()
                await dispatching
            if relaying is not None:
                await _ended([relaying])
            self.engine.stop()
            self.base.cancel_fetch()
            await asyncio.wait([making or loading])
            self.torch_thread.shutdown()
            self.passwords.close()
            await self.database.close()
            self.folder.close()

    async def prepare(self) -> None:
        """The schema, the LoRA table and, where it is quick, the base model's hash, before the first request."""
        try:
            await self.database.migrate()
            await self.loras.start()
            if self.base.quickly_read:
                await self.base.identify()
        except (OSError, SQLAlchemyError) as error:
            self.start_failed = True
            url = make_url(self.settings.resolved_database_url)  # shown without its password
            log.error("the server cannot start: the database %s cannot be used: %s", url, error)
            raise

    def choose_default_model(self, loras: Sequence[LoraView]) -> None:
        """Of requests that name none: what the operator wants, as far as the LoRAs there are allow it."""
        wanted = self.settings.default_model
        self.rules.default_model = orders.default_that_fits(wanted, loras)
        if self.rules.default_model != wanted:
            taken = "none" if self.rules.default_model == orders.NO_LORA else self.rules.default_model
            log.warning("STUDIO_DEFAULT_MODEL: no LoRA %s fits %s; the default is %s", wanted, self.info.name, taken)

    async def load(self) -> Runner:
        """The runner, once its model is on this disk and in memory; the model is hashed meanwhile."""
        await self.base.fetch()
        identified = asyncio.create_task(self.base.identify())
        settings = replace(self.settings, base_model=self.base.path)
        runner = await asyncio.get_running_loop().run_in_executor(
            self.torch_thread, self.make_runner, settings, self.folder.loras
        )
        await identified
        return runner

    async def make_pictures(self, loading: "asyncio.Task[Runner]") -> None:
        """Wait for the model, measure it, then run the engine."""
        try:
            runner = await loading
            if self.base.is_remote:  # only now is known what its LoRAs can change
                self.library.base_layers = await asyncio.to_thread(self.base.layers)
                await self.loras.reload()
            await warm_up(self.engine, runner.execute, self.info, self.settings)
        except Exception as error:  # a model folder can be wrong in more ways than there are types
            log.debug("the whole error", exc_info=error)
            self.give_up(f"{self.settings.base_model} cannot make pictures: {error}")
            return
        self.readiness.ready()
        leaving = asyncio.create_task(self.leave_when_idle())
        log.info("%s is loaded: ready to make pictures", self.info.name)
        try:
            await self.engine.run(runner.execute, runner)
        except Exception:
            log.exception("the engine ended")
            self.give_up("the loop that makes pictures has ended on an error")
        finally:
            leaving.cancel()

    async def leave_when_idle(self) -> None:
        """Counted from the moment when the server is ready: a model that is still being loaded is no reason to go."""
        if self.settings.idle_exit_min:
            await when_idle(self.busy, self.settings.idle_exit_min * 60, self.on_idle)

    async def busy(self) -> bool:
        return self.feed.num_readers > 0 or await self.jobs.any_unfinished()

    async def dispatch(self) -> None:
        try:
            await self.dispatcher.run()
        except Exception:
            log.exception("the dispatcher ended")
            self.give_up("the loop that takes jobs from the queue has ended on an error")

    def store_trouble(self) -> str | None:
        """Why no picture can be stored now, and how many wait for it on this disk."""
        reason = self.store_watch.reason or ("the spool is full" if self.spool.full else None)
        return f"{reason}; {len(self.spool)} finished pictures wait in the spool" if reason and self.spool else reason

    def give_up(self, reason: str) -> None:
        log.error("the server cannot go on: %s", reason)
        self.readiness.not_ready(reason)
        self.on_failure()

    def begin_stop(self) -> None:
        """End open event streams and waits, begin no further step and hand the jobs back: the first things of a
        shutdown, before it waits for open connections."""
        self.feed.close()
        self.dispatcher.begin_stop()
        self.engine.stop()


def create_app(
    settings: Settings,
    make_runner: RunnerFactory = sdxl_runner,
    on_failure: Callable[[], None] = lambda: None,
    on_idle: Callable[[], None] = lambda: None,
) -> Litestar:
    """The ASGI app; its lifespan runs the server. `app.state.studio` is the `Studio`. Raises BaseModelError,
    DataFolderInUse and StoreError."""
    studio = Studio(settings, make_runner, on_failure, on_idle)
    app = Litestar(
        route_handlers=[
            GenerateController,
            CompareController,
            JobsController,
            AgainController,
            ImagesController,
            HistoryController,
            UsageController,
            OperatorController,
            CatalogController,
            LorasController,
            AuthController,
            KeysController,
            HealthController,
            MetricsController,
            *([FilesController] if isinstance(studio.store, LocalStore) else []),
            DocsController,
            PageController,
        ],
        dependencies=_dependencies(studio),
        guards=[
            OriginCheck(settings.public_url, settings.cors_origins),
            Identification(studio.accounts, studio.keys, settings.anonymous),
        ],
        lifespan=[studio.running],
        middleware=[DrainRefusedBodies()],
        before_send=[studio.metrics.on_message],
        exception_handlers=exception_handlers(),
        cors_config=_cors(settings.cors_origins),
        openapi_config=_openapi(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = RequestLog(app.asgi_handler)
    app.state.studio = studio
    app.state.admin_key = settings.admin_key
    return app


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels them and waits: their connections are closed before the database is."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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


def _bounds(settings: Settings) -> tuple[orders.RequestBounds, orders.RequestBounds]:
    """Of users and of callers without an account."""
    users = orders.RequestBounds(settings.max_images, settings.max_steps, settings.max_pixels)
    anonymous = orders.RequestBounds(
        settings.anonymous_max_images or users.max_images,
        settings.anonymous_max_steps or users.max_steps,
        settings.anonymous_max_pixels,
    )
    return users, users.and_at_most(anonymous)


def _dependencies(studio: Studio) -> dict[str, Provide]:
    parts: dict[str, Any] = {
        "jobs": studio.jobs,
        "feed": studio.feed,
        "history": studio.history,
        "engagement": studio.engagement,
        "accounts": studio.accounts,
        "throttle": LoginThrottle(studio.database),
        "usage": Usage(studio.database, _quotas(studio.settings)),
        "keys": studio.keys,
        "loras": studio.registry,
        "folder": studio.loras,
        "engine": studio.engine,
        "store": studio.store,
        "reader": studio.prompts,
        "sheets": studio.sheets,
        "readiness": studio.readiness,
        "metrics": studio.metrics,
        "rules": studio.rules,
        "addresses": Addresses(studio.settings.public_url),
        "page": Page(studio.settings.page_dir, studio.settings.public_url, studio.store.origins),
    }
    given = {name: Provide(_giver(part), sync_to_thread=False, use_cache=True) for name, part in parts.items()}
    return given | {"caller": Provide(caller_of, sync_to_thread=False)}


def _giver(part: Any) -> Callable[[], Any]:
    def give() -> Any:
        return part

    return give


def _cors(origins: tuple[str, ...]) -> CORSConfig | None:
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_ANSWER_HEADERS,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="LoRA Studio",
        version=VERSION,
        description="Pictures from SDXL and LoRAs. Errors are RFC 9457 problem documents that name the field.",
        components=Components(security_schemes=_ways_to_sign_in()),
        security=[{}, {"key": []}, {"session": []}],
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=[
            Tag(name="jobs", description="Make pictures, follow them, fetch them"),
            Tag(name="history", description="What you have made"),
            Tag(name="operator", description="The queue and the users, for whoever runs the server"),
            Tag(name="accounts", description="Accounts and API keys"),
            Tag(name="catalog", description="What can be asked for"),
            Tag(name="loras", description="The LoRAs, and the operator's changes to them"),
            Tag(name="health", description="For whoever runs the server"),
        ],
    )


def _ways_to_sign_in() -> dict[str, SecurityScheme | Reference]:
    key = SecurityScheme(type="http", scheme="bearer", description="An API key (`POST /api/keys`) or STUDIO_ADMIN_KEY.")
    session = SecurityScheme(
        type="apiKey",
        name=SESSION,
        security_scheme_in="cookie",
        description="Set by `POST /api/auth/login`. What changes something takes the header `x-csrftoken` too.",
    )
    return {"key": key, "session": session}
