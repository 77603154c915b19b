"""The native API as one router: its controllers, its error format, its callers."""

from litestar import Router
from litestar.di import Provide

from server.api.accounts.key_routes import KeysController
from server.api.accounts.routes import AuthController
from server.api.assets.routes import AssetsController
from server.api.auth.authentication import Identification, caller_of
from server.api.auth.origins import OriginCheck
from server.api.batches.create_routes import CreateBatchController
from server.api.batches.routes import BatchesController
from server.api.billing.operator_routes import OperatorCreditController
from server.api.billing.price_routes import PriceController
from server.api.billing.routes import BillingController
from server.api.billing.webhook_routes import StripeController
from server.api.gallery.action_routes import ImageActionsController
from server.api.gallery.collection_routes import CollectionsController
from server.api.gallery.download_routes import ImagesController
from server.api.gallery.public_gallery_routes import GalleryController
from server.api.gallery.routes import HistoryController
from server.api.gallery.share_routes import SharesController
from server.api.http.cache_headers import PRIVATE
from server.api.http.error_handlers import exception_handlers
from server.api.http.nul_check import NulCheck
from server.api.http.validation import CheckedRequest
from server.api.jobs.compare_routes import CompareController
from server.api.jobs.generate_routes import GenerateController
from server.api.jobs.options_routes import CatalogController
from server.api.jobs.repeat_routes import AgainController
from server.api.jobs.routes import JobsController
from server.api.loras.routes import LorasController
from server.api.operator.moderation_routes import ModerationController
from server.api.operator.overview_routes import OverviewController
from server.api.operator.routes import OperatorController
from server.api.operator.worker_routes import WorkersController
from server.api.prompts.routes import PromptsController
from server.api.usage.routes import UsageController

CONTROLLERS = (
    GenerateController,
    CompareController,
    JobsController,
    AgainController,
    ImageActionsController,
    ImagesController,
    AssetsController,
    CreateBatchController,
    BatchesController,
    HistoryController,
    CollectionsController,
    SharesController,
    GalleryController,
    UsageController,
    PriceController,
    BillingController,
    StripeController,
    OperatorController,
    WorkersController,
    OverviewController,
    ModerationController,
    OperatorCreditController,
    CatalogController,
    PromptsController,
    LorasController,
    AuthController,
    KeysController,
)


def native_api(origin_check: OriginCheck, identification: Identification) -> Router:
    """A request passes the checks of its address and origin, the identification, its guards; then its body is read."""
    return Router(
        path="/",
        route_handlers=CONTROLLERS,
        middleware=[NulCheck(), origin_check, identification],
        dependencies={"caller": Provide(caller_of, sync_to_thread=False)},
        exception_handlers=exception_handlers(),
        request_class=CheckedRequest,
        opt={PRIVATE: True},
    )
