"""The OpenAPI document except for the calls, which are described at their handlers."""

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, Reference, SecurityScheme, Tag
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from server.api.auth.cookies import SESSION
from server.version import VERSION


class Unserved(Router):
    """Drops Litestar's own pages at /schema: the document is at /openapi.json, its page at /docs (docs_page.py)."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        return []


def description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="LoRA Studio",
        version=VERSION,
        description="Pictures from SDXL and LoRAs. Errors are RFC 9457 problem documents that name the field.",
        openapi_router=Unserved("/schema", route_handlers=[], include_in_schema=False),
        components=Components(security_schemes=_security_schemes()),
        security=[{}, {"key": []}, {"session": []}],
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=[
            Tag(name="jobs", description="Make pictures, follow and fetch them"),
            Tag(name="batches", description="Many requests in one call"),
            Tag(name="assets", description="Images to make pictures from"),
            Tag(name="history", description="Your jobs and pictures"),
            Tag(name="collections", description="Pictures under names of your own"),
            Tag(name="sharing", description="Public addresses of pictures"),
            Tag(name="billing", description="Prices and credit; 404 where nothing is charged (STUDIO_BILLING)"),
            Tag(name="operator", description="For operators: the queue and the users"),
            Tag(name="accounts", description="Accounts and API keys"),
            Tag(name="catalog", description="Models, bounds and defaults"),
            Tag(name="loras", description="The LoRAs, and operators' changes to them"),
            Tag(name="health", description="Liveness and readiness"),
        ],
    )


def _security_schemes() -> dict[str, SecurityScheme | Reference]:
    key = SecurityScheme(type="http", scheme="bearer", description="An API key (`POST /api/keys`) or STUDIO_ADMIN_KEY.")
    session = SecurityScheme(
        type="apiKey",
        name=SESSION,
        security_scheme_in="cookie",
        description="Set by `POST /api/auth/login`. Calls that change something need the header `x-csrftoken` too.",
    )
    return {"key": key, "session": session}
