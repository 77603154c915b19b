"""The states of a job on paper: every walk goes forward and ends."""

from hypothesis import given
from hypothesis import strategies as st

from server.queue.model import NEXT, JobStatus

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
