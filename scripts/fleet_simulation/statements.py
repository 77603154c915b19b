"""What the processes of a fleet send to PostgreSQL, by what they do.

`STATEMENTS` counts what the server logs for each action: statements, BEGIN, COMMIT or ROLLBACK, and the two of the ping
before each transaction of a pooled connection (its empty statement is not logged).
tests/integration/worker/test_fleet_statements.py compares it with what the product sends. Not counted: calls for
status, results, history and pages, logins, moderation, billing, batches, and the claims of jobs whose lease was lost.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.batches.feeder import IDLE_POLL_S
from server.events.facts import LOOK_S
from server.events.peers import HERE_S, TICK_S
from server.worker.meter import EVERY_S
from server.worker.registration import HEARTBEAT_S

RENEW_S = 3.0
"""WorkerOptions.heartbeat_s."""

STATEMENTS: Mapping[str, int] = {
    "accept": 19,
    "refresh": 5,
    "refresh with a new job": 11,
    "claim": 6,
    "lost claim": 5,
    "image stored": 12,
    "last image stored": 16,
    "job read": 5,
    "events read": 5,
    "renew leases": 5,
    "worker row": 7,
    "meter": 6,
    "fleet look": 5,
    "feeder poll": 5,
    "facts look": 5,
}

CPU_MS: Mapping[str, float] = {
    "accept": 1.01,
    "facts look": 0.70,
    "refresh": 0.37,
    "refresh with a new job": 0.56,
    "claim": 0.32,
    "lost claim": 0.15,
    "renew leases": 0.28,
    "job read": 0.15,
    "events read": 0.10,
    "image stored": 1.25,
    "last image stored": 1.54,
    "worker row": 0.33,
    "meter": 0.25,
    "fleet look": 0.13,
    "feeder poll": 0.10,
}
"""CPU milliseconds of PostgreSQL 15 for each, with a queue of 300 jobs, as scripts/fleet/fleet_database.py measured
them on two cores of an AMD EPYC."""
LOOK_ROW_CPU_MS = 0.0026
"""More, for each worker of a fleet look."""
TEXT_CPU_MS = 0.02
"""For each process that receives a text of NOTIFY: 0.018 to 0.029 with 10, 30 and 90 listeners."""

LOOK_TAKES_S = 0.0015
LOOK_ROW_TAKES_S = 0.1e-3
"""An api process that looks at the workers, and more for each of them: it does not begin the next look before."""


@dataclass(frozen=True, slots=True)
class Processes:
    """`busy`: the share of the time in which a worker has jobs."""

    num_workers: int
    num_apis: int
    busy: float

    @property
    def total(self) -> int:
        return self.num_workers + self.num_apis


def actions_per_s(counts: Mapping[str, int], seconds: float, there: Processes) -> dict[str, float]:
    """`counts` of the simulated dispatchers in so many seconds. Each job has one reader, whose stream is open from its
    acceptance to its end."""
    per_s = {name: count / seconds for name, count in counts.items()}
    get = per_s.get
    jobs, claims, images = get("accept", 0.0), get("claim", 0.0), get("image stored", 0.0)
    ended, workers, apis = get("job ended", 0.0), there.num_workers, there.num_apis
    observers = apis / workers  # they refresh as the workers do
    look_s = LOOK_TAKES_S + LOOK_ROW_TAKES_S * workers
    return {
        "accept": jobs,
        "refresh": (get("refresh", 0.0) - get("refresh with a new job", 0.0)) * (1 + observers),
        "refresh with a new job": get("refresh with a new job", 0.0) * (1 + observers),
        "claim": claims,
        "lost claim": get("lost_claim", 0.0),
        "image stored": max(images - ended, 0.0),
        "last image stored": ended,
        "job read": jobs + claims + images,
        "events read": images,
        "renew leases": workers * there.busy / RENEW_S,
        "worker row": workers / HEARTBEAT_S,
        "meter": workers / EVERY_S,
        "fleet look": apis * min(1 / look_s, 1 + jobs * (apis - 1) / apis),
        "feeder poll": apis / IDLE_POLL_S,
        "facts look": apis / LOOK_S,
    }


def texts_per_s(counts: Mapping[str, int], seconds: float, there: Processes) -> dict[str, float]:
    """Texts of NOTIFY; each reaches every process."""
    per_s = {name: count / seconds for name, count in counts.items()}
    get = per_s.get
    return {
        "accepted": get("accept", 0.0),
        "rows": get("claim", 0.0) + get("image stored", 0.0),
        "progress": min(there.num_workers * there.busy / TICK_S, get("forward", 0.0)),
        "here": there.total / HERE_S,
    }


def load(counts: Mapping[str, int], seconds: float, there: Processes) -> dict[str, Any]:
    """A second: actions, statements, texts of NOTIFY, texts received by all processes together, and the CPU seconds
    that PostgreSQL needs for them, which are cores."""
    actions, texts = actions_per_s(counts, seconds, there), texts_per_s(counts, seconds, there)
    sent = {name: rate * STATEMENTS[name] for name, rate in actions.items()}
    received = sum(texts.values()) * there.total
    cpu_ms = sum(rate * CPU_MS[name] for name, rate in actions.items())
    cpu_ms += actions["fleet look"] * LOOK_ROW_CPU_MS * there.num_workers
    return {
        "actions": actions,
        "statements_by_action": sent,
        "statements": sum(sent.values()) + sum(texts.values()),
        "texts": texts,
        "texts_sent": sum(texts.values()),
        "texts_received": received,
        "cores_for_statements": cpu_ms / 1000,
        "cores_for_texts": received * TEXT_CPU_MS / 1000,
    }


def busiest(minutes: Sequence[Counter[str]], there: Processes) -> dict[str, Any]:
    """The load of the minute with the most statements."""
    return max((load(counts, 60.0, there) for counts in minutes), key=lambda each: each["statements"], default={})
