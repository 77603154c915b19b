"""A fault in encode, step or decode of one image: its neighbors are as without it, its job ends with a typed error or
is retried, and the next job succeeds. App, database and model are real; only the fault is made.
"""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from litestar.testing import TestClient
from PIL import Image

from pipelines.model.load import LoadedModel, load_model
from pipelines.sdxl import SDXLRunner
from server.app import create_app
from server.config.settings import Settings
from tests.support.demo_model import demo_folder

Place = Literal["encode", "step", "decode"]
Kind = Literal["exception", "nan", "memory"]

VICTIM = "man, blue coat, snow"
NEIGHBORS = ("woman, red dress, beach, sunset", "cat, forest")
NEXT = "house, desert, noon"
CODES = {"exception": "internal", "nan": "nan", "memory": "out_of_memory"}
ERRORS = {
    "exception": RuntimeError("made for this test"),
    "memory": torch.OutOfMemoryError("made for this test"),
}
ENDED = ("completed", "failed", "cancelled")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


class FaultyRunner(SDXLRunner):
    """The real runner, with a fault in its work for the victim, `times` times."""

    def __init__(self, model: LoadedModel, folder: Path, place: Place, kind: Kind, times: int = 1_000_000) -> None:
        super().__init__(model, folder)
        self.kind: Kind = kind
        self.times = times
        self.num_faults = 0
        self.victims_pooled: torch.Tensor | None = None
        encode = self._encoder._encode

        def encode_and_remember(text: str, *how: Any) -> Any:
            if text != VICTIM:
                return encode(text, *how)
            if place == "encode":
                self.strike()
            embedding = encode(text, *how)
            self.victims_pooled = embedding.pooled
            if place == "encode" and kind == "nan":
                embedding.context.fill_(float("nan"))
            return embedding

        self._encoder._encode = encode_and_remember  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        part = {"encode": None, "step": model.unet, "decode": model.vae.decoder}[place]
        self.hook = part.register_forward_hook(getattr(self, f"at_{place}"), with_kwargs=True) if part else None

    def strike(self) -> None:
        if self.num_faults >= self.times:
            return
        self.num_faults += 1
        if self.kind in ERRORS:
            raise ERRORS[self.kind]

    def at_step(self, _: Any, __: Any, options: dict[str, Any], output: tuple[torch.Tensor]) -> None:
        pooled = options["added_cond_kwargs"]["text_embeds"]
        if self.victims_pooled is None:
            return
        victims_rows = (pooled == self.victims_pooled).all(dim=1)
        if victims_rows.any():
            self.strike()
            if self.kind == "nan":
                output[0][victims_rows] = float("nan")

    def at_decode(self, _: Any, __: Any, ___: Any, output: torch.Tensor) -> None:
        if self.decoding_victim:
            self.strike()
            if self.kind == "nan":
                output.fill_(float("nan"))

    def _decode(self, image_id: str, outcome: Any) -> None:
        state = self._states.get(image_id)
        self.decoding_victim = state is not None and state.spec.prompt == VICTIM
        super()._decode(image_id, outcome)


@pytest.fixture
def hooks() -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for hook in filter(None, made):
        hook.remove()


def serve(folder: Path, make_runner: Any) -> TestClient[Any]:
    settings = Settings(data_dir=folder, default_model="base", lora_dir=folder / "none", rate_limit_per_hour=0)
    return TestClient(create_app(settings, make_runner), base_url="http://studio.test")


def submit(api: TestClient[Any], prompt: str) -> str:
    order = {"prompt": prompt, "num_images": 1, "steps": 4, "width": 128, "height": 128, "seed": 5, "format": "png"}
    answer = api.post("/api/generate", json=order)
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


def status(api: TestClient[Any], job: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        answer = api.get(f"/api/status/{job}", params={"wait": 30}).json()
        if answer["status"] in ENDED or time.monotonic() > deadline:
            return answer


def picture(api: TestClient[Any], job: str) -> np.ndarray:
    (output,) = api.get(f"/api/result/{job}").json()["outputs"]
    return np.asarray(Image.open(BytesIO(api.get(output["url"]).content)), dtype=np.int16)


@pytest.fixture(scope="module")
def undisturbed(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The image of each prompt without a fault."""
    pictures: dict[str, np.ndarray] = {}
    with serve(tmp_path_factory.mktemp("alone"), lambda _, loras: SDXLRunner(model, loras)) as api:
        for prompt in (VICTIM, *NEIGHBORS, NEXT):
            job = submit(api, prompt)
            assert status(api, job)["status"] == "completed"
            pictures[prompt] = picture(api, job)
    return pictures


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((abs(one - other) <= 1).mean() >= 0.999)


@pytest.mark.parametrize("kind", ["exception", "nan", "memory"])
@pytest.mark.parametrize("place", ["encode", "step", "decode"])
def test_a_fault_fails_its_own_job_only(
    model: LoadedModel,
    tmp_path: Path,
    undisturbed: dict[str, np.ndarray],
    hooks: list[Any],
    place: Place,
    kind: Kind,
) -> None:
    made: list[FaultyRunner] = []

    def make_runner(_: Settings, loras: Path) -> FaultyRunner:
        made.append(FaultyRunner(model, loras, place, kind))
        hooks.append(made[0].hook)
        return made[0]

    with serve(tmp_path, make_runner) as api:
        jobs = {prompt: submit(api, prompt) for prompt in (NEIGHBORS[0], VICTIM, NEIGHBORS[1])}
        victim = status(api, jobs[VICTIM])
        assert victim["status"] == "failed"
        assert victim["error"]["code"] == CODES[kind]
        for prompt in NEIGHBORS:
            assert status(api, jobs[prompt])["status"] == "completed"
            assert same(picture(api, jobs[prompt]), undisturbed[prompt])
        after = submit(api, NEXT)
        assert status(api, after)["status"] == "completed"
        assert same(picture(api, after), undisturbed[NEXT])
    assert made[0].num_faults > 0


@pytest.mark.parametrize("kind", ["exception", "memory"])
def test_a_step_that_fails_once_fails_no_job(
    model: LoadedModel, tmp_path: Path, undisturbed: dict[str, np.ndarray], hooks: list[Any], kind: Kind
) -> None:
    def make_runner(_: Settings, loras: Path) -> FaultyRunner:
        runner = FaultyRunner(model, loras, "step", kind, times=1)
        hooks.append(runner.hook)
        return runner

    with serve(tmp_path, make_runner) as api:
        jobs = {prompt: submit(api, prompt) for prompt in (NEIGHBORS[0], VICTIM)}
        for prompt, job in jobs.items():
            assert status(api, job)["status"] == "completed"
            assert same(picture(api, job), undisturbed[prompt])
