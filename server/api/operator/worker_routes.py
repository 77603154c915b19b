"""Operator endpoints: the workers."""

from typing import Annotated, Literal

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from server.api.accounts.schemas import utc
from server.api.auth.guards import operator
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.api.operator.worker_schemas import Drained, OperatorWorkers, Worker
from server.errors import INVALID_REQUEST, NOT_FOUND, OPERATORS_ONLY, UNAUTHORIZED, StudioError
from server.queue.workers import FINISH, HAND_BACK, DrainOrder
from server.usage.workers import Workers, WorkerView

REFUSED = (UNAUTHORIZED, OPERATORS_ONLY)
WORKER = Worker(
    id="0123456789abcdef0123456789abcdef-89abcdef",
    state="ready",
    base_model="sdxl-base-1.0",
    version="0.1.0",
    gpu="NVIDIA GeForce RTX 4090",
    memory_used_bytes=14_200_000_000,
    memory_total_bytes=25_300_000_000,
    resident_loras=["jade-v1"],
    step_s=0.42,
    rows=7.6,
    jobs=[examples.JOB_ID],
    started_at="2026-11-22T09:00:00Z",
    heartbeat_at="2026-11-22T10:00:00Z",
    heartbeat_age_s=1.2,
    drain=None,
    exits=False,
)
WORKERS = OperatorWorkers(
    wanted=2, alive=1, queued_gpu_s=71.0, held_gpu_s=12.5, target_s=60.0, min=0, max=4, workers=[WORKER]
)
ORDER = Drained(jobs=HAND_BACK, exit=True)
WorkerId = Annotated[
    str,
    PathParameter(
        description="A worker's id.",
        pattern="^[0-9a-f]{32}-[0-9a-f]{8}$",
        examples=[Example("worker", value=WORKER.id)],
    ),
]


class WorkersController(Controller):
    path = "/api/operator/workers"
    tags = ("operator",)
    guards = (operator,)

    @get(
        operation_id="operator_workers",
        summary="The workers",
        description="The processes that make pictures, and how many the accepted jobs want.",
        responses={200: examples.answers(WORKERS, "The newest first"), **documented(*REFUSED)},
    )
    async def all(self, workers: NamedDependency[Workers]) -> OperatorWorkers:
        demand, views = await workers.list()
        return OperatorWorkers(
            wanted=demand.wanted,
            alive=demand.num_workers,
            queued_gpu_s=round(demand.queued_gpu_s, 3),
            held_gpu_s=round(demand.held_gpu_s, 3),
            target_s=demand.target.target_s,
            min=demand.target.min_workers,
            max=demand.target.max_workers,
            workers=[_worker(view) for view in views],
        )

    @post(
        "/{worker_id:str}/drain",
        status_code=200,
        before_request=body_like(ORDER),
        operation_id="drain_worker",
        summary="Drain a worker",
        description="It takes no more jobs, within 3 s. It finishes the jobs that it holds, or hands them back, and"
        " exits if asked.",
        responses={200: examples.answers(WORKER, "The worker"), **documented(*REFUSED, NOT_FOUND, INVALID_REQUEST)},
    )
    async def drain(
        self,
        worker_id: WorkerId,
        data: Annotated[Drained, json_body(ORDER)],
        workers: NamedDependency[Workers],
    ) -> Worker:
        return await _ordered(workers, worker_id, DrainOrder(data.jobs == HAND_BACK, data.exit))

    @delete(
        "/{worker_id:str}/drain",
        status_code=200,
        operation_id="undrain_worker",
        summary="Let a drained worker take jobs again",
        responses={200: examples.answers(WORKER, "The worker"), **documented(*REFUSED, NOT_FOUND, INVALID_REQUEST)},
    )
    async def undrain(self, worker_id: WorkerId, workers: NamedDependency[Workers]) -> Worker:
        return await _ordered(workers, worker_id, None)


async def _ordered(workers: Workers, worker_id: str, order: DrainOrder | None) -> Worker:
    view = await workers.give_order(worker_id, order)
    if view is None:
        raise StudioError(NOT_FOUND, f"no living worker has the id {worker_id}")
    return _worker(view)


def _worker(view: WorkerView) -> Worker:
    row, order = view.row, view.order
    return Worker(
        id=view.id,
        state=_state(view),
        base_model=row.base_name,
        version=row.version or None,
        gpu=row.gpu,
        memory_used_bytes=row.memory_used_bytes,
        memory_total_bytes=row.memory_total_bytes,
        resident_loras=list(view.loras),
        step_s=row.step_s,
        rows=row.step_rows,
        jobs=list(view.job_ids),
        started_at=utc(row.started_at_s),
        heartbeat_at=utc(row.heartbeat_at_s),
        heartbeat_age_s=round(view.silent_s, 1),
        drain=None if order is None else HAND_BACK if order.hand_back else FINISH,
        exits=order is not None and order.exits,
    )


def _state(view: WorkerView) -> Literal["loading", "ready", "draining", "gone"]:
    if not view.is_alive:
        return "gone"
    return "loading" if view.row.state == "loading" else "ready" if view.row.state == "ready" else "draining"
