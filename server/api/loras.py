"""The LoRAs: what there is, for everybody; and the operator's changes to it."""

import time

from litestar import Controller, get, post
from litestar.di import NamedDependency

from server.api import examples, problems, schemas
from server.api.guards import operator
from server.jobs.lora_folder import LoraFolder
from server.jobs.loras import LoraRegistry, LoraView

OPERATOR = problems.documented(problems.UNAUTHORIZED, problems.OPERATORS_ONLY)


class LorasController(Controller):
    path = "/api/loras"
    tags = ("catalog",)

    @get(
        "/",
        operation_id="loras",
        summary="The LoRAs",
        responses={200: examples.answers(examples.LORAS, "By name, newest version first"), **problems.documented()},
    )
    async def loras(self, loras: NamedDependency[LoraRegistry]) -> schemas.Loras:
        return schemas.Loras([_lora(view) for view in await loras.list()])

    @post(
        "/reload",
        guards=[operator],
        status_code=200,
        operation_id="reload",
        summary="Read the LoRA folder again",
        description=(
            "Every request accepted before the answer is made with the files as they were when it was accepted, every"
            " one after it with those read now. A file that cannot be used is told each time; its last good version"
            " goes on serving."
        ),
        responses={200: examples.answers(examples.RELOADED, "What has changed, as labels"), **OPERATOR},
    )
    async def reload(self, folder: NamedDependency[LoraFolder]) -> schemas.Reloaded:
        started_s = time.perf_counter()
        sync = await folder.reload()
        return schemas.Reloaded(
            added=list(sync.added),
            updated=list(sync.updated),
            removed=list(sync.removed),
            unchanged=list(sync.unchanged),
            rejected=[schemas.LeftOut(file, reason) for file, reason in sync.rejected],
            pending=[schemas.LeftOut(file, reason) for file, reason in sync.pending],
            elapsed_ms=round((time.perf_counter() - started_s) * 1000, 1),
        )


def _lora(view: LoraView) -> schemas.LoraOption:
    return schemas.LoraOption(
        label=view.label,
        name=view.name,
        version=view.version,
        sha256=view.sha256,
        short_hash=view.short_hash,
        trigger=view.trigger,
        title=view.title,
        base_model=view.base_model,
        rank=view.rank,
        num_modules=view.num_modules,
        has_text_encoder=view.has_text_encoder,
        bytes=view.num_bytes,
    )
