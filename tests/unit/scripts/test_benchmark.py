"""The arithmetic of scripts/bench.py: what it makes of measured times."""

from xml.etree import ElementTree

import pytest

from scripts.benchmark.chart import chart
from scripts.benchmark.figures import Figure, Pair, percentile
from scripts.benchmark.jobs import Job, JobBook, first_come_first_served
from scripts.benchmark.meters import parse_metrics
from scripts.benchmark.report import table


def test_first_come_first_served_makes_everybody_wait_for_those_before():
    jobs = [
        Job("long", 50, 64, 64, 1),
        Job("short", 4, 64, 64, 2, arrival_s=1.0),
        Job("late", 4, 64, 64, 3, arrival_s=20.0),
    ]
    assert first_come_first_served(jobs, [10.0, 1.0, 1.0]) == [10.0, 10.0, 1.0]


def test_no_prompt_comes_twice_and_each_begins_with_the_trigger():
    book = JobBook(20, 256, 256, "jade woman")
    jobs = [*book.equal(600), *book.mixed(600), *book.short_behind_long(4, 8, 1.0)]
    assert len({job.prompt for job in jobs}) == len({job.seed for job in jobs}) == len(jobs)
    assert all(job.prompt.startswith("jade woman, ") for job in jobs)


def test_mixed_jobs_differ_in_all_that_a_static_batch_must_share():
    jobs = JobBook(20, 256, 256).mixed(16)
    for what in ("steps", "guidance_scale", "width", "sampler"):
        assert len({getattr(job, what) for job in jobs}) > 1, what
    assert all(job.width % 8 == 0 for job in jobs)


def test_short_jobs_arrive_after_the_long_ones():
    jobs = JobBook(20, 256, 256).short_behind_long(2, 3, after_s=1.5)
    assert [job.steps for job in jobs] == [50, 50, 4, 4, 4]
    assert [job.arrival_s for job in jobs] == [0, 0, 1.5, 2.0, 2.5]


@pytest.mark.parametrize(
    ("ours", "theirs", "target", "met"),
    [
        (1.0, 1.0, "<= 1.05", True),
        (1.2, 1.0, "<= 1.05", False),
        (0.9, 1.0, ">= 0.97", False),
        (0.04, None, "<= 0.05", True),
    ],
)
def test_a_target_bounds_the_ratio_or_where_nothing_is_compared_the_value(
    ours: float, theirs: float | None, target: str, met: bool
):
    against = "" if theirs is None else "bare loop"
    assert Figure("a", "b", "s", ours, theirs, against, target).met is met


def test_what_could_not_be_compared_is_neither_met_nor_missed():
    assert Pair([1.0]).figure("a", "b", "s", "bare loop", "<= 1.05").met is None


def test_medians_are_compared_and_every_round_is_told():
    figure = Pair([1.0, 9.0, 2.0], [1.0, 1.0, 2.0]).figure("single", "seconds", "s", "bare loop")
    assert (figure.ours, figure.theirs, figure.ratio) == (2.0, 1.0, 2.0)
    assert figure.rounds == (1.0, 9.0, 1.0)


def test_percentiles_are_values_that_were_measured():
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50.0, 99.0, 100.0)
    assert percentile([7.0], 99) == 7.0


METRICS = """
studio_step_seconds_count {steps}
studio_step_prediction_ratio_bucket{{le="0.9"}} {low}
studio_step_prediction_ratio_bucket{{le="1.1"}} {high}
studio_step_prediction_ratio_bucket{{le="+Inf"}} {steps}
studio_step_prediction_ratio_count {steps}
"""


def test_the_prediction_is_judged_by_the_steps_between_two_scrapes():
    before = parse_metrics(METRICS.format(steps=10, low=10, high=10))
    after = parse_metrics(METRICS.format(steps=30, low=12, high=28))
    moved = after - before
    assert moved.num_steps == 20
    assert moved.share_well_predicted == pytest.approx(16 / 20)
    assert moved.median_prediction_ratio() == pytest.approx(1.0)
    assert (after - after).share_well_predicted is None


def test_the_report_and_the_chart_tell_every_figure():
    figures = [
        Figure("single", "seconds <per> image", "s", 1.0, 2.0, "bare loop", "<= 1.05"),
        Figure("status", "p99", "s", 0.5, target="<= 0.05"),
    ]
    text = table(figures)
    assert "met" in text
    assert "MISSED" in text
    drawing = ElementTree.fromstring(chart(figures, "a & b"))
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a & b", "single: seconds <per> image / bare loop", "0.50 (target <= 1.05)"]
