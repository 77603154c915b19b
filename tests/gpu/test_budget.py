"""What SDXL in its real size asks of a GPU, by the budget table of docs/benchmarks.md: one launch more in each layer,
or one wait more in each step, fails here."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipelines.sdxl import RunnerOptions
from tests.gpu.budget import Budget
from tests.gpu.lines import MEASUREMENTS, Measure
from tests.gpu.pretended import PretendedGpu
from tests.gpu.sdxl import sdxl_model
from tests.gpu.studio import SIDE_PX, Studio


@pytest.fixture(scope="module")
def table() -> Budget:
    return Budget()


@pytest.fixture(scope="module")
def studio(gpu: PretendedGpu, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with gpu.installed():
        yield Studio(gpu, sdxl_model(gpu), tmp_path_factory.mktemp("loras"))


def test_weights_take_what_half_precision_takes(studio: Studio) -> None:
    assert round(studio.gpu.live.now / 1e9, 2) == 6.94


@pytest.mark.parametrize("measure", MEASUREMENTS, ids=lambda measure: measure.__name__)
def test_lines_of_the_table(studio: Studio, table: Budget, measure: Measure) -> None:
    for name, books in measure(studio).items():
        table.check(name, books)
    broken, table.broken = table.broken, []
    assert not broken, "docs/benchmarks.md allows something else:\n" + "\n".join(broken)


def test_every_line_of_the_table_is_measured(table: Budget, request: pytest.FixtureRequest) -> None:
    run = {item.name for item in request.session.items}
    if {f"test_lines_of_the_table[{measure.__name__}]" for measure in MEASUREMENTS} <= run:
        assert table.checked == table.lines.keys()


def test_what_fits_is_measured(studio: Studio) -> None:
    """As the table has it, on a GPU of 24 GB, of which a twentieth stays free; no LoRA is in memory at a start."""
    bank_bytes = studio.runner.lora_bytes
    fresh = Studio(studio.gpu, studio.model, studio.folder, RunnerOptions(lora_cache_bytes=2_000_000_000))
    with studio.gpu:
        fresh.runner.measure_memory(SIDE_PX, SIDE_PX)
    memory = fresh.runner.memory
    assert memory is not None
    assert memory.row_px_bytes * SIDE_PX**2 / 1e6 == pytest.approx(166, rel=0.01)
    assert memory.decode_px_bytes * SIDE_PX**2 / 1e6 == pytest.approx(2818, rel=0.01)
    assert memory.budget_bytes / 1e9 == pytest.approx(24 - 6.94 - 2 - 1.2 - bank_bytes / 1e9, abs=0.1)
    assert memory.max_rows(SIDE_PX**2) > 64
    assert memory.decodes_whole(2 * SIDE_PX**2)
    small = replace(memory, budget_bytes=memory.budget_bytes - 13e9)  # of 10 or 11 GB
    assert (small.max_rows(SIDE_PX**2) < 8, small.decodes_whole(SIDE_PX**2)) == (True, False)
