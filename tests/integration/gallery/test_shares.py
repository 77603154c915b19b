"""Shared pictures: a public page that ends when its owner says so, and says nothing of the owner."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.config.settings import Settings
from server.db.models import ImageRow
from server.gallery import public_gallery
from tests.fixtures.studio_app import QUICK, client
from tests.support.accounts import Browser, register
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import change

pytestmark = pytest.mark.usefixtures("people")

Api = TestClient[Litestar]
PROMPT = 'red "dress" <b>beach</b>'


def made(owner: Browser, **fields: Any) -> dict[str, Any]:
    body = {**QUICK, "prompt": PROMPT, "model_name": "jade", **fields}
    done = owner.call("POST", "/api/generate", json=body, headers={"Prefer": "wait=30"})
    assert done.status_code == 200, done.text
    return done.json()


def shared(owner: Browser, image_id: str) -> str:
    """The path of its public page."""
    answer = owner.call("PUT", f"/api/images/{image_id}/share")
    assert answer.status_code == 200, answer.text
    return answer.json()["url"].removeprefix("http://studio.test:8000")


def test_a_shared_picture_is_seen_by_all_until_it_is_revoked(api: Api) -> None:
    ada, stranger = register(api, "ada@example.org"), Browser(api)
    image = made(ada)["outputs"][0]
    assert ada.call("GET", f"/api/images/{image['id']}/share").json() == {"url": None}
    path = shared(ada, image["id"])
    assert shared(ada, image["id"]) == path  # the same call, the same address
    assert ada.call("GET", f"/api/images/{image['id']}/share").json()["url"].endswith(path)

    page = stranger.call("GET", path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-store"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "red &quot;dress&quot; &lt;b&gt;beach&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    tags = dict(re.findall(r'<meta property="([^"]+)" content="([^"]*)">', page.text))
    assert tags["og:image"] == f"http://studio.test:8000{path}/picture"
    assert (tags["og:image:width"], tags["og:url"]) == ("32", f"http://studio.test:8000{path}")
    picture = stranger.call("GET", f"{path}/picture")
    assert picture.content == ada.call("GET", f"/api/images/{image['id']}/download").content
    assert picture.headers["cache-control"] == "private, no-cache"

    assert ada.call("DELETE", f"/api/images/{image['id']}/share").status_code == 204
    assert [stranger.call("GET", each).status_code for each in (path, f"{path}/picture")] == [404, 404]
    again = shared(ada, image["id"])
    assert again != path
    assert [stranger.call("GET", each).status_code for each in (path, again)] == [404, 200]


def test_nothing_of_the_owner_is_in_the_page(api: Api) -> None:
    ada = register(api, "ada@example.org")
    job = made(ada)
    me = ada.call("GET", "/api/auth/me").json()["user"]
    answer = Browser(api).call("GET", shared(ada, job["outputs"][0]["id"]))
    shown = answer.text + str(dict(answer.headers))
    for secret in (me["id"], me["email"], "ada", job["job_id"], job["outputs"][0]["url"]):
        assert secret not in shown
    assert Browser(api).call("GET", f"/api/images/{job['outputs'][0]['id']}").status_code == 404


def test_a_deleted_picture_and_a_deleted_account_share_nothing(api: Api) -> None:
    ada, ben, stranger = register(api, "ada@example.org"), register(api, "ben@example.org"), Browser(api)
    first, second = made(ada)["outputs"][0]["id"], made(ben)["outputs"][0]["id"]
    paths = shared(ada, first), shared(ben, second)
    assert ada.call("DELETE", f"/api/images/{first}").status_code == 204
    assert ben.call("DELETE", "/api/auth/account", json={"password": "correct horse battery"}).status_code < 300
    assert [stranger.call("GET", path).status_code for path in paths] == [404, 404]


def test_addresses_that_were_never_given_are_404(api: Api) -> None:
    for path in ("/p/" + "A" * 16, "/p/x", "/p/" + "A" * 16 + "/picture", "/p/..%2fetc"):
        assert api.get(path).status_code == 404, path


def test_only_the_owner_shares_and_the_operator_marks_what_is_shared(api: Api) -> None:
    ada, operator = register(api, "ada@example.org"), register(api, "op@example.org", is_operator=True)
    image_id = made(ada)["outputs"][0]["id"]
    assert register(api, "ben@example.org").call("PUT", f"/api/images/{image_id}/share").status_code == 404
    refused = operator.call("PUT", f"/api/images/{image_id}/example")
    assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (400, "this picture is not shared")
    path = shared(ada, image_id)
    assert operator.call("PUT", f"/api/images/{image_id}/example").status_code == 204
    assert Browser(api).call("GET", "/api/examples").json() == {
        "examples": [
            {
                "prompt": PROMPT,
                "model_name": "jade-v2",
                "url": f"http://studio.test:8000{path}/picture",
                "width": 32,
                "height": 32,
            }
        ]
    }
    ada.call("DELETE", f"/api/images/{image_id}/share")
    assert api.get("/api/examples").json() == {"examples": []}


def test_the_gallery_is_off_by_default(api: Api) -> None:
    ada, operator = register(api, "ada@example.org"), register(api, "op@example.org", is_operator=True)
    image_id = made(ada)["outputs"][0]["id"]
    for owner, method, path in (
        (ada, "GET", "/api/gallery"),
        (ada, "PUT", f"/api/images/{image_id}/gallery"),
        (ada, "DELETE", f"/api/images/{image_id}/gallery"),
        (operator, "GET", "/api/operator/gallery"),
        (operator, "POST", f"/api/operator/gallery/{image_id}/accept"),
    ):
        answer = owner.call(method, path)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "this server has no public gallery (STUDIO_GALLERY)",
        )
    assert ada.call("GET", f"/api/images/{image_id}/share").json() == {"url": None}
    assert "gallery" not in ada.call("GET", "/api/options").json()


@pytest.fixture
def open_api(settings: Settings) -> Iterator[Api]:
    with client(create_app(replace(settings, gallery=True), make_runner=lambda *_: PaintRunner())) as api:
        yield api


def shown(api: Api, query: str = "") -> list[str]:
    """The addresses of the pages in the gallery, as a stranger sees it."""
    answer = Browser(api).call("GET", f"/api/gallery{query}")
    assert answer.status_code == 200, answer.text
    return [each["page_url"].removeprefix("http://studio.test:8000") for each in answer.json()["pictures"]]


def waiting(operator: Browser, status: str = "offered") -> list[str]:
    answer = operator.call("GET", f"/api/operator/gallery?status={status}")
    return [each["image_id"] for each in answer.json()["pictures"]]


def test_the_gallery_shows_what_owners_offer_and_the_operator_accepts(open_api: Api) -> None:
    api = open_api
    ada, operator = register(api, "ada@example.org"), register(api, "op@example.org", is_operator=True)
    job = made(ada, num_images=4)
    ids = [output["id"] for output in job["outputs"]]
    paths: list[str] = []
    for image_id in ids:
        offered = ada.call("PUT", f"/api/images/{image_id}/gallery").json()
        assert offered["gallery"] == "offered"
        paths.append(offered["url"].removeprefix("http://studio.test:8000"))
    assert shown(api) == []  # nothing before the operator has seen it
    assert waiting(operator) == ids[::-1]
    for image_id in ids[:3]:
        assert operator.call("POST", f"/api/operator/gallery/{image_id}/accept").status_code == 204
    assert operator.call("POST", f"/api/operator/gallery/{ids[3]}/remove").status_code == 204
    assert shown(api) == paths[2::-1]  # the newest first, page by page
    first = Browser(api).call("GET", "/api/gallery?limit=2").json()
    assert [each["page_url"].removeprefix("http://studio.test:8000") for each in first["pictures"]] == [*paths[2:0:-1]]
    assert shown(api, f"?limit=2&cursor={first['next_cursor']}") == paths[:1]

    me = ada.call("GET", "/api/auth/me").json()["user"]
    for secret in (me["id"], me["email"], job["job_id"]):
        assert secret not in str(first)
    thumbnail = Browser(api).call("GET", f"{paths[0]}/thumbnail")
    assert (thumbnail.status_code, thumbnail.headers["cache-control"]) == (200, "private, no-cache")

    assert ada.call("GET", f"/api/images/{ids[0]}/share").json()["gallery"] == "accepted"
    assert ada.call("GET", f"/api/images/{ids[3]}/share").json()["gallery"] == "removed"
    refused = ada.call("PUT", f"/api/images/{ids[3]}/gallery")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:lora-studio:problem:conflict")
    assert operator.call("POST", f"/api/operator/gallery/{ids[0]}/remove").status_code == 204
    assert waiting(operator, "removed") == [ids[0], ids[3]]
    assert ada.call("DELETE", f"/api/images/{ids[1]}/gallery").status_code == 204
    assert shown(api) == paths[2:3]
    assert Browser(api).call("GET", paths[1]).status_code == 200  # withdrawn, still shared


def test_a_revoked_or_deleted_picture_leaves_the_gallery_and_does_not_come_back_by_itself(open_api: Api) -> None:
    api = open_api
    ada, operator = register(api, "ada@example.org"), register(api, "op@example.org", is_operator=True)
    first, second, third = (output["id"] for output in made(ada, num_images=3)["outputs"])
    for image_id in (first, second, third):
        ada.call("PUT", f"/api/images/{image_id}/gallery")
        operator.call("POST", f"/api/operator/gallery/{image_id}/accept")
    paths = shown(api)
    assert len(paths) == 3
    assert ada.call("DELETE", f"/api/images/{first}/share").status_code == 204
    assert ada.call("DELETE", f"/api/images/{second}").status_code == 204
    assert shown(api) == paths[:1]
    for path in paths[1:]:
        for part in ("", "/picture", "/thumbnail"):
            assert Browser(api).call("GET", path + part).status_code == 404
    shared(ada, first)
    assert shown(api) == paths[:1]
    assert operator.call("POST", f"/api/operator/gallery/{first}/accept").status_code == 404
    operator.call("POST", f"/api/operator/gallery/{third}/remove")
    ada.call("DELETE", f"/api/images/{third}/share")
    assert ada.call("PUT", f"/api/images/{third}/gallery").status_code == 409  # a new address is no way back
    assert shown(api) == []


def test_what_moderation_marks_is_nowhere_public_until_it_is_released(open_api: Api) -> None:
    api = open_api
    ada, operator = register(api, "ada@example.org"), register(api, "op@example.org", is_operator=True)
    first, second = (output["id"] for output in made(ada, num_images=2)["outputs"])
    ada.call("PUT", f"/api/images/{first}/gallery")
    operator.call("POST", f"/api/operator/gallery/{first}/accept")
    operator.call("PUT", f"/api/images/{first}/example")
    (path,) = shown(api)
    for verdict in ("flagged", "blurred"):
        change(api, ImageRow, verdict=verdict, moderation_score=0.9)
        assert shown(api) == []
        assert api.get("/api/examples").json() == {"examples": []}
        assert [api.get(path + part).status_code for part in ("", "/picture", "/thumbnail")] == [404] * 3
        assert ada.call("PUT", f"/api/images/{second}/gallery").json()["type"].endswith(":content-blocked")
        assert waiting(operator) == []
    change(api, ImageRow, verdict="released")
    assert shown(api) == [path]
    assert ada.call("PUT", f"/api/images/{second}/gallery").status_code == 200


def test_only_the_owner_offers_and_few_wait_at_the_same_time(open_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_gallery, "MAX_OFFERS", 1)
    api = open_api
    ada, ben = register(api, "ada@example.org"), register(api, "ben@example.org")
    first, second = (output["id"] for output in made(ada, num_images=2)["outputs"])
    assert ben.call("PUT", f"/api/images/{first}/gallery").status_code == 404
    for image_id, status in ((first, 200), (first, 200), (second, 409)):
        assert ada.call("PUT", f"/api/images/{image_id}/gallery").status_code == status
    assert ada.call("GET", f"/api/images/{second}/share").json()["url"] is None
    for query in ("cursor=x", "limit=0", "limit=101"):
        assert api.get(f"/api/gallery?{query}").status_code == 400
