"""What LoRA names mean: newest versions, the operator's pins, words and weights; the LoRAs of an order made exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora.library import version_key
from server.db.lora_models import LoraChoiceRow, LoraUseRow
from server.db.models import LoraRow

LORA_WEIGHT = 0.9
"""Where neither the request, the operator nor the file says how strong."""


@dataclass(frozen=True, slots=True)
class LoraNames:
    """The LoRA table and the operator's choices, as one transaction saw them."""

    rows: Sequence[LoraRow]
    choices: Mapping[str, LoraChoiceRow]

    @classmethod
    async def read(cls, session: AsyncSession) -> "LoraNames":
        rows = list(await session.scalars(select(LoraRow)))
        return cls(rows, {row.target: row for row in await session.scalars(select(LoraChoiceRow))})

    def all(self) -> tuple[str, ...]:
        """Every name and label."""
        return tuple(sorted({row.name for row in self.rows} | {row.label for row in self.rows}))

    def find(self, name: str) -> LoraRow | None:
        """A bare name means the pinned version, as long as there is such a file, else the newest."""
        versions = [row for row in self.rows if row.name == name]
        if not versions:
            return next((row for row in self.rows if row.label == name), None)
        pinned = self.pinned_version(name)
        newest = max(versions, key=lambda row: (version_key(row.version), row.label))
        return next((row for row in versions if pinned is not None and row.version == pinned), newest)

    def pinned_version(self, name: str) -> str | None:
        choice = self.choices.get(name)
        return choice.pinned_version if choice else None

    def trigger(self, row: LoraRow) -> str | None:
        """The words that call it up: the operator's for the version, for the name, else the file's."""
        for choice in self._choices_of(row):
            if choice.trigger is not None:
                return choice.trigger or None
        return row.trigger

    def weight(self, row: LoraRow) -> float | None:
        """How strong it is where a request does not say; None: nobody has said."""
        for choice in self._choices_of(row):
            if choice.weight is not None:
                return choice.weight
        return row.default_weight

    def _choices_of(self, row: LoraRow) -> list[LoraChoiceRow]:
        return [self.choices[target] for target in (row.label, row.name) if target in self.choices]


async def count_use(session: AsyncSession, sha256s: set[str]) -> None:
    """One more accepted job for each of these. The caller holds the lock `queue`."""
    statement = (
        update(LoraUseRow)
        .where(LoraUseRow.sha256.in_(sha256s))
        .values(num_jobs=LoraUseRow.num_jobs + 1)
        .returning(LoraUseRow.sha256)
        .execution_options(synchronize_session=False)
    )
    known = set(await session.scalars(statement)) if sha256s else set[str]()
    if new := sha256s - known:
        await session.execute(insert(LoraUseRow), [{"sha256": sha256, "num_jobs": 1} for sha256 in sorted(new)])
