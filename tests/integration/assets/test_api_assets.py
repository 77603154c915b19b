"""POST and GET /api/assets over a folder and over a bucket: bodies of each form, owners, bounds, accounts."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image
from sqlalchemy import select

from server.api.assets import uploads
from server.api.assets.body import OVERHEAD_BYTES
from server.app import create_app
from server.assets.decode import MAX_BYTES
from server.db.models import AssetRow
from server.storage.store import StoreUnreachable
from tests.fixtures.s3_server import S3Server, credentials
from tests.fixtures.studio_app import client, studio_settings
from tests.support.accounts import PASSWORD, Browser, register
from tests.support.assets import picture, send, upload
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import problem, stored

Api = TestClient[Litestar]


@pytest.fixture(scope="module", params=["folder", "bucket"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("studio")
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "bucket":
            server: S3Server = request.getfixturevalue("s3_server")
            server.make_bucket("assets-of-callers")
            for name, value in credentials().items():
                patch.setenv(name, value)
            bucket: dict[str, Any] = {"s3_bucket": "assets-of-callers", "s3_endpoint_url": server.url}
            settings = replace(settings, storage="s3", **bucket)
        with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as running:
            yield running


@pytest.fixture(autouse=True)
def unthrottled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 10_000)


def browser(api: Api, name: str) -> Browser:
    """One of the page's visitors, without an account."""
    made = Browser(api)
    made.cookies["anon"] = name * 32
    return made


def rows(api: Api, owner: str) -> list[AssetRow]:
    async def read() -> list[AssetRow]:
        async with api.app.state.lifespan.container.database.read() as session:
            return list(await session.scalars(select(AssetRow).where(AssetRow.owner == owner)))

    return api.blocking_portal.call(read)


def test_raw_bytes_and_forms_are_taken_and_the_png_comes_back(api: Api) -> None:
    ids: set[str] = set()
    for content_type in (
        "application/octet-stream",
        "image/png",
        "IMAGE/PNG; charset=binary",
        "image/webp",  # the bytes decide
        "application/x-www-form-urlencoded",
        "",
    ):
        answer = api.post("/api/assets", content=picture(), headers={"Content-Type": content_type})
        assert answer.status_code == 201, answer.text
        ids.add(answer.json()["asset_id"])
    for name in ("cat.png", "ä/../x.exe", "a" * 200):
        form = {"files": {"file": (name, picture(), "text/html")}, "data": {"csrf": "x"}}
        answer = api.post("/api/assets", **form)
        assert answer.status_code == 201, answer.text
        ids.add(answer.json()["asset_id"])
    (asset_id,) = ids
    stored_asset = answer.json()
    assert (stored_asset["width"], stored_asset["height"]) == (32, 24)
    lifetime = datetime.fromisoformat(stored_asset["expires_at"]) - datetime.now(UTC)
    assert 23.9 < lifetime.total_seconds() / 3600 <= 24
    got = api.get(f"/api/assets/{asset_id}")
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"].startswith("private")
    assert len(got.content) == stored_asset["bytes"]
    with Image.open(io.BytesIO(got.content)) as image, Image.open(io.BytesIO(picture())) as sent:
        assert image.convert("RGB").tobytes() == sent.convert("RGB").tobytes()
    head = api.head(f"/api/assets/{asset_id}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, data: bytes, extra: str = "") -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + data


def test_a_form_s_first_part_of_that_name_counts_and_a_wrong_form_is_refused(api: Api) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    good = form(part("note", b"x"), part("file", picture(1)), part("file", picture(2)))
    expected = upload(api, picture(1))["asset_id"]
    assert upload(api, good, headers)["asset_id"] == expected
    assert upload(api, form(part("file", picture(1), '; filename="a.png"')), headers)["asset_id"] == expected
    for body in (
        b"",
        b"--B--\r\n",
        form(part("image", picture())),
        form(part("file", picture()), end=b""),
        form(part("file", picture()[:100])),
        form(part("file", b"")),
        form(b"X: y\r\n\r\n" + picture()),
        form(*[part("note", b"x")] * 40, part("file", picture())),
        form(part("file", picture(), '; filename="' + "a" * 10_000 + '"')),
        picture(),
    ):
        answer = send(api, body, headers)
        assert problem(answer, 400) == "invalid-request", body[:100]
        assert answer.json()["errors"][0]["field"] == "file"
    for content_type in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="a\nb"',
    ):
        answer = send(api, good, {"Content-Type": content_type.replace("\n", "")})
        assert problem(answer, 400) == "invalid-request", content_type


