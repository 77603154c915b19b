"""The OpenAPI document as a whole: what stands in it beside the calls, each of which is described where it is."""

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, Reference, SecurityScheme, Tag
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from server.api.auth.cookies import SESSION
from server.version import VERSION


class Unserved(Router):
    """Takes the pages that Litestar would show the document with, at /schema, and shows none of them: the document is
    at /openapi.json, a page of it at /docs (server/api/http/docs_page.py)."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        return []


def description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="LoRA Studio",
        version=VERSION,
        description="Pictures from SDXL and LoRAs. Errors are RFC 9457 problem documents that name the field.",
        openapi_router=Unserved("/schema", route_handlers=[], include_in_schema=False),
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
