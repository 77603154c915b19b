"""Versions side by side on a real server: the report, the sheet, each cell as made alone, and after a kill -9."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from scripts.measure import compare
from tests.support.demo_model import share_within_one_level
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ServerProcess

COMMON: dict[str, Any] = {"steps": 3, "width": 128, "height": 128, "format": "png"}
PROMPT = "woman, (red dress:1.3), beach"
VARIANTS: list[dict[str, Any]] = [
    {"model_name": "jade-v1"},
    {"model_name": "jade-v1", "model_weight": 0.4, "loras": [{"name": "amber", "weight": 0.6}]},
    {"model_name": None},
]
ASKED: dict[str, Any] = {**COMMON, "prompts": [PROMPT], "seeds": [1, 2, 3], "variants": VARIANTS}


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def result(demo: ServerProcess, job_id: str) -> dict[str, Any]:
    return demo.http.get(f"/api/result/{job_id}").json()


def test_the_cells_are_the_pictures_made_one_by_one(demo: ServerProcess) -> None:
    job_id = demo.http.post("/api/compare", json=ASKED).json()["job_id"]
    assert ended(demo, job_id)["status"] == "completed"
    made = pictures(demo, job_id)
    assert share_within_one_level(pixels(made[0]), pixels(made[1])) < 0.9  # the variants do something
    for output, data in zip(result(demo, job_id)["outputs"], made, strict=True):
        variant = VARIANTS[output["variant_index"]]
        alone = submit(demo, prompt=PROMPT, seed=output["seed"], num_images=1, **COMMON, **variant)
        ended(demo, alone)
        assert share_within_one_level(pixels(pictures(demo, alone)[0]), pixels(data)) >= 0.999
    sheet = Image.open(BytesIO(demo.http.get(f"/api/jobs/{job_id}/contact-sheet").content))
    assert sheet.width > 3 * 256 and sheet.height > 3 * 256


def test_the_report_holds_every_picture_and_escapes_every_text(demo: ServerProcess, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    arguments = ["--url", demo.url, "--seeds", "1,2", "--variant", "jade-v1:0.5+amber", "--variant", "base"]
    arguments += ["--steps", "1", "--width", "128", "--height", "128", "--out", str(out)]
    assert compare.main([*arguments, "--prompt", "woman <script>alert(1)</script>"]) == 0
    text = out.read_text(encoding="utf-8")
    assert text.count('<img src="data:image/jpeg;base64,') == 4
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "http" not in text.replace("http-equiv", "")
    assert all(each in text for each in ("jade-v1:0.5 + amber", "seed 2", "SHA-256"))


def test_what_goes_wrong_is_said(demo: ServerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--prompt", "red", "--seeds", "1", "--out", str(tmp_path / "report.html")]
    assert compare.main([*arguments, "--url", demo.url, "--variant", "nobody"]) == 1
    assert "variants[0].model_name: no LoRA is called 'nobody'" in capsys.readouterr().err
    assert compare.main([*arguments, "--url", "http://127.0.0.1:9", "--variant", "base"]) == 1
    assert not (tmp_path / "report.html").exists()


def test_after_kill_9_it_goes_on_from_the_pictures_it_lacks(demo: ServerProcess) -> None:
    job_id = demo.http.post("/api/compare", json={**ASKED, "steps": 6}).json()["job_id"]
    until_s = time.monotonic() + 60
    while not (before := result(demo, job_id)["outputs"]):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    demo.kill()
    with pytest.raises(httpx.TransportError):
        demo.http.get("/healthz")
    demo.start()
    assert ended(demo, job_id)["status"] == "completed"
    job_result = result(demo, job_id)
    assert [(output["seed"], output["variant_index"]) for output in job_result["outputs"]] == [
        (seed, variant) for seed in (1, 2, 3) for variant in range(3)
    ]
    stored = {output["id"]: output["bytes"] for output in job_result["outputs"]}
    assert all(stored[output["id"]] == output["bytes"] for output in before)
