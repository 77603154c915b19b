"""A real server on a real S3 server: what lies in the bucket, and what happens where the bucket says no or is away."""

import os
import sqlite3
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import httpx
import pytest
from PIL import Image

from tests.chaos.fault_proxy import FaultProxy
from tests.e2e.conftest import NewServer
from tests.fixtures.s3_server import PUBLIC_BUCKET, STUDIO, S3Server
from tests.support.http_jobs import ended, submit
from tests.support.servers.server_process import ServerProcess

SMALL = {"model_name": "base", "width": 64, "height": 64, "steps": 4}
FORMATS = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def outputs(server: ServerProcess, job_id: str) -> list[dict[str, Any]]:
    return server.http.get(f"/api/result/{job_id}").json()["outputs"]


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def trouble(server: ServerProcess) -> str:
    """What /readyz says that is wrong; empty where nothing is."""
    answer = server.http.get("/readyz")
    if answer.status_code == 200:
        return ""
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"]
    return answer.json()["detail"]


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_pictures_of_a_job_lie_in_the_bucket(
    new_painting_server: NewServer, s3_server: S3Server, s3_bucket: str, image_format: str
) -> None:
    settings = s3_server.settings(s3_bucket) | {"STUDIO_S3_PREFIX": "studio", "STUDIO_S3_CACHE_AGE_S": "600"}
    with new_painting_server("server", **settings) as server:
        server.start()
        job_id = submit(server, **SMALL, num_images=4, seed=7, format=image_format)
        assert ended(server, job_id)["status"] == "completed"
        entries = outputs(server, job_id)
        bucket = s3_server.client()
        listed = bucket.list_objects_v2(Bucket=s3_bucket, Prefix="studio/generations/").get("Contents", [])
        assert len(listed) == len(entries) == 4
        stored: dict[str, bytes] = {}
        for n, (output, entry) in enumerate(zip(entries, listed, strict=True), start=1):
            key = entry.get("Key", "")
            assert key.startswith(f"studio/generations/{job_id}/{job_id}-{n}.")
            head = bucket.head_object(Bucket=s3_bucket, Key=key)
            assert head["ContentType"] == FORMATS[image_format] == output["content_type"]
            assert head["CacheControl"] == "public, max-age=600"
            assert head["Metadata"] == {"job-id": job_id, "index": str(n - 1), "seed": str(6 + n)}
            seen = httpx.get(output["url"])
            assert (seen.status_code, seen.headers["content-type"]) == (200, FORMATS[image_format])
            assert len(seen.content) == output["bytes"] == head["ContentLength"]
            assert Image.open(BytesIO(seen.content)).size == (64, 64)
            stored[output["filename"]] = seen.content

            head = server.http.head(output["download_url"])
            assert (head.status_code, head.headers["content-length"]) == (200, str(output["bytes"]))
            redirect = server.http.get(output["download_url"])
            assert (redirect.status_code, redirect.headers["cache-control"]) == (302, "no-store")
            part = httpx.get(redirect.headers["location"], headers={"Range": "bytes=10-19"})
            assert (part.status_code, part.content) == (206, seen.content[10:20])
            saved = httpx.get(redirect.headers["location"])
            assert saved.content == seen.content
            assert saved.headers["content-disposition"] == f'attachment; filename="{output["filename"]}"'
        with ZipFile(BytesIO(server.http.get(f"/api/jobs/{job_id}/zip").content)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == stored
        assert server.http.get(f"/files/generations/{job_id}/{job_id}-1.png").status_code == 404
        assert server.http.get("/readyz").status_code == 200
        database = sqlite3.connect(server.folder / "data" / "studio.db")
        counts = "SELECT downloads FROM image ORDER BY n"
        wait_until(lambda: database.execute(counts).fetchall() == [(2,)] * 4)  # each by itself and in the zip
        database.close()
        assert STUDIO[1] not in server.log.read_text()


def test_addresses_of_a_cdn_are_its_own(new_painting_server: NewServer, s3_server: S3Server) -> None:
    base = f"{s3_server.url}/{PUBLIC_BUCKET}"
    with new_painting_server(
        "server", **s3_server.settings(PUBLIC_BUCKET), STUDIO_PUBLIC_BASE_URL=base, STUDIO_EMBED_PARAMETERS="none"
    ) as server:
        server.start()
        job_id = submit(server, **SMALL, num_images=2)
        assert ended(server, job_id)["status"] == "completed"
        for n, output in enumerate(outputs(server, job_id), start=1):
            assert output["url"] == f"{base}/generations/{job_id}/{job_id}-{n}.jpg"
            answer = httpx.get(output["url"])
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=86400"
            assert not Image.open(BytesIO(answer.content)).getexif()
            assert "x-amz-meta-seed" not in answer.headers
            assert httpx.get(server.http.get(output["download_url"]).headers["location"]).content == answer.content


def test_a_wrong_secret_is_told_before_any_job_and_corrected_without_a_restart(
    new_painting_server: NewServer, s3_server: S3Server, s3_bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"

    def write(secret: str) -> None:
        file.write_text(f"[default]\naws_access_key_id = {STUDIO[0]}\naws_secret_access_key = {secret}\n")

    write("not-the-secret")
    settings = s3_server.settings(s3_bucket) | {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del settings[name]
    with new_painting_server("server", **settings) as server:
        server.launch()
        server.wait_for("/healthz")
        wait_until(lambda: "refuses the secret access key" in trouble(server))
        assert "refuses the secret access key" in server.log.read_text()
        job_id = submit(server, **SMALL, num_images=2)
        time.sleep(1.5)  # the dispatcher looks every second
        assert server.http.get(f"/api/status/{job_id}").json()["status"] == "queued"
        write(STUDIO[1])
        assert ended(server, job_id)["status"] == "completed"
        assert trouble(server) == ""
        assert [httpx.get(output["url"]).status_code for output in outputs(server, job_id)] == [200, 200]
        assert "not-the-secret" not in server.log.read_text()


def test_a_bucket_that_does_not_exist_is_told_before_any_job(
    new_painting_server: NewServer, s3_server: S3Server
) -> None:
    with new_painting_server("server", **s3_server.settings("pictures-elsewhere")) as server:
        server.launch()
        server.wait_for("/healthz")
        wait_until(lambda: "there is no bucket pictures-elsewhere" in trouble(server))
        assert "there is no bucket pictures-elsewhere" in server.log.read_text()


def test_a_store_that_goes_while_pictures_are_made_costs_none_of_them(
    new_painting_server: NewServer, mortal_s3_server: S3Server
) -> None:
    mortal_s3_server.make_bucket("pictures")
    with new_painting_server("server", **mortal_s3_server.settings("pictures")) as server:
        server.start()
        earlier = submit(server, **SMALL, num_images=1)
        assert ended(server, earlier)["status"] == "completed"
        under_way = submit(server, **SMALL | {"steps": 100}, num_images=4)
        wait_until(lambda: server.http.get(f"/api/status/{under_way}").json()["progress"] > 0)
        mortal_s3_server.kill()
        wait_until(lambda: "does not answer" in trouble(server))
        waiting = submit(server, **SMALL, num_images=1)
        wait_until(lambda: "a finished image cannot be stored" in server.log.read_text())
        assert server.http.get(f"/api/status/{under_way}").json()["status"] == "processing"
        for path in (f"/api/images/{earlier}-1/download", f"/api/jobs/{earlier}/zip"):
            away = server.http.get(path)
            assert (away.status_code, away.json()["type"]) == (503, "urn:lora-studio:problem:store-away")
        mortal_s3_server.start()
        for job_id in (under_way, waiting):
            assert ended(server, job_id)["status"] == "completed"
            assert all(httpx.get(output["url"]).status_code == 200 for output in outputs(server, job_id))
        assert trouble(server) == ""


def test_a_server_that_is_asked_to_end_while_the_store_hangs(
    new_painting_server: NewServer, s3_server: S3Server, s3_bucket: str
) -> None:
    """Uploads that have no answer yet are given up, and made up for after the next start."""
    proxy = FaultProxy(urlsplit(s3_server.url).port or 0)
    settings = s3_server.settings(s3_bucket) | {"STUDIO_S3_ENDPOINT_URL": proxy.url, "STUDIO_STOP_TIMEOUT_S": "2"}
    try:
        with new_painting_server("server", **settings) as server:
            server.start()
            proxy.faults, proxy.share = ("hang",), 1.0
            proxy.cut()
            job_id = submit(server, **SMALL, num_images=3)
            spool = server.folder / "data" / "spool"
            wait_until(lambda: proxy.num_faults["hang"] > 0 and len(list(spool.glob("[!.]*"))) == 3)
            begun_s = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun_s < 5
            proxy.faults = ()
            proxy.cut()
            server.start()
            assert ended(server, job_id)["status"] == "completed"
            assert [httpx.get(output["url"]).status_code for output in outputs(server, job_id)] == [200] * 3
            assert not list(spool.glob("[!.]*"))
    finally:
        proxy.close()


def test_s3_without_a_bucket_does_not_start(new_painting_server: NewServer) -> None:
    with new_painting_server("server", STUDIO_STORAGE="s3", AWS_CONFIG_FILE=os.devnull) as server:
        server.launch()
        assert server.process is not None
        server.process.wait(60)
        assert server.process.returncode != 0
        assert "STUDIO_S3_BUCKET" in server.log.read_text()


def test_pictures_are_made_from_pictures_in_the_bucket(
    new_painting_server: NewServer, s3_server: S3Server, s3_bucket: str
) -> None:
    """Vary, upscale and extend: the copy of the source lies in the bucket and outlives the picture."""
    with new_painting_server("server", **s3_server.settings(s3_bucket)) as server:
        server.start()
        first = submit(server, **SMALL, num_images=1, format="png")
        assert ended(server, first)["status"] == "completed"
        (picture,) = outputs(server, first)
        asked = {
            "vary": ({"num_images": 2}, (64, 64)),
            "upscale": ({"scale": 2}, (128, 128)),
            "extend": ({"left": 16, "num_images": 1}, (80, 64)),
        }
        jobs: dict[str, str] = {}
        for action, (body, _) in asked.items():
            answer = server.http.post(f"/api/images/{picture['id']}/{action}", json=body)
            assert answer.status_code == 202, answer.text
            jobs[action] = answer.json()["job_id"]
        for action, job_id in jobs.items():
            assert ended(server, job_id)["status"] == "completed"
            for output in outputs(server, job_id):
                assert output["from_image"] == picture["id"]
                seen = httpx.get(output["url"])
                assert Image.open(BytesIO(seen.content)).size == asked[action][1]
        listed = s3_server.client().list_objects_v2(Bucket=s3_bucket, Prefix="assets/").get("Contents", [])
        assert len(listed) == 1  # one source for all of them

        assert server.http.delete(f"/api/images/{picture['id']}").status_code in (200, 204)
        again = server.http.post(f"/api/jobs/{jobs['extend']}/again", json={"seed": "same"}).json()["job_id"]
        assert ended(server, again)["status"] == "completed"
        files = [httpx.get(output["url"]).content for job in (jobs["extend"], again) for output in outputs(server, job)]
        assert files[0] == files[1]
