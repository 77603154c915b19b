"""The HTTP side over the container of one process.

    settings → container (server/container.py) → lifespan (server/lifespan.py) → HTTP

Importing this module or calling `create_app` imports no torch: the runner factory loads the model on the torch thread,
while the server already answers and accepts jobs.
"""

from collections.abc import Callable
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from server.api.assets.sources import SourceReader
from server.api.assets.uploads import Uploads
from server.api.auth.authentication import Identification
from server.api.auth.origins import HostCheck, OriginCheck, cors
from server.api.auth.proxies import TrustedProxies
from server.api.batches.create_routes import BatchSubmission
from server.api.gallery.action_routes import ImageActions
from server.api.gallery.file_routes import FilesController
from server.api.health.metrics_routes import MetricsController
from server.api.health.routes import HealthController
from server.api.http import openapi
from server.api.http.cache_headers import keep_private, no_sniff
from server.api.http.docs_page import DocsController
from server.api.http.drain import DrainRefusedBodies
from server.api.http.error_handlers import exception_handlers
from server.api.http.head import AnswerHead
from server.api.http.request_log import RequestLog
from server.api.internal.preview_routes import PreviewController, WorkerToken
from server.api.jobs.open_readers import OpenReaders
from server.api.jobs.presenters import Addresses
from server.api.jobs.submission import Submission
from server.api.native import native_api
from server.api.site.shared_page import SharedPageController
from server.api.site.static_site import Page, PageController
from server.config.settings import Settings
from server.container import ApiHalf, Container
from server.lifespan import Lifespan
from server.storage.local import LocalStore
from server.worker.runner import RunnerFactory, sdxl_runner


def create_app(
    settings: Settings,
    make_runner: RunnerFactory = sdxl_runner,
    on_failure: Callable[[], None] = lambda: None,
    on_idle: Callable[[], None] = lambda: None,
    hosts: frozenset[str] = frozenset(),
) -> Litestar:
    """The ASGI app of the process's role; its lifespan runs the container. `app.state.lifespan` is the `Lifespan`.
    `hosts`: the only names, without a port, that requests may have in Host; empty: any.
    Raises BaseModelError, DataFolderError, NetworkFilesystem, RoleError and StoreError."""
    lifespan = Lifespan(settings, make_runner, on_failure, on_idle)
    container = lifespan.container
    app = Litestar(
        route_handlers=_controllers(container),
        dependencies=_dependencies(container),
        lifespan=[lifespan.running],
        middleware=[HostCheck(hosts)] if hosts else [],
        before_send=[container.shared.metrics.on_message, keep_private, no_sniff],
        exception_handlers=exception_handlers(),
        cors_config=cors(settings.cors_origins),
        openapi_config=openapi.description(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = RequestLog(AnswerHead(DrainRefusedBodies(app.asgi_handler), app))
    if settings.trusted_proxies:
        app.asgi_handler = TrustedProxies(app.asgi_handler, settings.trusted_proxies)
    app.state.lifespan = lifespan
    app.state.admin_key = settings.admin_key
    return app


def _controllers(container: Container) -> list[ControllerRouterHandler]:
    api = container.api
    controllers: list[ControllerRouterHandler] = [HealthController, MetricsController]
    if api is not None:
        controllers.insert(0, _native_api(api, container.settings))
    if container.worker is not None and container.database.is_shared:
        controllers.append(PreviewController)
    if api is not None and isinstance(container.shared.store, LocalStore):
        controllers.append(FilesController)
    return [*controllers, *((DocsController, SharedPageController, PageController) if api is not None else ())]


def _native_api(api: ApiHalf, settings: Settings) -> Router:
    return native_api(
        OriginCheck(settings.public_url, settings.cors_origins),
        Identification(api.accounts, api.keys, api.key_throttle, settings.anonymous),
    )


def _dependencies(container: Container) -> dict[str, Provide]:
    shared = container.shared
    parts: dict[str, Any] = {
        "counts": shared.counts,
        "readiness": container.readiness,
        "metrics": shared.metrics,
        "hub": container.hub,
        "progress": shared.progress,
    }
    if container.worker is not None:
        parts["worker_token"] = WorkerToken(container.worker.registration.token)
    if (api := container.api) is not None:
        sources = SourceReader(api.assets, api.jobs)
        open_readers = OpenReaders(container.settings.max_streams_per_caller)
        submission = Submission(api.jobs, api.feed, open_readers)
        parts |= {
            "jobs": api.jobs,
            "feed": api.feed,
            "open_readers": open_readers,
            "sources": sources,
            "submission": submission,
            "image_actions": ImageActions(api.jobs, sources, container.policy, submission),
            "batches": api.batches,
            "batch_reader": api.batch_reader,
            "batch_submission": BatchSubmission(api.batches, sources),
            "assets": api.assets,
            "uploads": Uploads(),
            "history": api.history,
            "collections": api.collections,
            "shares": api.shares,
            "gallery": api.gallery,
            "engagement": api.engagement,
            "reviews": api.reviews,
            "accounts": api.accounts,
            "administration": api.administration,
            "throttle": api.throttle,
            "usage": api.usage,
            "overview": api.overview,
            "workers": api.workers,
            "billing": api.billing,
            "keys": api.keys,
            "loras": shared.registry,
            "folder": shared.loras,
            "model": api.model,
            "store": shared.store,
            "analyzer": shared.base.prompts,
            "sheets": api.sheets,
            "policy": container.policy,
            "addresses": Addresses(container.settings.public_url),
            "page": Page(container.settings.page_dir, container.settings.public_url, shared.store.origins),
        }
    return {name: Provide(_constant(part), sync_to_thread=False, use_cache=True) for name, part in parts.items()}


def _constant(part: Any) -> Callable[[], Any]:
    return lambda: part
