"""A runner without torch: pictures are painted from their parameters, the same each time."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor

from pipelines.plan import ImageError, RawImage, SourceImage, StepPlan, StepResult
from pipelines.spec import ImageSpec, SourceKey


def paint(spec: ImageSpec) -> RawImage:
    """Stripes in colors that depend on every parameter."""
    digest = hashlib.sha256(repr(spec).encode()).digest()
    last = spec.passes[-1]
    row = b"".join(digest[x % 30 : x % 30 + 1] * 3 for x in range(last.width))
    rgb = b"".join(bytes((row[(3 * y) % len(row)],)) + row[1:] for y in range(last.height))
    return RawImage(last.width, last.height, rgb)


class PaintRunner:
    """Carries plans out, `step_s` seconds each, and `row_s` more for each row of a forward. Pictures whose seed is in
    `broken_seeds`, or that use one of `broken_loras` (hash → reason), fail at their decode; while `open_gate` is not
    set, no plan is carried out. `painted` counts the decodes of each picture; `sources` are the encoded ones."""

    def __init__(self, step_s: float = 0.0, broken_seeds: frozenset[int] = frozenset(), row_s: float = 0.0) -> None:
        self.step_s = step_s
        self.row_s = row_s
        self.broken_loras: dict[str, str] = {}
        self.broken_seeds = broken_seeds
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.painted: Counter[str] = Counter()
        self.steps: Counter[str] = Counter()
        self._loras: set[str] = set()
        self._held: dict[str, ImageSpec] = {}
        self._passes: dict[str, int] = {}
        self.sources: dict[SourceKey, SourceImage] = {}

    @property
    def memory(self) -> None:
        return None

    @property
    def resident_loras(self) -> frozenset[str]:
        """Those of every picture so far."""
        return frozenset(self._loras)

    def fetch_loras(self, sha256s: Collection[str]) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    @property
    def held(self) -> frozenset[str]:
        """Begun pictures that are not decoded, failed or released."""
        return frozenset(self._held)

    def execute(self, plan: StepPlan) -> StepResult:
        """On the torch thread. Raises KeyError for a plan that steps or decodes what was not begun."""
        self.open_gate.wait()
        step_s = self.step_s + self.row_s * plan.pad_to_rows if plan.step else 0.0
        if plan.step:
            time.sleep(step_s)
        for image_id in plan.release:
            self._held.pop(image_id, None)
        for key in plan.forget:
            del self.sources[key]
        self.sources |= {order.key: order.image for order in plan.encode}
        for order in plan.begin:
            assert order.image_id not in self._held, f"{order.image_id} was begun twice"
            assert order.spec.source is None or order.spec.source_key in self.sources, "its source is not encoded"
            self._held[order.image_id] = order.spec
            self._passes[order.image_id] = 0
            self._loras.update(lora.sha256 for lora in order.spec.loras)
        self.steps.update(plan.step)
        decoded: dict[str, RawImage] = {}
        failed: dict[str, ImageError] = {}
        for image_id in plan.decode:
            spec = self._held.pop(image_id)
            self.painted[image_id] += 1
            broken = {
                lora.sha256: self.broken_loras[lora.sha256] for lora in spec.loras if lora.sha256 in self.broken_loras
            }
            if broken:
                failed[image_id] = ImageError("lora", "The picture could not be made.", broken)
            elif spec.sampling.seed in self.broken_seeds:
                failed[image_id] = ImageError("nan", "the picture came out as not-a-number")
            else:
                decoded[image_id] = paint(spec)
        begun = {order.image_id: order.spec.pass_evaluations(0) for order in plan.begin}
        for image_id in plan.advance:
            self._passes[image_id] += 1
            begun[image_id] = self._held[image_id].pass_evaluations(self._passes[image_id])
        return StepResult(
            encoded=tuple(order.key for order in plan.encode),
            begun=begun,
            advanced=plan.advance,
            stepped=plan.step,
            decoded=decoded,
            previews={image_id: paint(self._held[image_id]) for image_id in plan.preview},
            failed=failed,
            step_s=max(step_s, 1e-6),
            step_rows=plan.pad_to_rows,
            prepare_s=1e-6 * len(plan.encode + plan.advance),
            decode_s=dict.fromkeys(plan.decode, 1e-6),
        )


class LoraPaintRunner(PaintRunner):
    """Has room for `max_loras` LoRAs, the last used ones, and takes `load_s` to load another. `num_loads` counts."""

    def __init__(self, step_s: float, max_loras: int, load_s: float) -> None:
        super().__init__(step_s)
        self.num_loads = 0
        self._max_loras = max_loras
        self._load_s = load_s
        self._loader = ThreadPoolExecutor(1)
        self._resident: dict[str, None] = {}  # the last used one last

    @property
    def resident_loras(self) -> frozenset[str]:
        return frozenset(self._resident)

    def fetch_loras(self, sha256s: Collection[str]) -> Future[None]:
        return self._loader.submit(self._load, sha256s)

    def execute(self, plan: StepPlan) -> StepResult:
        for order in plan.begin:
            self._touch({lora.sha256 for lora in order.spec.loras})
        return super().execute(plan)

    def forget(self) -> None:
        """Let all LoRAs go."""
        self._resident = {}

    def _load(self, sha256s: Collection[str]) -> None:
        for sha256 in sha256s:
            if sha256 not in self._resident:
                time.sleep(self._load_s)
                self.num_loads += 1
            self._touch({sha256})

    def _touch(self, sha256s: Collection[str]) -> None:
        kept = {known: None for known in self._resident if known not in sha256s} | dict.fromkeys(sha256s)
        self._resident = dict.fromkeys(list(kept)[-self._max_loras :])
