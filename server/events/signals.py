"""What acceptance, cancelling and deleting report to the workers: to that of this process directly, to others over the
peer bus."""

from collections.abc import Collection

from server.engine.requests import Candidate
from server.events.hub import EventHub
from server.events.peers import PeerBus, Worker


class QueueSignals:
    """Runs on the event loop. `worker` None: this process makes no images."""

    def __init__(self, hub: EventHub, peers: PeerBus, worker: Worker | None = None) -> None:
        self._hub = hub
        self._peers = peers
        self._worker = worker

    def job_accepted(self, candidate: Candidate, loras: Collection[str]) -> None:
        if self._worker is not None:
            self._worker.job_accepted(candidate, loras)
        self._peers.job_accepted(candidate.job_id, loras)

    def job_ended(self, job_id: str) -> None:
        """Cancelled or deleted: its images take no further step, and its readers look immediately."""
        if self._worker is None or not self._worker.stop_making(job_id):
            self._peers.job_ended(job_id)
        self._hub.notify(job_id)
