"""Each line of the budget table breaks where its cause is put back. SDXL has few layers here, and its own figures are
the budget; scripts/measure/gpu_budget.py does the same in SDXL's real size, by the table."""

from collections.abc import Callable

import pytest

from pipelines.plan import EncodeOrder, SourceImage
from pipelines.spec import Pass
from tests.gpu.budget import Budget, line_of
from tests.gpu.causes import CAUSES
from tests.gpu.lines import Measure, Measured, source
from tests.gpu.studio import SIDE_PX, Studio, wanted
from tests.support.embeddings import write_embedding


@pytest.fixture(scope="module")
def normal(few_layers: Studio) -> Callable[[Measure], Measured]:
    """What is measured without any cause, once."""
    known: dict[Measure, Measured] = {}

    def measured(measure: Measure) -> Measured:
        if measure not in known:
            known[measure] = measure(few_layers)
        return known[measure]

    return measured


def test_every_line_has_a_cause() -> None:
    assert {line for cause in CAUSES.values() for line in cause.lines} == Budget().lines.keys()


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_that_is_put_back_breaks_its_lines(
    few_layers: Studio,
    normal: Callable[[Measure], Measured],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    cause = CAUSES[name]
    budget = normal(cause.measure)
    cause.put_back(monkeypatch, few_layers)
    asked = cause.measure(few_layers)
    for line in cause.lines:
        assert cause.column in line_of(budget[line]).broken(line_of(asked[line])), line


def test_a_measurement_gives_the_same_again(few_layers: Studio, normal: Callable[[Measure], Measured]) -> None:
    """Also after all causes. When Python frees a tensor differs a little."""
    for measure in dict.fromkeys(cause.measure for cause in CAUSES.values()):
        for name, books in measure(few_layers).items():
            assert line_of(normal(measure)[name]).broken(line_of(books)) <= {"live_mb"}, name


def test_the_map_of_previews_is_fitted_once(few_layers: Studio) -> None:
    fresh = Studio(few_layers.gpu, few_layers.model, few_layers.folder)
    ids, _ = fresh.begin(wanted())
    _, first = fresh.run(step=ids, preview=ids)
    _, later = fresh.run(step=ids, preview=ids)
    assert first.num_launches > later.num_launches + 100


def test_a_second_pass(few_layers: Studio) -> None:
    hires = Pass(SIDE_PX + 128, SIDE_PX, start=4, strength=0.5, upscaler="lanczos")
    spec = wanted(**source(None), more_passes=(hires,))
    assert spec.source_key is not None
    image = SourceImage(SIDE_PX, SIDE_PX, bytes(3 * SIDE_PX**2))
    few_layers.run(encode=(EncodeOrder(spec.source_key, image),))
    ids, _ = few_layers.begin(spec)
    few_layers.run(step=ids)
    few_layers.run(advance=ids)  # decoded
    result, _ = few_layers.run(advance=ids)  # enlarged, encoded, begun
    assert result.advanced == ids
    few_layers.run(release=ids, forget=(spec.source_key,))


def test_a_prompt_that_changes_costs_a_step_nothing(few_layers: Studio) -> None:
    """Not a launch, a wait or a copy: the step picks among the contexts that `begin` has made."""
    changing = {"prompt_syntax": "a1111", "prompt": "[woman|man], [red:blue:0.5] dress"}
    plain, changed = (
        few_layers.forward(wanted(**how), wanted(**how, seed=6)) for how in ({"prompt": "woman, red dress"}, changing)
    )
    assert plain.launches == changed.launches
    assert (plain.waits, plain.pageable, plain.pinned) == (changed.waits, changed.pageable, changed.pinned)


def test_an_embedding_is_copied_once_and_waits_for_nothing(few_layers: Studio) -> None:
    used = write_embedding(few_layers.folder, "neghand", 5, widths=(768, 1280))
    _, plain = few_layers.begin(wanted(prompt="woman, night"))
    first, second = (few_layers.begin(wanted(prompt=f"neghand, {n}", embeddings=(used,)))[1] for n in (1, 2))
    assert first.waits == second.waits == plain.waits and first.pageable == second.pageable
    assert first.pinned - second.pinned == 2 and second.pinned == plain.pinned
