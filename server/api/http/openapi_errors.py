"""Problems in the OpenAPI document: the possible ones of each call, with an example."""

from collections import defaultdict

from litestar.openapi.spec import Example
from msgspec import to_builtins

from server.api.http.openapi_answers import AnswerSpec
from server.api.http.problems import MEDIA_TYPE, ProblemDocument, problem_document
from server.billing.errors import InsufficientCredit
from server.errors import (
    DATABASE_AWAY,
    FOREIGN_ORIGIN,
    FORGED,
    INSUFFICIENT_CREDIT,
    INTERNAL,
    INVALID_REQUEST,
    SCOPE_LACKING,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    FieldError,
    InvalidRequest,
    Kind,
    StudioError,
)

INVALID_FIELD = FieldError("num_images", "99 cannot be used", "a whole number from 1 to 8")


def documented(*kinds: Kind) -> dict[int, AnswerSpec]:
    """The problems of a call under /api: those of every call that identifies its caller, and `kinds`."""
    of_every_call = (UNAUTHORIZED, SCOPE_LACKING, FORGED, FOREIGN_ORIGIN, TOO_MANY_REQUESTS, DATABASE_AWAY)
    return documented_open(*kinds, *of_every_call)


def documented_open(*kinds: Kind) -> dict[int, AnswerSpec]:
    """The problems of a call that identifies no caller; every call can also answer 500."""
    by_status: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in dict.fromkeys((*kinds, INTERNAL)):
        by_status[kind.status].append(kind)
    return {
        status: AnswerSpec(
            ProblemDocument,
            generate_examples=False,
            description="; ".join(kind.title for kind in same),
            media_type=MEDIA_TYPE,  # pyright: ignore[reportArgumentType]  # any media type works
            examples=[Example(kind.name, value=_example(kind)) for kind in same],
        )
        for status, same in by_status.items()
    }


def _example(kind: Kind) -> dict[str, object]:
    errors = {
        INVALID_REQUEST: InvalidRequest([INVALID_FIELD]),
        INSUFFICIENT_CREDIT: InsufficientCredit(500_000, 200_000),
    }
    return to_builtins(problem_document(errors.get(kind) or StudioError(kind, kind.example)))
