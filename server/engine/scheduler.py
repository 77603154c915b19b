"""The scheduler: which images step next. Pure policy: no torch, no asyncio, no clock of its own.

    plan = scheduler.schedule(now_s, watched)
    result = runner.execute(plan)              # on the torch thread
    events = scheduler.update(plan, result, now_s)

Between the two calls `add` and `abort` may be called; they take effect in the next plan. One scheduler belongs to one
engine and lives on the event loop.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pipelines.plan import BatchKey, BeginOrder, EncodeOrder, Piece, StepPlan, StepResult
from pipelines.spec import ImageSpec, SourceKey
from server.engine.backlog import Backlog
from server.engine.cost_model import KINDS, CostModel
from server.engine.forecast import QueueForecast
from server.engine.limits import Limits
from server.engine.ordering import FairShare, JobWork
from server.engine.requests import (
    Candidate,
    EngineEvent,
    Finished,
    Forecast,
    ImageFailed,
    ImageRequest,
    Phase,
    Previewed,
    Progressed,
)
from server.engine.shares import share_out


class Scheduler:
    def __init__(self, cost: CostModel, limits: Limits) -> None:
        self.cost = cost
        self.limits = limits
        self._requests: dict[str, ImageRequest] = {}
        self._release: list[str] = []
        self._alone = ""
        self._fair = FairShare()
        self._encoded: set[SourceKey] = set()  # the runner keeps them
        self._encoding: set[SourceKey] = set()  # a piece of the work is done, or is in the plan that runs
        self._prepared_last = False  # the last plan encoded a source or prepared a pass
        self._fitting_rows: dict[int, int] = {}  # pixels of an image → rows of a forward that memory is enough for

    def __len__(self) -> int:
        return len(self._requests)

    # ---- jobs come and go

    def seconds_alone(self, job: Candidate) -> float:
        """What the job would take if it ran alone, by the cost model."""
        return self._seconds(job.work, job.num_px, job.rows * job.num_images)

    def choose(
        self, backlog: Backlog, now_s: float, is_makeable: Callable[[str], bool] = lambda job_id: True
    ) -> list[str]:
        """The jobs of the backlog worth claiming now: the first two row budgets of the whole order. The rest stay in
        the database, where cancelling them is free and other processes can claim them. A job that runs alone is chosen
        once no other job is here, and nothing with it."""
        if any(True for _ in self._images_of(self._alone)):
            return []
        backlog.revalue()
        chosen: list[str] = []
        rows = 0
        for _, job in self._fair.order(self._works().values(), now_s, backlog.owners):
            if rows >= 2 * self.limits.row_budget:
                break
            candidate = backlog.get(job.job_id)
            if candidate is None:
                rows += sum(request.rows for request in self._images_of(job.job_id))
            elif is_makeable(candidate.job_id):
                if candidate.alone:
                    if not chosen and not self._requests:
                        self._alone = candidate.job_id
                        return [candidate.job_id]
                    break
                chosen.append(candidate.job_id)
                rows += candidate.rows * candidate.num_images
        return chosen

    def add(self, requests: Iterable[ImageRequest]) -> None:
        """Take over claimed images. An image that is here already stays as it is."""
        for request in requests:
            self._requests.setdefault(request.id, request)

    def abort(self, job_id: str) -> None:
        """Forget the job's images; the next plan releases what the runner holds of them."""
        for request in list(self._images_of(job_id)):
            self._end(request, release=request.phase is not Phase.WAITING)

    # ---- one turn

    def schedule(self, now_s: float, watched: Callable[[str], bool]) -> StepPlan:
        """The next plan; empty when there is nothing to do. `watched(job_id)`: True if a client watches its
        previews."""
        release, self._release = tuple(self._release), []
        forget = tuple((self._encoded | self._encoding) - self._wanted_sources())
        self._encoded, self._encoding = self._encoded.difference(forget), self._encoding.difference(forget)
        works = self._works()
        images = list(self._in_order(works, now_s))
        for image in images:
            if image.phase is Phase.DECODING:  # alone in its plan: it is delivered before the next step
                return StepPlan(decode=(image.id,), release=release, forget=forget)
        step = self._share_forward(images)
        if (prepared := self._prepare(images, between_steps=bool(step))) is not None:
            return replace(prepared, release=release, forget=forget)
        self._prepared_last = False
        begin = tuple(BeginOrder(p.id, p.spec) for p in step if p.phase is Phase.WAITING)
        for image in step:
            if image.phase is Phase.WAITING:
                image.phase, image.begun_at_s = Phase.STEPPING, now_s
                self._fair.start(works[image.job_id], works.values(), now_s)
            self._fair.served(works[image.job_id], now_s)
        rows = sum(image.rows for image in step)
        return StepPlan(
            begin=begin,
            step=tuple(image.id for image in step),
            pad_to_rows=self.limits.computed_rows(rows, self.cost.bucket(rows)) if step else 0,
            preview=tuple(p.id for p in step if self._preview_due(p) and watched(p.job_id)),
            release=release,
            forget=forget,
        )

    def update(self, plan: StepPlan, result: StepResult, now_s: float) -> list[EngineEvent]:
        """Apply a result. Images that were aborted meanwhile are skipped, also where they have been added again: then
        they wait for a new beginning, and the result is not theirs."""
        self._learn(plan, result)
        share_out(plan, result, self._requests)
        events: list[EngineEvent] = []
        self._encoding.difference_update(result.encoded, result.encode_failed)
        self._encoded.update(result.encoded)
        for key, error in result.encode_failed.items():
            for image in [image for image in self._requests.values() if image.spec.source_key == key]:
                self._end(image, release=image.phase is not Phase.WAITING)
                events.append(ImageFailed(image.job_id, image.index, error))
        for image_id in result.advanced:
            if image := self._held(image_id):
                image.pass_index, image.pass_done, image.phase = image.pass_index + 1, 0, Phase.STEPPING
        for image_id, error in result.failed.items():
            if image := self._held(image_id):
                self._end(image, release=False)
                events.append(ImageFailed(image.job_id, image.index, error))
        for image_id, evaluations in result.begun.items():
            if image := self._held(image_id):
                image.pass_totals[image.pass_index] = evaluations
        for image_id in result.stepped:
            if image := self._held(image_id):
                events.append(self._stepped(image))
        for image_id, pixels in result.previews.items():
            if image := self._held(image_id):
                events.append(Previewed(image.job_id, image.index, pixels))
        for image_id, pixels in result.decoded.items():
            if image := self._held(image_id):
                times = image.times(now_s, result.decode_s.get(image_id, 0.0))
                events.append(Finished(image.job_id, image.index, image.spec, pixels, times))
                self._end(image, release=False)
        return events

    def put_back(self, image_ids: Iterable[str]) -> list[ImageRequest]:
        """Return deferred images to WAITING (a LoRA was not loaded yet). Unknown ids are ignored. Returns the requeued
        requests."""
        found = [image for image_id in image_ids if (image := self._held(image_id))]
        for image in found:
            image.restart()
        return found

    def note_memory(self, num_px: int, result: StepResult) -> None:
        """Where a forward was too large for memory, forwards of this size and larger sizes have fewer rows from now
        on."""
        if result.too_many_rows:
            self._fitting_rows[num_px] = self.cost.bucket_below(result.too_many_rows)

    # ---- what readers ask

    def expected_step_s(self, plan: StepPlan) -> float:
        """Seconds that the plan's UNet forward is expected to take; 0 where it has none."""
        first = next((self._requests[i] for i in plan.step if i in self._requests), None)
        return 0.0 if first is None else self.cost.step_s(_px(first), plan.pad_to_rows)

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        """Image index → (UNet evaluations done, in all), for the images that are here."""
        return {p.index: (p.evaluations_done, p.evaluations_total) for p in self._images_of(job_id)}

    def forecast(self, backlog: Backlog, now_s: float, num_workers: int = 1) -> QueueForecast:
        """Queue position and seconds to the end of every job here and in the backlog, if nothing else arrives and so
        many workers share them."""
        backlog.revalue()
        forecast = QueueForecast()
        for place, job in self._fair.order(self._works().values(), now_s, backlog.owners):
            seconds = self._seconds_of(job, backlog.get(job.job_id)) / num_workers
            forecast.append(job.job_id, place, seconds, is_started=self._fair.started(job.job_id))
        return forecast

    def forecast_newcomer(
        self, job: Candidate, backlog: Backlog, known: QueueForecast, now_s: float, num_workers: int = 1
    ) -> Forecast:
        """Of a job that `known` lacks, without another look at the whole queue."""
        work = JobWork(job.job_id, job.owner, self.seconds_alone(job), job.arrival_s, job.in_batch)
        place = self._fair.place(work, self._works().values(), now_s, backlog.owners)
        return known.newcomer(place, self._seconds_of(work, job) / num_workers)

    # ---- inside

    def _seconds_of(self, job: JobWork, candidate: Candidate | None) -> float:
        parts = [candidate] if candidate else [image.spec for image in self._images_of(job.job_id)]  # the job is here
        return job.remaining_s + self.cost.begin_s() + sum(map(self._vae_s, parts))

    def _vae_s(self, of: Candidate | ImageSpec) -> float:
        """Seconds of the VAE and of upscalers."""
        px = {"decode": of.vae_px, "encode": of.encode_px, "upscale": of.upscale_px}
        return sum(self.cost.piece_s(kind, of.num_px) * px[kind] for kind in KINDS) / max(of.num_px, 1)

    def _in_order(self, works: Mapping[str, JobWork], now_s: float) -> Iterator[ImageRequest]:
        for _, job in self._fair.order(works.values(), now_s):
            yield from sorted(self._images_of(job.job_id), key=lambda request: request.index)

    def _share_forward(self, images: list[ImageRequest]) -> list[ImageRequest]:
        """The first image in order, and as many of its BatchKey after it as are worth their rows."""
        room = self.limits.max_begun - sum(p.phase is not Phase.WAITING for p in self._requests.values())
        step: list[ImageRequest] = []
        budget, key = 0, None
        for image in images:
            if not self._can_step(image) or (image.phase is Phase.WAITING and room <= 0):
                continue
            loras = image.spec.loras if self.limits.one_lora_set else ()
            if key is None:
                key = (image.batch_key, loras)
                budget = self._budget(image.batch_key, image.rows)
            if (image.batch_key, loras) == key and image.rows <= budget:
                budget -= image.rows
                room -= image.phase is Phase.WAITING
                step.append(image)
        return step

    def _can_step(self, image: ImageRequest) -> bool:
        if image.phase is not Phase.WAITING:
            return image.ready and image.phase is Phase.STEPPING
        return image.can_begin and (image.spec.source is None or image.spec.source_key in self._encoded)

    def _prepare(self, images: list[ImageRequest], *, between_steps: bool) -> StepPlan | None:
        """The next source to encode or pass to prepare, alone in its plan. Where others can step, they take a step
        between two of these plans."""
        if between_steps and self._prepared_last:
            return None
        room = self.limits.max_begun - sum(p.phase is not Phase.WAITING for p in self._requests.values())
        for image in images:
            key = image.spec.source_key
            if image.phase is Phase.ADVANCING:
                self._prepared_last = True
                return StepPlan(advance=(image.id,))
            if image.phase is Phase.WAITING and key is not None and key not in self._encoded and image.can_begin:
                assert image.source is not None
                if room <= 0:
                    continue
                self._prepared_last = True
                self._encoding.add(key)
                return StepPlan(encode=(EncodeOrder(key, image.source),))
        return None

    def _wanted_sources(self) -> set[SourceKey]:
        """Of images that are not begun."""
        return {key for p in self._requests.values() if p.phase is Phase.WAITING and (key := p.spec.source_key)}

    def _budget(self, key: BatchKey, leader_rows: int) -> int:
        if self.limits.exact_rows:
            return self.limits.exact_rows
        num_px = key.width * key.height
        fitting = min((rows for px, rows in self._fitting_rows.items() if px <= num_px), default=self.limits.max_rows)
        return max(leader_rows, min(fitting, self.cost.knee(num_px, self.limits.max_rows)))

    def _preview_due(self, image: ImageRequest) -> bool:
        done = image.evaluations_done + 1
        return done % self.limits.preview_every == 0 and done < image.evaluations_total

    def _stepped(self, image: ImageRequest) -> EngineEvent:
        image.pass_done += 1
        if image.pass_done >= image.pass_totals[image.pass_index]:
            is_last = image.pass_index == len(image.spec.passes) - 1
            image.phase = Phase.DECODING if is_last else Phase.ADVANCING
        return Progressed(image.job_id, image.index, image.evaluations_done, image.evaluations_total)

    def _learn(self, plan: StepPlan, result: StepResult) -> None:
        if result.begun:
            self.cost.observe_begin(result.begin_s)
        if (leader := next((self._requests[i] for i in plan.step if i in self._requests), None)) is not None:
            self.note_memory(_px(leader), result)
        stepped = next((self._requests[i] for i in result.stepped if i in self._requests), None)
        if stepped is not None and result.step_rows:
            self.cost.observe_step(_px(stepped), result.step_rows, result.step_s)
        for image_id, seconds in result.decode_s.items():
            if image := self._requests.get(image_id):
                self.cost.observe_piece(Piece("decode", image.spec.passes[-1].num_px), seconds)
        for piece, seconds in result.pieces:
            self.cost.observe_piece(piece, seconds)

    def _end(self, request: ImageRequest, *, release: bool) -> None:
        request.phase = Phase.ENDED
        del self._requests[request.id]
        if release:
            self._release.append(request.id)
        if not any(True for _ in self._images_of(request.job_id)):
            self._fair.end(request.job_id)
        if not self._requests:
            self._fair.idle()

    def _held(self, image_id: str) -> ImageRequest | None:
        """The image, if it is here and has begun."""
        image = self._requests.get(image_id)
        return None if image is None or image.phase is Phase.WAITING else image

    def _images_of(self, job_id: str) -> Iterator[ImageRequest]:
        return (request for request in self._requests.values() if request.job_id == job_id)

    def _works(self) -> dict[str, JobWork]:
        by_job: dict[str, list[ImageRequest]] = {}
        for request in self._requests.values():
            by_job.setdefault(request.job_id, []).append(request)
        return {job_id: _work_of(requests, self._seconds) for job_id, requests in by_job.items()}

    def _seconds(self, work: int, num_px: int, rows: int) -> float:
        """Seconds that `work` row evaluations take when up to `rows` of them can share a forward."""
        if exact := self.limits.exact_rows:
            return work * self.cost.step_s(num_px, exact) / min(max(rows, 1), exact)
        return work * self.cost.row_s(num_px, min(max(rows, 1), self.cost.knee(num_px, self.limits.row_budget)))


def _work_of(images: list[ImageRequest], seconds: Callable[[int, int, int], float]) -> JobWork:
    first = images[0]
    rows = sum(image.rows for image in images)
    work_by_px: dict[int, int] = {}
    for num_px, work in (each for image in images for each in image.works()):
        work_by_px[num_px] = work_by_px.get(num_px, 0) + work
    remaining_s = sum(seconds(work, num_px, rows) for num_px, work in work_by_px.items())
    return JobWork(first.job_id, first.owner, remaining_s, first.arrival_s, first.in_batch)


def _px(image: ImageRequest) -> int:
    """Pixels of its next step."""
    return image.spec.passes[image.pass_index].num_px
