"""The kinds of forwards that are compiled, and why another one is not. Torch thread."""

import logging
from collections.abc import Sequence

from pipelines.denoise.forward import Rows

log = logging.getLogger(__name__)


class CompiledKinds:
    """`sizes` (width, height) and `row_counts` of compiled forwards, `num_tokens` of their prompts; `rank`: of the one
    LoRA that each row may have. A forward of any other kind is computed without a graph."""

    def __init__(
        self, sizes: Sequence[tuple[int, int]], row_counts: Sequence[int], num_tokens: int, rank: int, scale: int
    ) -> None:
        self._areas = {_areas(width // scale, height // scale) for width, height in sizes}
        self._row_counts, self._num_tokens, self._rank, self._scale = set(row_counts), num_tokens, rank, scale
        self._logged: set[str] = set()

    def reason(self, rows: Rows) -> str | None:
        """Why no graph fits, logged the first time; None: one does."""
        num_rows, _, height, width = rows.sample.shape
        size_px = f"{width * self._scale} x {height * self._scale}"
        num_tokens = rows.context.shape[1]
        reasons: dict[str, tuple[bool, str]] = {
            "size": (_areas(width, height) not in self._areas, f"{size_px} is not among the native sizes"),
            "rows": (num_rows not in self._row_counts, f"{num_rows} rows are not among the compiled row counts"),
            "prompt": (num_tokens != self._num_tokens, f"a prompt has {num_tokens} tokens"),
            "rank": (
                any(term.rank != self._rank for term in rows.loras),
                f"a LoRA has a higher rank than {self._rank} (STUDIO_COMPILE_RANK)",
            ),
            "loras": (len(rows.loras) > 1, "a picture has several LoRAs"),
        }
        found = next((reason for reason, (holds, _) in reasons.items() if holds), None)
        if found is not None and found not in self._logged:
            self._logged.add(found)
            log.warning(
                "steps run uncompiled, and slower: %s; this reason is logged once, and counted in"
                " studio_steps_uncompiled_total",
                reasons[found][1],
            )
        return found


def _areas(width: int, height: int) -> tuple[int, ...]:
    """Of the UNet's levels, in latents: the compiled blocks see no width or height."""
    return tuple(-(-width // factor) * -(-height // factor) for factor in (1, 2, 4))
