"""A machine for the scheduler's tests: carries out plans on a virtual clock and checks that each plan is legal."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.plan import ImageError, RawImage, SourceImage, StepPlan, StepResult
from pipelines.spec import ImageSpec, Pass, Source, SourceKey
from server.engine.backlog import Backlog
from server.engine.cost_model import CostModel
from server.engine.limits import Limits
from server.engine.requests import Candidate, EngineEvent, Finished, Forecast, ImageFailed, ImageRequest
from server.engine.scheduler import Scheduler
from tests.support.builders import image_spec

BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16)
PIXEL = RawImage(1, 1, b"\0\0\0")


SOURCE = Source("a" * 64, 200, 200)
SOURCE_IMAGE = SourceImage(1, 1, b"\0\0\0")


def params(
    steps: int = 10,
    guidance: float = 7.0,
    size: int = 256,
    sampler: str = "euler",
    guidance_end: float = 1.0,
    strength: float = 1.0,
    hires: bool = False,
    upscaler: str | None = None,
) -> ImageSpec:
    """`strength` below 1: made from a source, which `upscaler` enlarges."""
    return image_spec(
        prompt="a boat",
        steps=steps,
        guidance_scale=guidance,
        width=size,
        height=size,
        seed=1,
        sampler=sampler,
        guidance_end=guidance_end,
        strength=strength,
        upscaler=upscaler,
        source=SOURCE if strength < 1 else None,
        more_passes=(Pass(2 * size, 2 * size, steps // 2, 0.5, upscaler="lanczos"),) if hires else (),
    )


def images(job_id: str, owner: str, count: int = 1, arrival_s: float = 0.0, **kwargs: object) -> list[ImageRequest]:
    made = params(**kwargs)  # type: ignore[arg-type]
    source = None if made.source is None else SOURCE_IMAGE
    return [ImageRequest(job_id, i, owner, made.with_seed(1 + i), arrival_s, 77, source) for i in range(count)]


def backlog_of(scheduler: Scheduler, candidates: Iterable[Candidate]) -> Backlog:
    backlog = Backlog(scheduler.seconds_alone)
    backlog.add(candidates)
    return backlog


def candidate(job_id: str, owner: str, arrival_s: float = 0.0, count: int = 1, steps: int = 10) -> Candidate:
    return Candidate(job_id, owner, 2 * steps * count, count, arrival_s, 256 * 256, 2, 256 * 256 * count)


@dataclass
class Machine:
    """Plays the runner: a forward of r rows takes `fixed_s + row_s * r`. Its memory is enough for `max_row_px` picture
    pixels times rows."""

    fixed_s: float = 0.0
    row_s: float = 0.01
    decode_s: float = 0.0
    limits: Limits = field(default_factory=Limits)
    max_row_px: int = 2**62
    now_s: float = 0.0
    watched: set[str] = field(default_factory=set)
    fail_next: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cost = CostModel(BUCKETS)
        self.scheduler = Scheduler(self.cost, self.limits)
        self.params: dict[str, ImageSpec] = {}
        self.passes: dict[str, int] = {}  # begun images: the pass they are in
        self.pieces: dict[str, int] = {}  # images on the way to their next pass: pieces done
        self.encoded: set[SourceKey] = set()
        self.encoding: dict[SourceKey, int] = {}  # pieces done
        self.held: dict[str, int] = {}  # begun images: forwards of the pass still to do
        self.ended: Counter[str] = Counter()
        self.ended_at_s: dict[str, float] = {}
        self.aborted: set[str] = set()
        self.plans: list[StepPlan] = []
        for rows in (1, 2, 4, 8, 16):
            self.cost.observe_step(256 * 256, rows, self.fixed_s + self.row_s * rows)

    def add(self, requests: list[ImageRequest]) -> None:
        self.params |= {request.id: request.spec for request in requests}
        self.scheduler.add(requests)

    def choose(self, candidates: Iterable[Candidate], now_s: float) -> list[str]:
        return self.scheduler.choose(backlog_of(self.scheduler, candidates), now_s)

    def forecast(self, candidates: Iterable[Candidate], now_s: float) -> dict[str, Forecast]:
        """By job, in the order in which they are served."""
        found = self.scheduler.forecast(backlog_of(self.scheduler, candidates), now_s)
        return {job_id: forecast for job_id in found if (forecast := found.get(job_id))}

    def _rows_now(self, image_id: str) -> int:
        """Of the next forward of a begun picture."""
        params = self.params[image_id]
        total = params.pass_evaluations(self.passes[image_id])
        return 2 if total - self.held[image_id] in params.guided(total) else 1

    def _pass(self, image_id: str) -> Pass:
        return self.params[image_id].passes[self.passes[image_id]]

    def _advance(self, plan: StepPlan) -> dict[str, int]:
        """In two pieces. The forwards of the images that are in their next pass then."""
        advanced: dict[str, int] = {}
        for image_id in plan.advance:
            assert self.held[image_id] == 0, "advanced before the last step of the pass"
            self.pieces[image_id] = self.pieces.get(image_id, 0) + 1
            if self.pieces[image_id] == 2:
                del self.pieces[image_id]
                self.passes[image_id] += 1
                advanced[image_id] = self.params[image_id].pass_evaluations(self.passes[image_id])
        return advanced

    def _encode(self, plan: StepPlan) -> tuple[SourceKey, ...]:
        """In three pieces if a network enlarges the source. The sources that are encoded then."""
        for order in plan.encode:
            assert order.key not in self.encoded, "encoded twice"
            self.encoding[order.key] = self.encoding.get(order.key, 0) + 1
        done = tuple(key for key, pieces in self.encoding.items() if pieces == (3 if key.network else 1))
        for key in done:
            del self.encoding[key]
        self.encoded.update(done)
        return done

    def abort(self, job_id: str) -> None:
        """From here on none of the job's images may be in a plan but to be released."""
        self.scheduler.abort(job_id)
        self.aborted.add(job_id)

    def turn(self) -> list[EngineEvent]:
        """One plan, executed and checked. No events and an empty plan when there is nothing to do."""
        plan = self.scheduler.schedule(self.now_s, self.watched.__contains__)
        self.plans.append(plan)
        if plan.empty:
            return []
        result = self._execute(plan)
        events = self.scheduler.update(plan, result, self.now_s)
        for event in events:
            if isinstance(event, Finished | ImageFailed):
                image_id = f"{event.job_id}-{event.index + 1}"
                self.ended[image_id] += 1
                self.ended_at_s[image_id] = self.now_s
        return events

    def run(self, max_turns: int = 100_000) -> None:
        for _ in range(max_turns):
            self.turn()
            if self.plans[-1].empty:
                return
        raise AssertionError(f"still busy after {max_turns} turns")

    def _execute(self, plan: StepPlan) -> StepResult:
        for image_id in plan.release:
            del self.held[image_id]  # KeyError: released twice, or never begun
            self.pieces.pop(image_id, None)
        for key in plan.forget:
            assert (key in self.encoded) != (key in self.encoding), "forgotten twice, or never encoded"
            self.encoded.discard(key)
            self.encoding.pop(key, None)
        encoded = self._encode(plan)
        assert sum(map(bool, (plan.encode, plan.advance, plan.decode, plan.step))) <= 1, "the VAE is alone in its plan"
        assert len(plan.advance) <= 1 and len(plan.encode) <= 1
        working = {*plan.step, *plan.advance, *plan.decode, *(order.image_id for order in plan.begin)}
        assert not {i for i in working if i.rpartition("-")[0] in self.aborted}, "worked on after its cancel"
        begun: dict[str, int] = {}
        for order in plan.begin:
            assert order.image_id not in self.held, "begun twice"
            assert order.spec.source is None or order.spec.source_key in self.encoded, "begun without its source"
            begun[order.image_id] = order.spec.pass_evaluations(0)
            self.passes[order.image_id] = 0
        begun |= (advanced := self._advance(plan))
        self.held |= begun
        rows = sum(map(self._rows_now, plan.step))
        sizes = {(each.width, each.height) for each in map(self._pass, plan.step)}
        assert len(sizes) <= 1, "two BatchKeys in one forward"
        assert rows <= plan.pad_to_rows <= self.limits.row_budget, "row budget exceeded"
        assert len(self.held) <= self.limits.max_begun, "more latents than memory allows"
        assert len(plan.decode) <= 1 and not (plan.decode and plan.step)
        failed = {i: ImageError("nan", "not a number") for i in plan.step if i in self.fail_next}
        stepped = tuple(image_id for image_id in plan.step if image_id not in failed)
        for image_id in stepped:
            assert self.held[image_id] > 0, "stepped past the end"
            self.held[image_id] -= 1
        for image_id in plan.decode:
            assert self.held.pop(image_id) == 0, "decoded before the last step"
            assert self._pass(image_id) == self.params[image_id].passes[-1], "decoded before the last pass"
        for image_id in failed:
            del self.held[image_id]
        num_px = [self._pass(i).num_px for i in plan.step[:1]]
        too_many_rows = plan.pad_to_rows if sum(num_px) * plan.pad_to_rows > self.max_row_px else 0
        step_s = self.fixed_s + self.row_s * plan.pad_to_rows if plan.step else 0.0
        self.now_s += step_s + self.decode_s * (len(plan.decode) + len(plan.advance) + len(plan.encode))
        return StepResult(
            encoded=encoded,
            advanced=tuple(advanced),
            begun={image_id: total for image_id, total in begun.items() if image_id not in failed},
            stepped=stepped,
            decoded=dict.fromkeys(plan.decode, PIXEL),
            previews=dict.fromkeys((i for i in plan.preview if i in stepped), PIXEL),
            failed=failed,
            step_s=step_s,
            step_rows=0 if too_many_rows else plan.pad_to_rows,
            too_many_rows=too_many_rows,
            prepare_s=self.decode_s * len(plan.advance + plan.encode),
            decode_s=dict.fromkeys(plan.decode, self.decode_s),
        )
