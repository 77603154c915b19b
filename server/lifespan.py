"""The lifespan of a process: what is ready before the first request, the background loops, the shutdown."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import Any

from litestar import Litestar
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.config.settings import Settings
from server.container import Container, WorkerHalf
from server.db.session import in_one_line
from server.observability.loop_watch import LoopWatch
from server.worker.idle import when_idle
from server.worker.runner import Runner, RunnerFactory
from server.worker.warm_up import warm_up

log = logging.getLogger(__name__)

CANCEL_AGAIN_S = 1.0
DRAINED_LOOK_S = 0.5


class Lifespan:
    """Runs a container. Calls `on_failure`, on the event loop, when the process cannot go on: the model cannot be
    loaded or a loop has ended on an error; `on_idle` after STUDIO_IDLE_EXIT_MIN without a job and without a stream."""

    start_failed = False

    def __init__(
        self,
        settings: Settings,
        make_runner: RunnerFactory,
        on_failure: Callable[[], None],
        on_idle: Callable[[], None],
    ) -> None:
        """Raises BaseModelError, DataFolderError, NetworkFilesystem, RoleError and StoreError."""
        self.container = Container(settings)
        self.settings = settings
        self.make_runner = make_runner
        self.on_failure = on_failure
        self.on_idle = on_idle

    @asynccontextmanager
    async def running(self, _: Litestar) -> AsyncGenerator[None]:
        parts = self.container
        watches = (parts.shared.store_health.run(), parts.shared.folder.watch())
        loops = [asyncio.create_task(watch) for watch in watches]  # each ends when it is cancelled
        working: WorkerTasks | None = None
        peering: asyncio.Task[None] | None = None
        try:
            await self.open()
            working = WorkerTasks(self, parts.worker) if parts.worker else None
            await self.prepare()
            await parts.shared.store_health.first_check()
            if working is not None:
                working.start()
            loops += [asyncio.create_task(loop) for loop in self.loops()]
            if parts.shared.moderation is not None:
                loops.append(asyncio.create_task(parts.shared.moderation.run(self.model_loaded(working))))
            peering = asyncio.create_task(parts.peers.run())
            yield
        finally:
            parts.hub.close()
            await cancelled(loops)
            if working is not None:
                await working.stop_claiming()
            if peering is not None:
                await cancelled([peering])
            if working is not None:
                await working.stop_making()
            parts.torch_thread.shutdown()
            if parts.shared.moderation is not None:
                parts.shared.moderation.close()
            if parts.api is not None:
                await parts.api.facts.close()
                parts.api.passwords.close()
            await parts.database.close()
            parts.shared.folder.close()

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """The background loops, by role."""
        parts, loras = self.container, self.container.shared.loras
        loop_watch = LoopWatch(parts.shared.metrics.on_loop_lag)
        loops: list[Coroutine[Any, Any, None]] = [loras.follow(), loop_watch.run()]
        if self.settings.lora_watch_s:
            loops.append(loras.watch(self.settings.lora_watch_s))
        if parts.api is not None:
            api = parts.api
            loops += [api.remover.run(), api.retention.run(), api.assets.run(), api.facts.follow(), api.feeder.run()]
        if parts.previews is not None and parts.database.is_shared:
            loops.append(parts.previews.run())
        if parts.observer is not None:
            loops.append(parts.observer.run())
        return loops

    def model_loaded(self, working: "WorkerTasks | None") -> Awaitable[object] | None:
        """What a classifier of transformers waits for: two threads must not import torch at the same time."""
        return working.loading if working is not None and self.settings.moderation_model is not None else None

    async def open(self) -> None:
        """Migrate the schema and look into the LoRA folder, before the model is loaded: a mistake of the operator ends
        the start immediately."""
        url = make_url(self.settings.resolved_database_url)  # shown without its password
        with self._reported(f"the database {url} cannot be used"):
            await self.container.database.migrate()
        folder = self.settings.lora_dir
        with self._reported(f"the LoRA folder {folder} cannot be read (STUDIO_LORA_DIR)"), suppress(FileNotFoundError):
            await asyncio.to_thread(os.listdir, folder)

    async def prepare(self) -> None:
        """Fill the LoRA table and, where it is quick, hash the base model."""
        with self._reported("the LoRAs cannot be loaded"):
            await self.container.shared.loras.start()
        if self.settings.role != "worker":
            with self._reported("the database cannot be written"):
                await self.container.set_target()
        if self.container.base.quickly_read:
            with self._reported(f"the base model {self.settings.base_model} cannot be read"):
                await self.container.base.identify()

    @contextmanager
    def _reported(self, trouble: str) -> Generator[None]:
        """Log an error that ends the start, in one line."""
        try:
            yield
        except (OSError, SQLAlchemyError) as error:
            self.start_failed = True
            log.error("the server cannot start: %s: %s", trouble, in_one_line(error))
            raise

    async def busy(self) -> bool:
        return self.container.hub.num_readers > 0 or await self.container.shared.counts.any_unfinished()

    def give_up(self, reason: str) -> None:
        log.error("the server cannot go on: %s", reason)
        self.container.readiness.not_ready(reason)
        self.on_failure()

    def begin_stop(self) -> None:
        """The first things of a shutdown, before it waits for open connections: end streams and waits, begin no further
        step, hand the jobs back."""
        self.container.hub.close()
        if (worker := self.container.worker) is not None:
            worker.registration.set_state("draining")
            worker.dispatcher.begin_stop()
            worker.engine.stop()


class WorkerTasks:
    """The tasks of the worker half."""

    def __init__(self, lifespan: Lifespan, worker: WorkerHalf) -> None:
        """Begins to load the model."""
        self._lifespan = lifespan
        self._parts = lifespan.container
        self._worker = worker
        self.loading = asyncio.create_task(self.load())
        self._making: asyncio.Task[None] | None = None
        self._dispatching: asyncio.Task[None] | None = None
        self._reporting: Sequence[asyncio.Task[None]] = ()

    def start(self) -> None:
        """The database is ready."""
        self._making = asyncio.create_task(self.make_images())
        self._dispatching = asyncio.create_task(self.dispatch())
        loops = (self._worker.registration.run(), self._worker.meter.run(), self.leave_when_drained())
        self._reporting = [asyncio.create_task(loop) for loop in loops]

    async def stop_claiming(self) -> None:
        """Complete the deliveries in flight and release the jobs."""
        if self._reporting:
            await cancelled(self._reporting)
            await self._worker.registration.report()
            await self._worker.meter.report()
        if self._dispatching is not None:
            await self._worker.dispatcher.stop()
            await self._dispatching

    async def stop_making(self) -> None:
        """Wait for the plan in flight, or for the model that is being loaded."""
        self._worker.engine.stop()
        self._parts.base.cancel_fetch()
        await asyncio.wait([self._making or self.loading])

    async def load(self) -> Runner:
        """The runner, once its model is on this disk and in memory; the weights are hashed meanwhile."""
        base, settings = self._parts.base, self._parts.settings
        await base.fetch()
        identified = asyncio.create_task(base.identify())
        runner = await asyncio.get_running_loop().run_in_executor(
            self._parts.torch_thread,
            self._lifespan.make_runner,
            replace(settings, base_model=base.path),
            self._parts.shared.folder.loras,
        )
        await identified
        return runner

    async def make_images(self) -> None:
        """Wait for the model, measure it, then run the engine."""
        parts, engine = self._parts, self._worker.engine
        info = parts.base.info
        try:
            runner = await self.loading
            if parts.base.is_remote:  # only now it is known which layers its LoRAs can change
                parts.shared.library.base_layers = await asyncio.to_thread(parts.base.layers)
                await parts.shared.loras.reload()
            if runner.memory is not None:
                parts.shared.metrics.on_memory_measured(runner.memory, info.native_width * info.native_height)
            await warm_up(engine, runner.execute, info, parts.settings)
        except Exception as error:  # a model folder can be wrong in more ways than there are types
            log.debug("the whole error", exc_info=error)
            self._lifespan.give_up(f"{parts.settings.base_model} cannot make pictures: {error}")
            return
        parts.readiness.ready()
        self._worker.registration.set_state("ready")
        leaving = asyncio.create_task(self.leave_when_idle())
        log.info("%s is loaded: ready to make pictures", info.name)
        try:
            await engine.run(runner.execute, self._worker.listener, runner)
        except Exception:
            log.exception("the engine ended")
            self._lifespan.give_up("the loop that makes pictures has ended on an error")
        finally:
            leaving.cancel()

    async def leave_when_idle(self) -> None:
        """Counted from the moment when the server is ready: loading the model does not count as idle."""
        idle_exit_min = self._parts.settings.idle_exit_min
        if idle_exit_min:
            await when_idle(self._lifespan.busy, idle_exit_min * 60, self._lifespan.on_idle)

    async def leave_when_drained(self) -> None:
        """End the process where the operator has ordered it to drain and exit, once it is empty. Until cancelled."""
        registration, dispatcher = self._worker.registration, self._worker.dispatcher
        while True:
            await asyncio.sleep(DRAINED_LOOK_S)
            if registration.order is not None and registration.order.exits and dispatcher.is_empty:
                log.info("drained by the operator's order: the server ends")
                self._lifespan.on_idle()
                return

    async def dispatch(self) -> None:
        try:
            await self._worker.dispatcher.run()
        except Exception:
            log.exception("the dispatcher ended")
            self._lifespan.give_up("the loop that takes jobs from the queue has ended on an error")


async def cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel and wait: their connections are closed before the database is. Cancel again where a cancel was lost: a
    database error can take its place, and a task that survives such errors goes on."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
