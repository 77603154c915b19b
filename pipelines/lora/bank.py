"""The LoRA bank: resident LoRAs as stacked matrices, so that each row of a forward has its own. Torch thread.

Batched LoRA products over a shared base model follow Punica (arXiv 2310.18547) and S-LoRA (arXiv 2311.03285), here
without custom kernels. Base weights are never written to. The slots of a rank bucket are the same in all layers; a
layer has stacks only if a LoRA in the bank changes it.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import Any

from torch import Tensor

from pipelines.device import to_device
from pipelines.lora.backend import (
    AdapterSet,
    LoraTerms,
    MixedTerm,
    RowLayout,
    Run,
    RunTerm,
)
from pipelines.lora.compiled import CompiledLayer, compiled_names
from pipelines.lora.layer import BankLayer, CurrentTerms, Stack
from pipelines.lora.loader import LoraLoader
from pipelines.lora.rank_bucket import RankBucket, bucket_rank
from pipelines.lora.weights import LoraWeights, lora_layers
from pipelines.model.load import LoadedModel

log = logging.getLogger(__name__)

MAX_COMPILED_SLOTS = 17
MAX_RUNS = 2
"""Runs of rows that are worth products of their own: a run takes two launches in each layer, a mixed term four."""


class LoraBank:
    """Keeps the most recently used LoRAs within `max_bytes`.

    LoRAs of begun images are never evicted; an image whose own LoRAs exceed the limit is made alone. `compiled_rank`:
    if not 0, the blocks of the UNet are compiled, and LoRAs up to this rank share one bucket, whose shapes stay the
    same. `by_runs`: rows with the same LoRA may be computed together. Not where the bits of a row must not depend on
    its neighbors, nor in a compiled UNet: its graph would.
    """

    def __init__(
        self,
        model: LoadedModel,
        loader: LoraLoader,
        max_bytes: int,
        compiled_rank: int = 0,
        by_runs: bool = True,
    ) -> None:
        self.loader = loader
        self._device, self._dtype = model.device, model.dtype
        self._max_bytes = max_bytes
        self._current = CurrentTerms()
        self._layers = {
            name: BankLayer(number, layer, self._current)
            for number, (name, layer) in enumerate(lora_layers(model).items())
        }
        self._compiled_rank = compiled_rank and bucket_rank(compiled_rank)
        self._buckets: dict[int, RankBucket] = {}
        if compiled_rank:
            self._buckets[self._compiled_rank] = self._compiled_bucket(model.unet)
        self._bucket_of: OrderedDict[str, RankBucket] = OrderedDict()  # by hash, the least recently used first
        self._resident: frozenset[str] = frozenset()
        self._by_runs = by_runs
        self._hooked: bool | None = False  # None: stacks were added or removed since

    def _compiled_bucket(self, unet: Any) -> RankBucket:
        """As many slots as have room, if every LoRA changes every layer."""
        rank = self._compiled_rank
        slot_bytes = rank * self._dtype.itemsize * sum(layer.values_per_rank for layer in self._layers.values())
        num_slots = min(max(self._max_bytes // slot_bytes, 2), MAX_COMPILED_SLOTS)
        names = compiled_names(unet)
        for number, (name, layer) in enumerate(self._layers.items()):
            if name in names:
                stack = Stack.zeros(num_slots, rank, layer.weight_shape, self._device, self._dtype)
                self._layers[name] = CompiledLayer(number, unet.get_submodule(name[5:]), self._current, rank, stack)
        return RankBucket(rank, self._layers, self._device, self._dtype, num_slots, names)

    def blank_terms(self, num_rows: int) -> LoraTerms:
        """Terms of the kind that a forward of rows with one LoRA each has, which change nothing."""
        if not self._compiled_rank:
            return ()
        layout = RowLayout(ranks=(self._compiled_rank,), numbers=(0.0,) * (2 * num_rows))
        return self.place(layout, to_device(layout.numbers, self._device))

    @property
    def resident(self) -> frozenset[str]:
        return self._resident

    @property
    def num_bytes(self) -> int:
        """Memory of all stacks, free slots included."""
        return sum(bucket.num_bytes for bucket in self._buckets.values())

    def admit(self, adapters: AdapterSet, in_use: Collection[str]) -> bool:
        own = [sha256 for sha256, _ in adapters]
        absent = [sha256 for sha256 in own if sha256 not in self._bucket_of]
        loaded = {sha256: weights for sha256 in absent if (weights := self.loader.look(sha256)) is not None}
        if loaded.keys() != set(absent):
            return False  # place none: it could evict a LoRA that another image waits for
        for sha256 in own:
            if sha256 in self._bucket_of:
                self._bucket_of.move_to_end(sha256)
        others_in_use = not set(in_use) <= set(own)
        try:
            return all(self._put(sha256, weights, {*in_use, *own}, others_in_use) for sha256, weights in loaded.items())
        finally:
            self._resident = frozenset(self._bucket_of)

    def prepare(self, rows: Sequence[AdapterSet]) -> RowLayout:
        by_rank = [self._by_rank(adapters) for adapters in rows]
        run_terms: list[RunTerm] = []
        ranks: list[int] = []
        numbers: list[float] = []
        for rank in sorted(set(chain.from_iterable(by_rank))):
            for turn in range(max(len(loras.get(rank, ())) for loras in by_rank)):
                loras = [dict(enumerate(loras.get(rank, ()))).get(turn, ("", 0.0)) for loras in by_rank]
                runs = self._runs(self._buckets[rank], loras)
                if self._by_runs and len(runs) <= MAX_RUNS:
                    run_terms.append(RunTerm(rank, runs))
                    continue
                slot_of = self._buckets[rank].slot_of
                ranks.append(rank)
                numbers += [*(slot_of.get(sha256, 0) for sha256, _ in loras), *(weight for _, weight in loras)]
        return RowLayout(tuple(run_terms), tuple(ranks), tuple(numbers))

    def _by_rank(self, adapters: AdapterSet) -> dict[int, list[tuple[str, float]]]:
        """The LoRAs of a row by the rank of their bucket."""
        loras: dict[int, list[tuple[str, float]]] = {}
        for sha256, weight in adapters:
            loras.setdefault(self._bucket_of[sha256].rank, []).append((sha256, weight))
        return loras

    def _runs(self, bucket: RankBucket, loras: Sequence[tuple[str, float]]) -> tuple[Run, ...]:
        """The rows with a LoRA; `loras` has one for each row, or ""."""
        runs: list[Run] = []
        start = 0
        for (sha256, weight), equal in groupby(loras):
            stop = start + len(list(equal))
            if sha256:
                rows = None if stop - start == len(loras) else slice(start, stop)
                runs.append(Run(rows, bucket.slot_of[sha256], weight, bucket.scales_of[sha256]))
            start = stop
        return tuple(runs)

    def place(self, layout: RowLayout, numbers: Tensor) -> LoraTerms:
        if not layout.ranks:
            return layout.run_terms
        terms: list[MixedTerm] = []
        for rank, (slots, weights) in zip(layout.ranks, numbers.view(len(layout.ranks), 2, -1), strict=True):
            indices = slots.long()
            scales = self._buckets[rank].scales.index_select(1, indices) * weights  # (layers, B)
            terms.append(MixedTerm(rank, indices, scales.to(self._dtype)))
        return (*layout.run_terms, *terms)

    @contextmanager
    def applied(self, terms: LoraTerms) -> Generator[None]:
        self._hook(bool(terms))
        self._current.terms = terms
        try:
            yield
        finally:
            self._current.terms = ()

    def _hook(self, wanted: bool) -> None:
        """Attach or detach the hooks: a forward without LoRAs runs the bare layers."""
        if self._hooked is wanted:
            return
        for layer in self._layers.values():
            if wanted and layer.stacks:
                layer.attach()
            else:
                layer.detach()
        self._hooked = wanted

    def _put(self, sha256: str, weights: LoraWeights, staying: Collection[str], others_in_use: bool) -> bool:
        """Returns False if there is no room now."""
        started_s = time.perf_counter()
        rank = max(bucket_rank(weights.rank), self._compiled_rank)
        bucket = self._buckets.setdefault(rank, RankBucket(rank, self._layers, self._device, self._dtype))
        num_slots = self._make_room(bucket, weights, staying, others_in_use)
        if num_slots is None:
            return False
        self._hooked = None
        try:
            bucket.put(sha256, weights, num_slots)
        except Exception:
            bucket.drop(sha256)
            raise
        self._bucket_of[sha256] = bucket
        self.loader.forget(sha256)
        taken_ms = 1000 * (time.perf_counter() - started_s)
        log.info("LoRA %s: copied into the bank in %.1f ms; bank %.1f MB", sha256[:12], taken_ms, self.num_bytes / 1e6)
        return True

    def _make_room(
        self, bucket: RankBucket, weights: LoraWeights, staying: Collection[str], others_in_use: bool
    ) -> int | None:
        """Evict until a slot count of the bucket fits, and return it; None if other images must end before it fits."""
        while True:
            others = self.num_bytes - bucket.num_bytes
            for num_slots in bucket.sizes():
                if others + bucket.bytes_with(weights, num_slots) <= self._max_bytes:
                    return num_slots
            unused = next((sha256 for sha256 in self._bucket_of if sha256 not in staying), None)
            if unused is None:
                return None if others_in_use else bucket.sizes()[-1]
            self._evict(unused, shrink=self._bucket_of[unused] is not bucket)

    def _evict(self, sha256: str, shrink: bool) -> None:
        bucket = self._bucket_of.pop(sha256)
        bucket.drop(sha256)
        if shrink and bucket.slot_of:
            bucket.shrink()
        self._hooked = None
        log.info("LoRA %s: evicted from the bank", sha256[:12])
