"""GET /api/wildcards and /api/embeddings, POST /api/prompts/expand: what a prompt can name, and what it becomes."""

import asyncio
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from pipelines.inversions.mentions import written
from pipelines.spec import A1111, MAX_SEED
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, body_like, json_body
from server.api.jobs.examples import answers
from server.errors import INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from server.generation.policy import RequestPolicy
from server.generation.requests import Expansion, Prompt
from server.generation.varied.variants import expanded, num_combinations

MAX_SHOWN_VALUES = 20
MAX_SHOWN_PROMPTS = 64
MAX_SHOWN_COMBINATIONS = 1_000_000_000


class Wildcard(Struct, frozen=True):
    """A list of words that a prompt names as `__name__`."""

    name: str
    num_values: int
    values: Annotated[list[str], Meta(description=f"The first {MAX_SHOWN_VALUES}.")]


class Wildcards(Struct, frozen=True):
    wildcards: list[Wildcard]


class EmbeddingOption(Struct, frozen=True):
    """A textual inversion that prompts can name."""

    name: str
    written: Annotated[str, Meta(description="How a prompt names it. `embedding:` before the name is always right.")]
    num_vectors: Annotated[int, Meta(description="Tokens that it takes of a window.")]
    sha256: str


class EmbeddingList(Struct, frozen=True):
    embeddings: list[EmbeddingOption]


class Expand(Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt, and which of its expansions to show."""

    prompt: Prompt
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED, description="Of the first picture.")] = 0
    expansion: Expansion = "random"
    num_prompts: Annotated[int, Meta(ge=1, le=MAX_SHOWN_PROMPTS)] = 4


class Expansions(Struct, frozen=True):
    """`prompts` are those of as many pictures, before style and trigger words."""

    prompts: list[str]
    num_combinations: Annotated[int, Meta(description=f"In all, {MAX_SHOWN_COMBINATIONS:,} at most are counted.")]


EXAMPLE = Expand("{red|blue} dress, __place__", seed=7, num_prompts=2)
WILDCARDS = Wildcards([Wildcard("place", 2, ["beach", "forest"])])
EMBEDDINGS = EmbeddingList(
    [EmbeddingOption("neghand", "neghand", 5, "9c1f4a6ed7b3805f2c6a1b0d94e87f3256a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4")]
)
EXPANSIONS = Expansions(["blue dress, forest", "red dress, beach"], 4)


class PromptsController(Controller):
    path = "/api"
    tags = ("catalog",)

    @get(
        "/wildcards",
        operation_id="wildcards",
        summary="The wildcards that prompts can name",
        responses={200: answers(WILDCARDS, "By name"), **documented()},
        sync_to_thread=False,
    )
    def wildcards(self, policy: NamedDependency[RequestPolicy]) -> Wildcards:
        return Wildcards(
            [
                Wildcard(name, len(values), [value[:200] for value in values[:MAX_SHOWN_VALUES]])
                for name, values in policy.wildcards.items()
            ]
        )

    @get(
        "/embeddings",
        operation_id="embeddings",
        summary="The embeddings that prompts can name",
        description="Files of STUDIO_EMBEDDING_DIR; POST /api/loras/reload reads them again.",
        responses={200: answers(EMBEDDINGS, "By name"), **documented()},
        sync_to_thread=False,
    )
    def embeddings(self, policy: NamedDependency[RequestPolicy]) -> EmbeddingList:
        return EmbeddingList(
            [
                EmbeddingOption(each.name, written(each), each.num_vectors, each.sha256)
                for each in policy.embeddings.values()
            ]
        )

    @post(
        "/prompts/expand",
        status_code=200,
        operation_id="expand_prompt",
        summary="What a prompt becomes",
        description="The words that pictures would get for `{a|b}` and `__name__`. Makes nothing.",
        before_request=body_like(EXAMPLE),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: answers(EXPANSIONS, "The words of the first pictures"),
            **documented(INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE),
        },
    )
    async def expand(
        self, data: Annotated[Expand, json_body(EXAMPLE)], policy: NamedDependency[RequestPolicy]
    ) -> Expansions:
        return await asyncio.to_thread(_expansions, data, policy)


def _expansions(data: Expand, policy: RequestPolicy) -> Expansions:
    prompt = data.prompt.strip()
    seeds = [(data.seed + n) % (MAX_SEED + 1) for n in range(data.num_prompts)]
    prompts = expanded("prompt", prompt, seeds, data.expansion, A1111, policy.wildcards)
    return Expansions(prompts, min(num_combinations(prompt, policy.wildcards), MAX_SHOWN_COMBINATIONS))
