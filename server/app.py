"""The composition root: the HTTP side over the parts of one server.

    settings → data folder, database, store, LoRAs → engine, jobs (server/container.py, server/lifespan.py) → HTTP

Importing this module or calling `create_app` imports no torch: the model is loaded on the torch thread, by the runner
factory, while the server already answers and accepts jobs.
"""

from collections.abc import Callable
from typing import Any

from litestar import Litestar
from litestar.di import Provide

from server.api.accounts.key_routes import KeysController
from server.api.accounts.routes import AuthController
from server.api.auth.authentication import Identification, caller_of
from server.api.auth.origins import OriginCheck, cors
from server.api.gallery.download_routes import ImagesController
from server.api.gallery.file_routes import FilesController
from server.api.gallery.routes import HistoryController
from server.api.health.metrics_routes import MetricsController
from server.api.health.routes import HealthController
from server.api.http import openapi
from server.api.http.cache_headers import keep_private
from server.api.http.docs_page import DocsController
from server.api.http.drain import DrainRefusedBodies
from server.api.http.error_handlers import exception_handlers
from server.api.http.request_log import RequestLog
from server.api.jobs.compare_routes import CompareController
from server.api.jobs.generate_routes import GenerateController
from server.api.jobs.options_routes import CatalogController
from server.api.jobs.presenters import Addresses
from server.api.jobs.repeat_routes import AgainController
from server.api.jobs.routes import JobsController
from server.api.loras.routes import LorasController
from server.api.operator.routes import OperatorController
from server.api.site.static_site import Page, PageController
from server.api.usage.routes import UsageController
from server.config.settings import Settings
from server.lifespan import Studio
from server.storage.local import LocalStore
from server.worker.runner import RunnerFactory, sdxl_runner


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
        before_send=[studio.metrics.on_message, keep_private],
        exception_handlers=exception_handlers(),
        cors_config=cors(settings.cors_origins),
        openapi_config=openapi.description(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = RequestLog(app.asgi_handler)
    app.state.studio = studio
    app.state.admin_key = settings.admin_key
    return app


def _dependencies(studio: Studio) -> dict[str, Provide]:
    parts: dict[str, Any] = {
        "jobs": studio.jobs,
        "feed": studio.feed,
        "history": studio.history,
        "engagement": studio.engagement,
        "accounts": studio.accounts,
        "throttle": studio.throttle,
        "usage": studio.usage,
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
