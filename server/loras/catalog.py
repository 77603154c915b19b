"""The catalog of LoRA names: newest versions, and the operator's pins, trigger words and weights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.lora.files import few_steps
from pipelines.lora.files.few_steps import FAMILIES, FewSteps
from pipelines.lora.files.names import version_key
from server.db.lora_models import LoraSettingsRow, LoraUseRow
from server.db.models import LoraRow

LORA_WEIGHT = 0.9
"""The weight if neither the request nor the operator nor the file gives one."""


@dataclass(frozen=True, slots=True)
class LoraCatalog:
    """A snapshot of the LoRA table and the operator's settings, as read in one transaction. LoRAs that have failed are
    in `rows`, but no name means them."""

    rows: Sequence[LoraRow]
    settings: Mapping[str, LoraSettingsRow]
    """By name or label."""

    @classmethod
    async def read(cls, session: AsyncSession) -> "LoraCatalog":
        rows = list(await session.scalars(select(LoraRow)))
        return cls(rows, {row.target: row for row in await session.scalars(select(LoraSettingsRow))})

    @property
    def offered(self) -> list[LoraRow]:
        return [row for row in self.rows if row.failure is None]

    def all(self) -> tuple[str, ...]:
        """Every name and label, sorted."""
        return tuple(sorted({row.name for row in self.offered} | {row.label for row in self.offered}))

    def failed(self, name: str) -> LoraRow | None:
        """The LoRA of a label, or the newest of a bare name, that is not offered because it has failed."""
        failed = [row for row in self.rows if row.failure is not None and name in (row.label, row.name)]
        return max(failed, key=lambda row: (version_key(row.version), row.label), default=None)

    def find(self, name: str) -> LoraRow | None:
        """The LoRA of a label, or of a bare name: its pinned version if there is such a file, else its newest."""
        versions = [row for row in self.offered if row.name == name]
        if not versions:
            return next((row for row in self.offered if row.label == name), None)
        pinned = self.pinned_version(name)
        newest = max(versions, key=lambda row: (version_key(row.version), row.label))
        return next((row for row in versions if pinned is not None and row.version == pinned), newest)

    def pinned_version(self, name: str) -> str | None:
        settings = self.settings.get(name)
        return settings.pinned_version if settings else None

    def trigger(self, row: LoraRow) -> str | None:
        """The trigger words: the operator's for the version, else for the name, else the file's."""
        for settings in self._settings_of(row):
            if settings.trigger is not None:
                return settings.trigger or None
        return row.trigger

    def weight(self, row: LoraRow) -> float | None:
        """The default weight, in the same order of precedence; None if there is none."""
        for settings in self._settings_of(row):
            if settings.weight is not None:
                return settings.weight
        if row.default_weight is None and self.few_steps(row) is not None:
            return few_steps.WEIGHT
        return row.default_weight

    def few_steps(self, row: LoraRow) -> FewSteps | None:
        """How images with it are sampled, in the same order of precedence; None: as without it."""
        found = file_few_steps(row)
        family = next((each.family for each in self._settings_of(row) if each.family is not None), None)
        if family is not None:
            own = next((each for each in FAMILIES.values() if each.family == family), None)
            found = None if own is None else few_steps.with_steps(own, few_steps.named_steps(_names(row)))
        steps = next((each.steps for each in self._settings_of(row) if each.steps is not None), None)
        return None if found is None else few_steps.with_steps(found, steps)

    def all_few_steps(self) -> dict[str, FewSteps]:
        """By every name and label that means such a LoRA."""
        found = {row.label: few for row in self.offered if (few := self.few_steps(row)) is not None}
        for name in {row.name for row in self.offered if row.label in found}:
            if (row := self.find(name)) is not None and row.label in found:
                found[name] = found[row.label]
        return found

    def is_chosen(self, row: LoraRow) -> bool:
        """True if the operator uses the name for requests that name no LoRA."""
        settings = self.settings.get(row.name)
        return settings is not None and settings.is_default

    def _settings_of(self, row: LoraRow) -> list[LoraSettingsRow]:
        return [self.settings[target] for target in (row.label, row.name) if target in self.settings]


def file_few_steps(row: LoraRow) -> FewSteps | None:
    """What the file says."""
    return few_steps.recognized(row.sha256, _names(row))


def _names(row: LoraRow) -> few_steps.Names:
    return row.title, PurePosixPath(row.file).stem, row.label


async def count_use(session: AsyncSession, sha256s: Collection[str]) -> None:
    """Count one more accepted job for each hash. The caller holds the lock `queue`."""
    statement = (
        update(LoraUseRow)
        .where(LoraUseRow.sha256.in_(sha256s))
        .values(num_jobs=LoraUseRow.num_jobs + 1)
        .returning(LoraUseRow.sha256)
        .execution_options(synchronize_session=False)
    )
    known = set(await session.scalars(statement)) if sha256s else set[str]()
    if new := set(sha256s) - known:
        await session.execute(insert(LoraUseRow), [{"sha256": sha256, "num_jobs": 1} for sha256 in sorted(new)])


async def withdraw(session: AsyncSession, failures: Mapping[str, str]) -> None:
    """Record the failure (hash → reason) of bytes that make no image: no LoRA with them is offered any more. The caller
    holds the lock `queue`."""
    for sha256, reason in failures.items():
        await session.execute(
            update(LoraRow)
            .where(LoraRow.sha256 == sha256, LoraRow.failure.is_(None))
            .values(failure=reason.replace("\0", ""))  # PostgreSQL's text cannot hold NUL
            .execution_options(synchronize_session=False)
        )
