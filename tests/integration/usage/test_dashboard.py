"""Grafana's dashboard asks for what /metrics has: each metric and each label of its queries."""

import asyncio
import json
import re
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.observability.gpu_metrics import GpuCollector
from tests.fixtures.studio_app import BROKEN_SEED, QUICK

DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "lora-studio.json"
GUIDE = DASHBOARD.parents[2] / "docs" / "operations" / "monitoring.md"
OF_PROMETHEUS = {"instance", "job"}
GPU = SimpleNamespace(
    NVMLError=OSError,
    nvmlDeviceGetCount=lambda: 1,
    nvmlDeviceGetHandleByIndex=lambda index: index,
    nvmlDeviceGetMemoryInfo=lambda gpu: SimpleNamespace(used=1, total=2),
    nvmlDeviceGetUtilizationRates=lambda gpu: SimpleNamespace(gpu=50),
)


def labels_of(text: str) -> dict[str, set[str]]:
    """Of each sample's name."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    return found


def queries(panels: list[dict]) -> list[tuple[str, str]]:
    """Expressions with their legends."""
    return [(target["expr"], target["legendFormat"]) for panel in panels for target in panel["targets"]]


def test_each_metric_and_label_of_a_query_exists(api: TestClient[Litestar]) -> None:
    for seed in (1, BROKEN_SEED):
        api.post("/api/generate", json={**QUICK, "seed": seed}, headers={"Prefer": "wait=30"})
    registry = CollectorRegistry()
    registry.register(collector := GpuCollector(GPU))
    asyncio.run(collector.refresh())
    known = labels_of(api.get("/metrics").text) | labels_of(generate_latest(registry).decode())
    asked = queries(json.loads(DASHBOARD.read_text())["panels"])
    assert len(asked) > 20
    for expression, legend in asked:
        metrics = re.findall(r"\bstudio_\w+", expression)
        assert metrics and set(metrics) <= known.keys(), expression
        selected = re.findall(r"(studio_\w+)\{([^}]*)\}", expression)
        for metric, selector in selected:
            names = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
            assert names and names <= known[metric], f"{expression}: {names - known[metric]}"
        grouped = {name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")}
        everywhere = set.union(*(known[metric] for metric in metrics)) | OF_PROMETHEUS
        assert grouped <= everywhere, f"{expression}: {grouped - everywhere}"
        shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
        assert shown <= (grouped or everywhere), f"{legend} of {expression}"
    assert "deploy/grafana/lora-studio.json" in GUIDE.read_text()


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
