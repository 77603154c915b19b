"""Pictures in a bucket: the page loads them by signed or CDN addresses and saves them under their names. The watch of
every test checks that no other host receives a request."""

import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED, CreatePage
from tests.e2e.conftest import NewServer
from tests.fixtures.s3_server import PUBLIC_BUCKET, S3Server
from tests.support.servers.server_process import ServerProcess


def stored(server: ServerProcess, job_id: str) -> list[bytes]:
    return [httpx.get(url).content for url in server.http.get(f"/api/result/{job_id}").json()["images"]]


def shown_from(visitor: CreatePage) -> list[str]:
    """Hosts of the four pictures on the page, once they are painted."""
    images = visitor.page.locator("main img[src^='http']")
    expect(images).to_have_count(4)
    visitor.page.wait_for_function(
        "[...document.querySelectorAll('main img')].every((image) => image.complete && image.naturalWidth > 0)"
    )
    return [urlsplit(src).netloc for src in images.evaluate_all("(images) => images.map((each) => each.currentSrc)")]


@pytest.mark.parametrize("addresses", ["signed", "cdn"])
def test_pictures_are_shown_and_saved_from_the_bucket(
    new_painter: NewServer,
    new_visitor: NewVisitor,
    s3_server: S3Server,
    s3_bucket: str,
    tmp_path: Path,
    addresses: str,
) -> None:
    settings = s3_server.settings(s3_bucket)
    if addresses == "cdn":
        settings = s3_server.settings(PUBLIC_BUCKET)
        settings["STUDIO_PUBLIC_BASE_URL"] = f"{s3_server.url}/{PUBLIC_BUCKET}"
    host = urlsplit(s3_server.url).netloc
    with new_painter("server", **settings) as server:
        server.start()
        visitor = new_visitor(server, PAINTED, hosts=[host])
        expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
        visitor.ask("red dress, beach sunset")
        visitor.wait_for_pictures(4)
        assert shown_from(visitor) == [host] * 4
        pictures = stored(server, visitor.recent_job())

        with visitor.page.expect_download() as one:
            visitor.downloads.first.click()
        one.value.save_as(tmp_path / "one.jpg")
        assert (tmp_path / "one.jpg").read_bytes() == pictures[0]
        result = server.http.get(f"/api/result/{visitor.recent_job()}").json()
        assert one.value.suggested_filename == result["outputs"][0]["filename"]

        with visitor.page.expect_download() as every:
            visitor.page.get_by_role("link", name="Download all").click()
        every.value.save_as(tmp_path / "all.zip")
        with zipfile.ZipFile(BytesIO((tmp_path / "all.zip").read_bytes())) as archive:
            assert archive.testzip() is None
            assert [archive.read(name) for name in archive.namelist()] == pictures

        visitor.page.reload()
        assert shown_from(visitor) == [host] * 4
