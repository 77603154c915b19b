"""The states of a job on paper: every walk goes forward and ends."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.plan import PictureError
from server.db.models import JobRow
from server.queue.model import NEXT, JobStatus
from server.worker.claimed_job import ActiveJob

ENDED = {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


def test_every_state_has_an_entry_and_only_three_are_last():
    assert set(NEXT) == set(JobStatus)
    assert {status for status in JobStatus if status.ended} == ENDED


@given(st.data())
def test_every_walk_ends_after_two_moves_at_most_and_never_comes_back(data: st.DataObject):
    walk = [JobStatus.QUEUED]
    while not walk[-1].ended:
        walk.append(data.draw(st.sampled_from(sorted(NEXT[walk[-1]]))))
    assert len(walk) <= 3
    assert len(set(walk)) == len(walk)
    assert walk[-1] in ENDED


@given(st.lists(st.sampled_from(["making", "saving", "failed", "stored"]), min_size=1, max_size=8))
def test_a_job_fails_only_when_no_picture_can_come_any_more(pictures: list[str]):
    def those(state: str) -> set[int]:
        return {index for index, each in enumerate(pictures) if each == state}

    failures = {index: PictureError("nan", "not a number") for index in those("failed")}
    row = JobRow(id="0" * 32, attempt=1, num_images=len(pictures))
    failure = ActiveJob(row, those("making"), those("saving"), failures).failure
    if those("making") or those("saving") or not failures:
        assert failure is None
    else:
        assert failure is not None
        assert failure.code == "nan"
        assert f"picture {min(failures) + 1}" in failure.detail
