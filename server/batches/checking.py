"""Checks every line of a batch: its bounds, the LoRAs that it names, its price. Runs on a thread."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pipelines.lora.files.few_steps import FewSteps
from pipelines.spec import MAX_SEED, ImageSpec
from server.batches.model import CheckedBatch, CheckedLine, LineDraft, ReadLine
from server.errors import FieldError, StudioError
from server.generation.policy import RequestPolicy
from server.generation.resolution import resolve_with
from server.generation.sources import SourceAssets
from server.loras.catalog import LoraCatalog
from server.queue.model import Requester

PriceOf = Callable[[Sequence[ImageSpec]], int | None]
Sources = Mapping[int, SourceAssets | StudioError]
"""By line: what its `init` and `mask` name, or why they cannot be used."""


@dataclass(frozen=True, slots=True)
class LineChecker:
    """`price_of`: of a job with these images."""

    policy: RequestPolicy
    catalog: LoraCatalog
    requester: Requester
    price_of: PriceOf

    def check(self, lines: Sequence[ReadLine], sources: Sources) -> CheckedBatch:
        good: list[CheckedLine] = []
        errors: list[FieldError] = []
        few_steps = self.catalog.all_few_steps()
        for line in lines:
            wrong = line.errors
            try:
                if line.request is not None:
                    good.append(self._checked(line, sources.get(line.line, SourceAssets()), few_steps))
            except StudioError as error:
                wrong = error.errors or (FieldError("request", error.detail, "see /docs"),)
            errors += (msgspec.structs.replace(each, line=line.line) for each in wrong)
        return CheckedBatch(tuple(good), tuple(errors), {line.line: line.prompt for line in lines})

    def _checked(
        self, line: ReadLine, sources: SourceAssets | StudioError, few_steps: Mapping[str, FewSteps]
    ) -> CheckedLine:
        """Raises StudioError."""
        assert line.request is not None
        if isinstance(sources, StudioError):
            raise sources
        seed = secrets.randbelow(MAX_SEED + 1)
        drafted = self.policy.generate(line.request, self.requester, seed, sources, few_steps)
        specs = resolve_with(self.catalog, drafted).specs
        return CheckedLine(
            line=line.line,
            prompt=drafted.prompt,
            draft=msgspec.json.encode(LineDraft.of(specs, drafted.request, drafted.assets)).decode(),
            num_images=len(specs),
            num_px=max(spec.num_px for spec in specs),
            rows=max(spec.rows for spec in specs),
            work=sum(spec.work for spec in specs),
            vae_px=sum(spec.vae_px for spec in specs),
            price=self.price_of(specs),
        )
