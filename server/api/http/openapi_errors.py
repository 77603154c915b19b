"""Problems in the OpenAPI document: which ones a call can answer, each with an example."""

from collections import defaultdict

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import to_builtins

from server.accounts import errors as accounts
from server.api.http import problems
from server.api.http.problems import (
    FieldError,
    Kind,
    Problem,
    ProblemDocument,
    answer_of,
)

EXAMPLES = {
    example.kind: example
    for example in (
        Problem(
            problems.NOT_YOURS, "only who has made a picture may change it: with the same cookie, account or address"
        ),
        Problem(
            problems.SETTINGS_GONE,
            f"the LoRA jade-v1 with the SHA-256 {'9b0d3e77' * 8} is no longer here; GET /api/loras tells what is",
        ),
        Problem(problems.KEY_REUSED, "the Idempotency-Key 'abc' came with another request before; send a fresh one"),
        Problem(problems.UNFINISHED, "the job of this picture is still being made; wait for its end or cancel it"),
        Problem(problems.LORA_FOLDER, "the LoRA folder cannot be written to: Read-only file system"),
        Problem(
            problems.UNUSABLE_LORA,
            "unet.mid_block.attentions.0.proj_in.lora_B.weight holds numbers that are not finite",
        ),
        Problem(problems.UNAUTHORIZED, "this key is not known, was revoked or has expired; make one at POST /api/keys"),
        Problem(problems.SCOPE_LACKING, "this key lacks the scope generate; make one that has it at POST /api/keys"),
        Problem(
            problems.FORGED,
            "a request with the session cookie needs the header x-csrftoken with the value of the cookie csrftoken; GET"
            " /api/auth/me sets it",
        ),
        Problem(problems.REGISTRATION_REFUSED, "this server makes no new accounts; ask its operator"),
        Problem(problems.WRONG_LOGIN, str(accounts.WrongLogin())),
        Problem(problems.WRONG_PASSWORD, str(accounts.WrongPassword())),
        Problem(problems.CODE_UNUSABLE, str(accounts.CodeUnusable())),
        Problem(problems.CONFLICT, str(accounts.EmailTaken())),
        Problem(problems.ACCOUNT_DISABLED, str(accounts.AccountDisabled())),
        Problem(problems.TOO_MANY_REQUESTS, str(accounts.TooManyAccounts(5, 3600))),
        Problem(problems.BUSY, str(accounts.TooManyPasswords())),
        Problem(
            problems.OPERATORS_ONLY,
            "this server has no operator key; set STUDIO_ADMIN_KEY and start it again, then send"
            " Authorization: Bearer with that key",
        ),
        Problem(
            problems.INVALID_REQUEST,
            "num_images: 99 cannot be used, allowed is a whole number from 1 to 8",
            [FieldError("num_images", "99 cannot be used", "a whole number from 1 to 8")],
        ),
        Problem(problems.NOT_FOUND, "no job has the id 0123456789abcdef0123456789abcdef"),
        Problem(problems.TOO_LARGE, "allowed are at most 1,000,000 bytes"),
        Problem(problems.UNSUPPORTED_MEDIA_TYPE, "multipart/form-data cannot be read; send application/json in UTF-8"),
        Problem(problems.INTERNAL, "the server could not answer this request; its log says more"),
        Problem(problems.NOT_READY, "the model is being loaded"),
        Problem(problems.LIMIT_REACHED, "10 jobs an hour are allowed; try again in 348 s"),
        Problem(problems.QUEUE_FULL, "500 jobs wait already; try again in 12 s"),
        Problem(problems.TOO_MANY_READERS, "1000 streams and waits are open already; ask /api/status instead"),
        Problem(problems.STORE_AWAY, "https://s3.example.org does not answer (ConnectTimeoutError)"),
        Problem(problems.DATABASE_AWAY, "the database does not answer; try again in a few seconds"),
        Problem(problems.DISK_FULL, "the disk of the server's database is full, so nothing more is accepted"),
        Problem(
            problems.FOREIGN_ORIGIN, "pages of https://elsewhere.example may not use this server (STUDIO_CORS_ORIGINS)"
        ),
    )
}


def documented(*kinds: Kind) -> dict[int, ResponseSpec]:
    """The problems of a call under /api for the OpenAPI document, each with an example. Every such call can also be
    refused for a bad key (401) or for who sends it (403)."""
    return documented_open(
        *kinds,
        problems.UNAUTHORIZED,
        problems.SCOPE_LACKING,
        problems.FORGED,
        problems.FOREIGN_ORIGIN,
        problems.DATABASE_AWAY,
    )


def documented_open(*kinds: Kind) -> dict[int, ResponseSpec]:
    """The same for calls that ask nobody who they are; every call can also answer 500."""
    by_status: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in dict.fromkeys((*kinds, problems.INTERNAL)):
        by_status[kind.status].append(kind)
    return {
        status: ResponseSpec(
            ProblemDocument,
            generate_examples=False,
            description="; ".join(kind.title for kind in same),
            media_type=problems.MEDIA_TYPE,  # pyright: ignore[reportArgumentType]  # any media type works
            examples=[Example(kind.name, value=to_builtins(answer_of(EXAMPLES[kind]).content)) for kind in same],
        )
        for status, same in by_status.items()
    }
