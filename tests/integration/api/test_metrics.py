"""What Prometheus reads: it parses, and its values move as pictures are made."""

import asyncio
import re
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.observability import gpu_metrics
from server.observability.gpu_metrics import AllocatorCollector, Gpu, GpuCollector
from tests.fixtures.studio_app import BROKEN_SEED, QUICK

Api = TestClient[Litestar]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
METRICS_GUIDE = Path(__file__).parents[3] / "docs" / "operations" / "metrics.md"
WAIT = {"Prefer": "wait=30"}


def parse(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(api: Api) -> Samples:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parse(answer.text)


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"studio_{name}", frozenset(labels.items())), 0.0)


def test_counters_move_as_pictures_are_made(api: Api) -> None:
    before = scrape(api)
    answer = api.post("/api/generate", json={**QUICK, "num_images": 3, "steps": 4}, headers=WAIT)
    assert answer.json()["status"] == "completed"
    after = scrape(api)

    def moved(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert moved("pictures_total") == 3
    assert moved("jobs", state="completed") == 1
    assert moved("decode_seconds_count") == moved("encode_seconds_count") == moved("store_seconds_count") == 3
    assert moved("wait_seconds_count") == 3
    num_steps = moved("step_seconds_count")
    assert 4 <= num_steps <= 12  # together, or one after the other
    assert moved("step_prediction_ratio_count") == moved("step_rows_count") == num_steps
    assert moved("step_pictures_sum") == 12
    assert moved("step_rows_sum") >= 24
    assert moved("turn_seconds_sum") >= moved("step_seconds_sum") > 0
    assert moved("http_answers_total", route="/api/generate", status="200") == 1


def test_what_waits_and_what_is_made_is_told(api: Api, runner: Any) -> None:
    runner.open_gate.clear()
    try:
        for _ in range(2):
            assert api.post("/api/generate", json=QUICK).status_code == 202
        samples = scrape(api)
        waiting = value(samples, "jobs", state="queued") + value(samples, "jobs", state="processing")
        assert value(samples, "queue_depth") == waiting == 2
    finally:
        runner.open_gate.set()


def test_failures_are_counted_by_code(api: Api) -> None:
    answer = api.post("/api/generate", json={**QUICK, "seed": BROKEN_SEED}, headers=WAIT)
    assert answer.json()["status"] == "failed"
    samples = scrape(api)
    assert value(samples, "pictures_failed_total", code="nan") == 1
    assert value(samples, "jobs", state="failed") == 1
    assert value(samples, "pictures_total") == 0


def test_answers_are_counted_by_what_was_really_sent(api: Api) -> None:
    """Exceptions included: handlers turn them into answers outside every middleware."""
    api.post("/api/generate", json={**QUICK, "steps": 0})
    api.get(f"/api/status/{'0' * 32}")
    api.get("/nowhere/at/all")
    api.put("/api/generate")
    samples = scrape(api)
    assert value(samples, "http_answers_total", route="/api/generate", status="400") == 1
    assert value(samples, "http_answers_total", route="/api/status/{job_id}", status="404") == 1
    routes = {dict(labels)["route"] for name, labels in samples if name == "studio_http_answers_total"}
    assert not any("nowhere" in route for route in routes)
    by_status = {
        status: sum(
            v for (n, labels), v in samples.items() if n == "studio_http_answers_total" and ("status", status) in labels
        )
        for status in ("404", "405")
    }
    assert by_status == {"404": 2, "405": 1}


def test_every_metric_is_explained(api: Api) -> None:
    exported = {family.name for family in text_string_to_metric_families(api.get("/metrics").text)}
    explained = {name.removesuffix("_total") for name in re.findall(r"`(studio_\w+)", METRICS_GUIDE.read_text())}
    gpus = {
        name for name in explained if name.startswith(("studio_gpu_", "studio_torch_"))
    }  # only where there is a GPU
    ours = {name for name in exported if name.startswith("studio_") and not name.endswith("_created")}
    assert ours | gpus == explained


def test_two_servers_in_one_process_do_not_mix(app: Litestar) -> None:
    """A registry of its own: nothing goes into prometheus_client's global one."""
    from prometheus_client import REGISTRY

    assert "studio_" not in generate_latest(REGISTRY).decode()


def test_the_page_for_prometheus_is_no_part_of_the_api_document(app: Litestar) -> None:
    assert "/metrics" not in (app.openapi_schema.paths or {})


def test_a_gpu_that_answers_is_told_and_one_that_does_not_is_left_out() -> None:
    class Lost(Exception):
        pass

    def use_of(gpu: int) -> SimpleNamespace:
        if gpu == 1:
            raise Lost("GPU is lost")
        return SimpleNamespace(gpu=87)

    driver = SimpleNamespace(
        NVMLError=Lost,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda gpu: SimpleNamespace(used=9_000_000_000, total=24_000_000_000),
        nvmlDeviceGetUtilizationRates=use_of,
    )
    registry = CollectorRegistry()
    registry.register(collector := GpuCollector(driver))
    asyncio.run(collector.refresh())
    samples = parse(generate_latest(registry).decode())
    assert samples == {
        ("studio_gpu_memory_used_bytes", frozenset({("gpu", "0")})): 9e9,
        ("studio_gpu_memory_total_bytes", frozenset({("gpu", "0")})): 24e9,
        ("studio_gpu_use_ratio", frozenset({("gpu", "0")})): 0.87,
    }


async def test_a_driver_that_hangs_holds_up_neither_the_loop_nor_a_second_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu_metrics, "PATIENCE_S", 0.05)
    answers, questions = Event(), []

    def memory_of(gpu: int) -> SimpleNamespace:
        questions.append(gpu)
        answers.wait(10)
        return SimpleNamespace(used=1, total=2)

    driver = SimpleNamespace(
        NVMLError=OSError,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=memory_of,
        nvmlDeviceGetUtilizationRates=lambda gpu: SimpleNamespace(gpu=50),
    )
    collector = GpuCollector(driver)
    assert await asyncio.gather(collector.refresh(), collector.refresh()) == [[], []]
    assert await collector.refresh() == []
    answers.set()
    assert await collector.refresh() == await collector.refresh() == [Gpu(0, 1, 2, 0.5)]
    assert questions == [0]  # once, and then the answer is kept


def test_torch_s_allocator_is_read_only_once_it_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    registry = CollectorRegistry()
    registry.register(AllocatorCollector())
    assert parse(generate_latest(registry).decode()) == {}
    stats = {
        "allocated_bytes.all.current": 7_000_000_000,
        "reserved_bytes.all.current": 9_000_000_000,
        "allocated_bytes.all.peak": 8_000_000_000,
        "num_alloc_retries": 3,
        "num_ooms": 1,
    }
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "memory_stats", lambda: stats)
    samples = parse(generate_latest(registry).decode())
    explained = set(re.findall(r"`(studio_torch_\w+)", METRICS_GUIDE.read_text()))
    assert {name for name, _ in samples} == explained
    assert sorted(samples.values()) == sorted(map(float, stats.values()))
