"""Upscalers of the folder, over the whole API: what can be named, what is kept in the metadata, a reload."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.config.settings import Settings
from tests.fixtures.studio_app import studio_settings
from tests.integration.api.test_image_to_image import errors, finish, pixels
from tests.support.fake_runner import PaintRunner
from tests.support.upscalers import COMPACT, X2, write_upscaler

Api = TestClient[Litestar]
NAME = "4x sharp, v2"
OPERATOR = {"Authorization": "Bearer " + "k" * 20}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "upscalers"
    write_upscaler(folder / f"{NAME}.safetensors", COMPACT)
    (folder / "old.pth").write_bytes(b"\x80\x02")
    return folder


@pytest.fixture
def settings(tmp_path: Path, database_url: str, folder: Path) -> Settings:
    return replace(studio_settings(tmp_path, database_url), upscaler_dir=folder, admin_key="k" * 20)


def upscalers(api: Api) -> list[str]:
    return api.get("/api/options").json()["image_to_image"]["upscalers"]


def rejected(report: dict[str, Any]) -> dict[str, str]:
    return {each["file"]: each["reason"] for each in report["rejected"]}


def test_a_reload_reads_the_folder_of_upscalers_too(api: Api, folder: Path) -> None:
    assert upscalers(api) == ["latent", "lanczos", NAME]
    write_upscaler(folder / "Anime.safetensors", X2)
    (folder / f"{NAME}.safetensors").write_bytes(b"<html>")
    report = api.post("/api/loras/reload", headers=OPERATOR).json()
    assert upscalers(api) == ["latent", "lanczos", "Anime"]
    reasons = rejected(report)
    assert "others can run code" in reasons["upscalers/old.pth"]
    assert f"upscalers/{NAME}.safetensors" in reasons
    assert "one of latent, lanczos, Anime" in errors(api, hires={"upscaler": NAME})["hires.upscaler"]


def test_a_second_pass_by_a_network(api: Api, runner: PaintRunner) -> None:
    made = finish(api, width=32, height=32, hires={"scale": 2, "strength": 0.5, "upscaler": NAME})
    (output,) = made["outputs"]
    assert made["metadata"]["hires"]["upscaler"] == NAME
    assert f'Hires upscaler: "{NAME}"' in pixels(api, output).info["parameters"]


def test_an_upscaled_picture_has_its_upscaler_in_its_metadata_and_can_be_asked_for_again(
    api: Api, runner: PaintRunner, folder: Path
) -> None:
    (first,) = finish(api, width=32, height=32)["outputs"]
    made = finish(api, f"/api/images/{first['id']}/upscale", scale=2, upscaler=NAME)
    (output,) = made["outputs"]
    assert made["metadata"]["init"]["upscaler"] == NAME
    assert (made["metadata"]["width"], made["metadata"]["height"]) == (64, 64)
    assert f'Upscaler: "{NAME}"' in pixels(api, output).info["parameters"]
    assert not runner.sources

    named = {name: made["metadata"][name] for name in ("init", "width", "height", "seed")}
    again = finish(api, **named, num_images=1)
    assert again["metadata"]["init"] == made["metadata"]["init"]
    assert pixels(api, again["outputs"][0]).tobytes() == pixels(api, output).tobytes()

    plain = finish(api, f"/api/images/{first['id']}/upscale")
    assert plain["metadata"]["init"]["upscaler"] == "lanczos"
    (folder / f"{NAME}.safetensors").unlink()
    api.post("/api/loras/reload", headers=OPERATOR)
    refused = errors(api, f"/api/jobs/{made['job_id']}/again")
    assert refused == {"upscaler": "one of latent, lanczos"}


def test_an_init_image_is_enlarged_as_far_as_a_second_pass(api: Api) -> None:
    (first,) = finish(api, width=64, height=64)["outputs"]
    init = {"from_image": first["id"], "strength": 0.5, "upscaler": "lanczos"}
    (output,) = finish(api, init=init, width=128, height=96)["outputs"]
    assert (output["width"], output["height"]) == (128, 96)
    table: list[tuple[dict[str, Any], str, str]] = [
        ({"init": init}, "init.upscaler", "together with width and height"),
        ({"init": {**init, "upscaler": "latent"}, "width": 128, "height": 128}, "init.upscaler", f"lanczos, {NAME}"),
        ({"init": {**init, "upscaler": "../x"}, "width": 128, "height": 128}, "init.upscaler", f"lanczos, {NAME}"),
        ({"init": init, "width": 256, "height": 128}, "width", "width times height up to"),
        ({"init": {**init, "upscaler": None}, "width": 256, "height": 64}, "width", "to 128"),
        ({"init": init, "extend": {"left": 8}}, "init.upscaler", "without mask and extend"),
    ]
    for fields, field, allowed in table:
        refused = errors(api, **fields)
        assert allowed in refused[field], (fields, refused)


def test_without_a_folder_there_are_the_built_in_ones(tmp_path: Path, database_url: str) -> None:
    from server.app import create_app
    from tests.fixtures.studio_app import client

    missing = replace(studio_settings(tmp_path / "other", database_url), upscaler_dir=tmp_path / "none")
    with client(create_app(missing, make_runner=lambda *_: PaintRunner())) as api:
        assert upscalers(api) == ["latent", "lanczos"]
