"""Variants and wildcards through the API: words by the seed, the same again, and what the catalog lists."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.config.settings import Settings
from tests.fixtures.studio_app import QUICK, client
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
KEY = "operator-key-of-16"


@pytest.fixture
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database is enough here."""
    return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('db') / 'studio.db'}"


@pytest.fixture
def varied(settings: Settings, runner: PaintRunner) -> Iterator[Api]:
    folder = settings.data_dir.parent / "wildcards"
    folder.mkdir()
    (folder / "color.txt").write_text("red\nblue\ngreen\n")
    app = create_app(replace(settings, wildcard_dir=folder, admin_key=KEY), make_runner=lambda *_: runner)
    with client(app) as running:
        yield running


def made(api: Api, path: str = "/api/generate", **body: object) -> dict[str, Any]:
    answer = api.post(path, json=body, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def words(job: dict[str, Any]) -> list[str]:
    return [each["final_prompt"] for each in job["outputs"]]


def test_each_image_has_its_words_and_again_repeats_them(varied: Api) -> None:
    asked = {**QUICK, "prompt": "__color__ dress, {sea|forest}", "num_images": 8, "seed": 3, "model_name": None}
    first = made(varied, **asked)
    drawn = words(first)
    assert len(set(drawn)) > 2
    assert made(varied, **asked)["metadata"]["final_prompt"] == "\n".join(dict.fromkeys(drawn))
    assert first["metadata"]["prompt"] == "__color__ dress, {sea|forest}"
    shown = varied.post("/api/prompts/expand", json={"prompt": asked["prompt"], "seed": 3, "num_prompts": 8}).json()
    assert shown == {"prompts": drawn, "num_combinations": 6}
    again = made(varied, f"/api/jobs/{first['job_id']}/again", seed="new")
    assert words(again) == drawn


def test_combinations_are_made_one_after_the_other(varied: Api) -> None:
    job = made(varied, **{**QUICK, "prompt": "{a|b} {c|d}", "num_images": 4, "expansion": "combinatorial"})
    assert [each.split(", ")[-1] for each in words(job)] == ["a c", "a d", "b c", "b d"]


def test_plain_syntax_and_unknown_wildcards_are_text(varied: Api) -> None:
    plain = made(varied, **QUICK | {"prompt": "{a|b} __color__", "prompt_syntax": "plain", "model_name": None})
    assert plain["metadata"]["final_prompt"] == "{a|b} __color__"
    unknown = made(varied, **QUICK | {"prompt": "__nope__ dress", "model_name": None})
    assert unknown["metadata"]["final_prompt"] == "__nope__ dress"
    assert any("a wildcard is not supported" in warning for warning in unknown["warnings"])
    assert "final_prompt" not in unknown["outputs"][0]


def test_a_comparison_draws_by_the_seed_of_the_cell(varied: Api) -> None:
    job = made(
        varied,
        "/api/compare",
        prompts=["{a|b|c|d|e|f} dress"],
        seeds=[1, 2, 3],
        variants=[{}, {"model_name": "amber"}],
        steps=2,
        width=32,
        height=32,
    )
    assert job["metadata"]["final_prompts"] == [job["metadata"]["final_prompt"]]


def test_what_cannot_be_expanded_names_the_field(varied: Api) -> None:
    for field in ("prompt", "negative_prompt"):
        answer = varied.post("/api/generate", json={**QUICK, field: "{" * 30})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert varied.post("/api/prompts/expand", json={"prompt": "{" * 30}).status_code == 400


def test_wildcards_are_listed_and_reload_with_the_loras(varied: Api, settings: Settings) -> None:
    listed = varied.get("/api/wildcards").json()
    assert listed == {"wildcards": [{"name": "color", "num_values": 3, "values": ["red", "blue", "green"]}]}
    folder = settings.data_dir.parent / "wildcards"
    (folder / "time.txt").write_text("noon")
    (folder / "bad name.txt").write_text("noon")
    rejected = varied.post("/api/loras/reload", headers={"Authorization": f"Bearer {KEY}"}).json()["rejected"]
    assert [each["file"] for each in rejected] == ["wildcards/bad name.txt"]
    assert [each["name"] for each in varied.get("/api/wildcards").json()["wildcards"]] == ["color", "time"]
