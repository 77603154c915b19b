"""RFC 9457 problem documents: how the native API renders errors."""

from litestar import Response
from msgspec import Struct

from server.billing.errors import InsufficientCredit
from server.errors import FieldError, StudioError

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="LoRA Studio"'
"""WWW-Authenticate of every 401."""


class ProblemDocument(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `type` is a stable name for programs, `detail` is for people. `needed` and `available`, in
    micro-dollars, are a 402's."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    needed: int | None = None
    available: int | None = None


def problem_document(error: StudioError) -> ProblemDocument:
    kind = error.kind
    credit = (error.needed, error.available) if isinstance(error, InsufficientCredit) else (None, None)
    return ProblemDocument(kind.type, kind.title, kind.status, error.detail, list(error.errors), *credit)


def problem_response(error: StudioError) -> Response[ProblemDocument]:
    status = error.kind.status
    challenge = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    return Response(
        problem_document(error), status_code=status, media_type=MEDIA_TYPE, headers={**challenge, **error.headers}
    )
