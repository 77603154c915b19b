"""The life of a server: what is ready before the first request, the loops beside the requests, the end of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from litestar import Litestar
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.config.settings import Settings
from server.container import Parts
from server.worker.idle import when_idle
from server.worker.runner import Runner, RunnerFactory
from server.worker.warm_up import warm_up

log = logging.getLogger(__name__)

CANCEL_AGAIN_S = 1.0


class Studio(Parts):
    """One server, from its start to its end. `on_failure` is called, on the event loop, when it cannot go on: the model
    cannot be loaded, or the loop that makes pictures has ended on an error; `on_idle` when nobody has used it for as
    long as STUDIO_IDLE_EXIT_MIN says."""

    start_failed = False

    def __init__(
        self,
        settings: Settings,
        make_runner: RunnerFactory,
        on_failure: Callable[[], None],
        on_idle: Callable[[], None],
    ) -> None:
        """Raises BaseModelError, DataFolderInUse, NetworkFilesystem and StoreError."""
        super().__init__(settings)
        self.make_runner = make_runner
        self.on_failure = on_failure
        self.on_idle = on_idle

    @asynccontextmanager
    async def running(self, _: Litestar) -> AsyncGenerator[None]:
        """The lifespan: everything that must be right before the first request, then the two loops, until the end."""
        loading = asyncio.create_task(self.load())
        beside = [asyncio.create_task(self.store_watch.run())]  # what ends by being cancelled
        making: asyncio.Task[None] | None = None
        dispatching: asyncio.Task[None] | None = None
        relaying: asyncio.Task[None] | None = None
        try:
            await self.prepare()
            await self.store_watch.first_check()
            making = asyncio.create_task(self.make_pictures(loading))
            dispatching = asyncio.create_task(self.dispatch())
            beside += [asyncio.create_task(each.run()) for each in (self.remover, self.retention)]
            beside.append(asyncio.create_task(self.loras.follow()))
            relaying = asyncio.create_task(self.relay.run())
            if self.settings.lora_watch_s:
                beside.append(asyncio.create_task(self.loras.watch(self.settings.lora_watch_s)))
            yield
        finally:
            self.feed.close()
            await _ended(beside)
            if dispatching is not None:
                await self.dispatcher.stop()
                await dispatching
            if relaying is not None:
                await _ended([relaying])
            self.engine.stop()
            self.base.cancel_fetch()
            await asyncio.wait([making or loading])
            self.torch_thread.shutdown()
            self.passwords.close()
            await self.database.close()
            self.folder.close()

    async def prepare(self) -> None:
        """The schema, the LoRA table and, where it is quick, the base model's hash, before the first request."""
        try:
            await self.database.migrate()
            await self.loras.start()
            if self.base.quickly_read:
                await self.base.identify()
        except (OSError, SQLAlchemyError) as error:
            self.start_failed = True
            url = make_url(self.settings.resolved_database_url)  # shown without its password
            log.error("the server cannot start: the database %s cannot be used: %s", url, error)
            raise

    async def load(self) -> Runner:
        """The runner, once its model is on this disk and in memory; the model is hashed meanwhile."""
        await self.base.fetch()
        identified = asyncio.create_task(self.base.identify())
        settings = replace(self.settings, base_model=self.base.path)
        runner = await asyncio.get_running_loop().run_in_executor(
            self.torch_thread, self.make_runner, settings, self.folder.loras
        )
        await identified
        return runner

    async def make_pictures(self, loading: "asyncio.Task[Runner]") -> None:
        """Wait for the model, measure it, then run the engine."""
        try:
            runner = await loading
            if self.base.is_remote:  # only now is known what its LoRAs can change
                self.library.base_layers = await asyncio.to_thread(self.base.layers)
                await self.loras.reload()
            await warm_up(self.engine, runner.execute, self.info, self.settings)
        except Exception as error:  # a model folder can be wrong in more ways than there are types
            log.debug("the whole error", exc_info=error)
            self.give_up(f"{self.settings.base_model} cannot make pictures: {error}")
            return
        self.readiness.ready()
        leaving = asyncio.create_task(self.leave_when_idle())
        log.info("%s is loaded: ready to make pictures", self.info.name)
        try:
            await self.engine.run(runner.execute, runner)
        except Exception:
            log.exception("the engine ended")
            self.give_up("the loop that makes pictures has ended on an error")
        finally:
            leaving.cancel()

    async def leave_when_idle(self) -> None:
        """Counted from the moment when the server is ready: a model that is still being loaded is no reason to go."""
        if self.settings.idle_exit_min:
            await when_idle(self.busy, self.settings.idle_exit_min * 60, self.on_idle)

    async def busy(self) -> bool:
        return self.feed.num_readers > 0 or await self.jobs.any_unfinished()

    async def dispatch(self) -> None:
        try:
            await self.dispatcher.run()
        except Exception:
            log.exception("the dispatcher ended")
            self.give_up("the loop that takes jobs from the queue has ended on an error")

    def give_up(self, reason: str) -> None:
        log.error("the server cannot go on: %s", reason)
        self.readiness.not_ready(reason)
        self.on_failure()

    def begin_stop(self) -> None:
        """End open event streams and waits, begin no further step and hand the jobs back: the first things of a
        shutdown, before it waits for open connections."""
        self.feed.close()
        self.dispatcher.begin_stop()
        self.engine.stop()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancels them and waits: their connections are closed before the database is. More than once where it must be: an
    error of the database that comes of a cancel can take its place, and a task that lives with such errors goes on."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
