"""Pictures to keep: a download, all of a job as a zip, and both for a page hosted elsewhere."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select

from pipelines.plan import StepPlan, StepResult
from server.app import create_app
from server.config.settings import Settings
from server.db.models import ImageRow
from server.db.session import Database
from tests.fixtures.studio_app import BROKEN_SEED, QUICK, client
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}
ELSEWHERE = "https://app.example.org"


def finish(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api/generate", json={**QUICK, **fields}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def open_zip(api: Api, job_id: str) -> ZipFile:
    answer = api.get(f"/api/jobs/{job_id}/zip")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    return ZipFile(BytesIO(answer.content))


def missing(answer: Any) -> str:
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["detail"]


def lose(settings: Settings, output: dict[str, Any]) -> None:
    """The picture's file is gone, its row is not."""
    (settings.data_dir / "pictures" / urlsplit(output["url"]).path.removeprefix("/files/")).unlink()


@pytest.mark.parametrize(
    ("name", "ending", "media_type"),
    [("jpeg", "jpg", "image/jpeg"), ("png", "png", "image/png"), ("webp", "webp", "image/webp")],
)
def test_a_download_is_the_stored_picture_under_a_telling_name(
    api: Api, name: str, ending: str, media_type: str
) -> None:
    job = finish(api, prompt="Red dress, BEACH sunset!", format=name, seed=7)
    (output,) = job["outputs"]
    assert output["filename"] == f"red-dress-beach-sunset-7.{ending}"
    assert output["download_url"] == f"http://studio.test:8000/api/images/{output['id']}/download"
    answer = api.get(output["download_url"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{output["filename"]}"'
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == api.get(output["url"]).content
    assert len(answer.content) == output["bytes"]


async def counts(database_url: str) -> list[int]:
    database = Database(database_url)
    async with database.read() as session:
        found = list(await session.scalars(select(ImageRow.downloads).order_by(ImageRow.n)))
    await database.close()
    return found


def test_downloads_are_counted(api: Api, database_url: str) -> None:
    job = finish(api, num_images=2)
    for n in (0, 0, 1):
        assert api.get(job["outputs"][n]["download_url"]).status_code == 200
    assert api.get(job["outputs"][1]["url"]).status_code == 200, "looking is not counted"
    assert asyncio.run(counts(database_url)) == [2, 1]


@pytest.mark.parametrize("address", ["url", "thumbnail_url", "download_url"])
def test_a_reader_may_ask_for_a_part(api: Api, address: str) -> None:
    url = finish(api)["outputs"][0][address]
    whole = api.get(url)
    assert whole.headers["accept-ranges"] == "bytes"
    size, etag = len(whole.content), whole.headers["etag"]
    part = api.get(url, headers={"Range": "bytes=10-19", "If-Range": etag})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert api.get(url, headers={"Range": "bytes=10-19", "If-Range": '"other"'}).content == whole.content
    beyond = api.get(url, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert beyond.json()["type"] == "urn:lora-studio:problem:range-not-satisfiable"
    head = api.head(url)
    assert (head.status_code, head.content) == (200, b"")
    same = ("content-length", "content-type", "etag", "cache-control", "content-disposition", "x-content-type-options")
    assert [head.headers.get(name) for name in same] == [whole.headers.get(name) for name in same]
    assert api.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_a_download_in_parts_is_counted_once(api: Api, database_url: str) -> None:
    url = finish(api)["outputs"][0]["download_url"]
    for part in ("bytes=0-9", "bytes=10-19", "bytes=20-"):
        assert api.get(url, headers={"Range": part}).status_code == 206
    assert api.head(url).status_code == 200
    assert asyncio.run(counts(database_url)) == [1]


@pytest.mark.parametrize("image_id", ["{}-2", "{}-0", "{}-01", "{}", "nope", "Ä" * 40])
def test_an_unknown_picture_is_a_404(api: Api, image_id: str) -> None:
    job_id = finish(api)["job_id"]
    assert "no picture has the id" in missing(api.get(f"/api/images/{image_id.format(job_id)}/download"))


def test_a_zip_holds_every_picture_in_order_byte_for_byte(api: Api) -> None:
    job = finish(api, num_images=3, seed=2**32 - 2)
    answer = api.get(f"/api/jobs/{job['job_id']}/zip")
    named = f"red-dress-beach-sunset-{job['job_id'][:8]}.zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{named}"'
    with open_zip(api, job["job_id"]) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"red-dress-beach-sunset-{n}.jpg" for n in (2**32 - 2, 2**32 - 1, 0)]
        assert archive.namelist() == [output["filename"] for output in job["outputs"]]
        for output in job["outputs"]:
            assert archive.read(output["filename"]) == api.get(output["url"]).content


class OneImageRunner(PaintRunner):
    """Stops once it has painted the first picture of a job."""

    stopped = False

    def execute(self, plan: StepPlan) -> StepResult:
        result = super().execute(plan)
        if not self.stopped and any(not image_id.startswith("calibration") for image_id in result.decoded):
            self.stopped = True
            self.open_gate.clear()
        return result


@pytest.fixture
def halting(settings: Settings) -> Iterator[Api]:
    """A server that takes pictures one by one and stops behind the first."""
    runner = OneImageRunner()
    with client(create_app(replace(settings, max_rows=2), make_runner=lambda *_: runner)) as api:
        yield api
        runner.open_gate.set()


def test_a_zip_of_a_running_job_holds_what_is_finished(halting: Api) -> None:
    job_id = halting.post("/api/generate", json={**QUICK, "num_images": 3, "seed": 7}).json()["job_id"]
    end_s = time.monotonic() + 20
    while not (status := halting.get(f"/api/status/{job_id}").json())["images_completed"]:
        assert time.monotonic() < end_s, status
        time.sleep(0.02)
    assert (status["status"], status["images_completed"]) == ("processing", 1)
    with open_zip(halting, job_id) as archive:
        assert archive.namelist() == ["red-dress-beach-sunset-7.jpg"]


def test_a_zip_of_a_failed_job_holds_what_was_finished(api: Api) -> None:
    job = finish(api, num_images=2, seed=BROKEN_SEED - 1)
    assert job["status"] == "failed"
    with open_zip(api, job["job_id"]) as archive:
        assert archive.namelist() == [f"red-dress-beach-sunset-{BROKEN_SEED - 1}.jpg"]


def test_a_job_without_a_finished_picture_has_no_zip(api: Api, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
    assert "no picture of this job is finished" in missing(api.get(f"/api/jobs/{job_id}/zip"))
    runner.open_gate.set()


def test_a_picture_that_is_no_longer_stored_is_told_and_not_left_out(api: Api, settings: Settings) -> None:
    job = finish(api, num_images=2)
    lose(settings, job["outputs"][1])
    lost = job["outputs"][1]
    for path in (f"/api/jobs/{job['job_id']}/zip", lost["download_url"]):
        detail = missing(api.get(path))
        assert lost["id"] in detail
        assert "no longer stored" in detail
    assert api.get(job["outputs"][0]["download_url"]).status_code == 200


def test_the_stream_tells_of_pictures_what_the_result_tells(api: Api) -> None:
    job = finish(api)
    text = api.get(f"/api/jobs/{job['job_id']}/events").text
    for name in ("filename", "download_url"):
        assert f'"{name}":"{job["outputs"][0][name]}"' in text


def addresses(job: dict[str, Any]) -> list[str]:
    (output,) = job["outputs"]
    of_job = [f"/api/jobs/{job['job_id']}/{name}" for name in ("zip", "events")]
    return [output["url"], output["thumbnail_url"], output["download_url"], *of_job]


def test_a_page_elsewhere_can_use_all_that_a_job_has_made(api: Api) -> None:
    for address in addresses(finish(api)):
        asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "GET"}
        preflight = api.options(address, headers={**asked, "Access-Control-Request-Headers": "last-event-id"})
        assert preflight.status_code == 204, address
        assert preflight.headers["access-control-allow-origin"] == ELSEWHERE
        answer = api.get(address, headers={"Origin": ELSEWHERE})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ELSEWHERE
        assert "Content-Disposition" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"
        stranger = api.get(address, headers={"Origin": "https://evil.example.org"})
        assert "access-control-allow-origin" not in stranger.headers


def test_a_picture_kept_for_one_page_is_not_given_to_another(api: Api) -> None:
    """An `img` sends no Origin; its kept copy must not answer a `fetch`, which needs the header to its own."""
    for address in addresses(finish(api))[:-1]:
        answer = api.get(address)
        assert answer.headers["vary"] == "Origin"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_an_error_can_be_read_by_a_page_elsewhere(api: Api) -> None:
    answer = api.get(f"/api/jobs/{'0' * 32}/zip", headers={"Origin": ELSEWHERE})
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
