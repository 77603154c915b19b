"""Shared pictures: a public page that ends when its owner says so, and says nothing of the owner."""

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.fixtures.studio_app import QUICK
from tests.support.accounts import Browser, register

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