def test_what_is_no_image_or_too_large_is_refused_in_words(api: Api) -> None:
    answer = send(api, b"GIF89a" + bytes(50))
    assert problem(answer, 400) == "invalid-request"
    (error,) = answer.json()["errors"]
    assert (error["field"], "JPEG, PNG or WebP" in error["allowed"]) == ("file", True)
    for content_type in ("image/gif", "image/svg+xml", "text/html", "application/json", "multipart/mixed"):
        answer = send(api, picture(), {"Content-Type": content_type})
        assert problem(answer, 415) == "unsupported-media-type"
        assert content_type in answer.json()["detail"]
    assert problem(send(api, picture(), {"Content-Encoding": "gzip"}), 415) == "unsupported-media-type"
    oversized = picture().ljust(MAX_BYTES + 1, b"\0")
    in_a_form = form(part("file", oversized))
    other_part = form(part("note", bytes(MAX_BYTES + OVERHEAD_BYTES)), part("file", picture()))
    is_form = {"Content-Type": "multipart/form-data; boundary=B"}
    for body, headers in ((oversized, {}), (in_a_form, is_form), (other_part, is_form)):
        for unannounced in (False, True):
            content = iter([body[:1000], body[1000:]]) if unannounced else body
            headers = {"Content-Type": "application/octet-stream", **headers}
            answer = api.post("/api/assets", content=content, headers=headers)
            assert problem(answer, 413) == "too-large"
            assert "25,000,000" in answer.json()["detail"]


def test_an_asset_is_its_owner_s_alone(api: Api) -> None:
    ada = register(api, "ada@example.org")
    visitors = [browser(api, "a"), browser(api, "b"), Browser(api), ada]
    for number, owner in enumerate(visitors):
        asset_id = upload(owner, picture(100 + number))["asset_id"]
        for reader in visitors:
            answer = reader.call("GET", f"/api/assets/{asset_id}")
            if reader is owner:
                assert answer.status_code == 200
            else:
                assert problem(answer, 404) == "not-found"
    for unknown in ("0" * 64, "0", "x" * 5000, "..", "%00"):
        assert ada.call("GET", f"/api/assets/{unknown}").status_code in (400, 404)


def test_a_login_takes_a_visitor_s_assets_along_and_deletion_ends_them(api: Api) -> None:
    visitor = browser(api, "c")
    asset_id = upload(visitor, picture(50))["asset_id"]
    register(api, "eve@example.org")
    answer = visitor.call("POST", "/api/auth/login", {"email": "eve@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert visitor.call("GET", f"/api/assets/{asset_id}").status_code == 200
    assert browser(api, "c").call("GET", f"/api/assets/{asset_id}").status_code == 404
    owner = f"user:{visitor.call('GET', '/api/auth/me').json()['user']['id']}"
    (row,) = rows(api, owner)
    store = api.app.state.lifespan.container.shared.store
    assert api.blocking_portal.call(store.exists, row.storage_key)
    assert visitor.call("DELETE", "/api/auth/account", {"password": PASSWORD}).status_code == 204
    api.blocking_portal.call(api.app.state.lifespan.container.api.remover.run_once)
    assert rows(api, owner) == []
    assert not api.blocking_portal.call(store.exists, row.storage_key)


def test_the_address_of_files_serves_no_asset(api: Api) -> None:
    upload(api, picture(60))
    keys = [row.storage_key for row in stored(api, AssetRow)]
    assert keys
    for key in keys:
        for address in (
            f"/files/{key}",
            f"/files//{key}",
            f"/files/{key.replace('/', '%2F')}",
            f"/files/{key.upper()}",
        ):
            assert api.get(address).status_code == 404, address


def test_the_limits_of_uploads(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of callers without an account by address, whatever their cookie; of users by what they keep."""
    ada = register(api, "limits@example.org")
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 0)
    for caller in (browser(api, "d"), browser(api, "e")):
        answer = send(caller, picture())
        assert problem(answer, 429) == "too-many-requests"
        assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert send(ada, picture()).status_code == 201
    assets = api.app.state.lifespan.container.api.assets
    monkeypatch.setattr(assets, "_max_assets", 2)
    upload(ada, picture(1))
    answer = send(ada, picture(2))
    assert problem(answer, 429) == "too-many-requests"
    assert "2 images" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 23 * 3600


def test_uploads_that_are_being_read_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound, status in (("MAX_OPEN_PER_CALLER", 429), ("MAX_OPEN", 503)):
        with monkeypatch.context() as patch:
            patch.setattr(uploads, bound, 0)
            answer = send(api, picture())
            assert answer.status_code == status
            assert answer.headers["retry-after"] == "5"
    assert send(api, picture()).status_code == 201


def test_an_upload_while_the_disk_or_bucket_is_away_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise StoreUnreachable("the store does not answer")

    store = api.app.state.lifespan.container.shared.store
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", fail)
        answer = send(api, picture(70))
    assert problem(answer, 503) == "store-away"
    assert send(api, picture(70)).status_code == 201


def test_every_row_names_a_stored_object(api: Api) -> None:
    container = api.app.state.lifespan.container
    assert stored(api, AssetRow)
    for row in stored(api, AssetRow):
        assert api.blocking_portal.call(container.shared.store.exists, row.storage_key)
    if container.settings.storage == "local":
        folder: Path = container.settings.data_dir / "pictures" / "assets"
        assert {path.suffix for path in folder.iterdir()} == {".png"}
