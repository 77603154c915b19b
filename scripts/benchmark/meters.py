"""The server's own account of its time, from /metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

PARTS = ("encode", "step", "decode")
WITHIN = ("0.9", "1.1")  # edges of studio_step_prediction_ratio: 10 % off


@dataclass(frozen=True, slots=True)
class Readings:
    """Counters as they stand, or how far they moved (`later - earlier`)."""

    values: Mapping[str, float]

    def __sub__(self, earlier: "Readings") -> "Readings":
        return Readings({name: value - earlier.values.get(name, 0.0) for name, value in self.values.items()})

    def __getitem__(self, name: str) -> float:
        return self.values.get(name, 0.0)

    @property
    def cpu_s(self) -> float:
        """Of the server's process."""
        return self["process_cpu_seconds_total"]

    @property
    def num_steps(self) -> int:
        return round(self["studio_step_seconds_count"])

    def parts_s(self) -> dict[str, float]:
        """Where the engine's turns went: `other` is the samplers' own steps, previews, planning and the way between the
        threads. `store` runs on other threads, in parallel with the turns."""
        parts = {name: self[f"studio_{name}_seconds_sum"] for name in PARTS}
        other_s = self["studio_turn_seconds_sum"] - sum(parts.values())
        return {**parts, "other": other_s, "store": self["studio_store_seconds_sum"]}

    @property
    def share_well_predicted(self) -> float | None:
        """Share of steps that took what the cost model said, give or take 10 %; None without steps."""
        low, high = (self[f'studio_step_prediction_ratio_bucket le="{edge}"'] for edge in WITHIN)
        count = self["studio_step_prediction_ratio_count"]
        return (high - low) / count if count else None

    def median_prediction_ratio(self) -> float | None:
        """Measured over predicted seconds, by linear interpolation within the buckets."""
        prefix = 'studio_step_prediction_ratio_bucket le="'
        edges = sorted(
            (float(name[len(prefix) : -1]), value) for name, value in self.values.items() if name.startswith(prefix)
        )
        half = self["studio_step_prediction_ratio_count"] / 2
        below_edge, below = 0.0, 0.0
        for edge, count in edges:
            if count >= half > 0:
                return below_edge + (edge - below_edge) * (half - below) / (count - below)
            below_edge, below = edge, count
        return None

    def summary(self) -> dict[str, float | None]:
        """For programs."""
        return {
            "steps": self.num_steps,
            "rows": self["studio_step_rows_sum"],
            "cpu_s": self.cpu_s,
            "embedding_hits": self['studio_embeddings_total cache="hit"'],
            "embedding_misses": self['studio_embeddings_total cache="miss"'],
            "steps_predicted_within_10_percent": self.share_well_predicted,
            "measured_over_predicted": self.median_prediction_ratio(),
        }


def parse_metrics(text: str) -> Readings:
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            values[f"{sample.name} {labels}".strip()] = sample.value
    return Readings(values)


async def read_metrics(http: httpx.AsyncClient) -> Readings:
    answer = await http.get("/metrics")
    answer.raise_for_status()
    return parse_metrics(answer.text)
