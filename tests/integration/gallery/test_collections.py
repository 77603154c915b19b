"""Collections: pictures under names, for their owner alone."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.gallery import collections
from tests.fixtures.studio_app import QUICK
from tests.support.accounts import Browser, new_key, register

pytestmark = pytest.mark.usefixtures("people")

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}


def made(owner: Browser, headers: dict[str, str] | None = None) -> list[str]:
    """The ids of two pictures of one job."""
    answer = owner.call("POST", "/api/generate", {**QUICK, "num_images": 2}, {**WAIT, **(headers or {})})
    assert answer.status_code == 200, answer.text
    return [output["id"] for output in answer.json()["outputs"]]


def created(owner: Browser, name: str = "Red dresses") -> str:
    answer = owner.call("POST", "/api/collections", {"name": name})
    assert answer.status_code == 201, answer.text
    return f"/api/collections/{answer.json()['id']}"


def test_pictures_are_added_found_downloaded_and_taken_out(api: Api) -> None:
    ada = register(api, "ada@example.org")
    first, second = made(ada)
    (other,) = made(ada)[:1]
    path = created(ada, "  Red dresses ")
    collection_id = path.rpartition("/")[2]
    answer = ada.call("POST", f"{path}/images", {"ids": [second, first, second]}).json()
    assert (answer["name"], answer["num_images"]) == ("Red dresses", 2)
    assert ada.call("POST", f"{path}/images", {"ids": [first]}).json()["num_images"] == 2
    (listed,) = ada.call("GET", "/api/collections").json()["collections"]
    assert listed == answer
    first_job = ada.call("GET", "/api/history").json()["items"][1]
    assert listed["cover_url"] in [each["thumbnail_url"] for each in first_job["images"]]

    assert sorted(ada.call("GET", path).json()["ids"]) == [first, second]
    (item,) = ada.call("GET", f"/api/history?collection={collection_id}").json()["items"]
    assert item["job_id"] == first[:32]
    assert ada.call("GET", f"/api/images/{first}/collections").json() == {"ids": [collection_id]}
    assert ada.call("GET", f"/api/images/{other}/collections").json() == {"ids": []}
    archive = ada.call("GET", f"{path}/zip")
    assert archive.headers["content-disposition"] == f'attachment; filename="red-dresses-{collection_id[:8]}.zip"'
    assert len(ZipFile(BytesIO(archive.content)).namelist()) == 2

    assert ada.call("PATCH", path, {"name": "Blue"}).json()["name"] == "Blue"
    assert ada.call("POST", f"{path}/images/remove", {"ids": [first, other]}).json()["num_images"] == 1
    assert ada.call("DELETE", f"/api/images/{second}").status_code == 204
    assert ada.call("GET", path).json() == {"ids": []}
    assert ada.call("GET", f"/api/history?collection={collection_id}").json()["items"] == []
    assert ada.call("GET", f"{path}/zip").status_code == 404
    assert ada.call("DELETE", path).status_code == 204
    assert ada.call("GET", path).status_code == 404
    assert ada.call("GET", f"/api/images/{first}").status_code == 200


def test_a_collection_is_of_one_person(api: Api) -> None:
    ada, ben = register(api, "ada@example.org"), register(api, "ben@example.org")
    of_ada, of_ben = made(ada)[0], made(ben)[0]
    path = created(ada)
    collection_id = path.rpartition("/")[2]
    refused = ada.call("POST", f"{path}/images", {"ids": [of_ada, of_ben]})
    assert (refused.status_code, refused.json()["detail"]) == (404, f"no picture of yours has the id {of_ben}")
    assert ada.call("GET", path).json() == {"ids": []}
    assert ben.call("GET", f"/api/history?collection={collection_id}").status_code == 404
    assert ben.call("GET", "/api/collections").json() == {"collections": []}

    key = new_key(ada, scopes=["generate", "read", "on_behalf"])["key"]
    bob = {"Authorization": f"Bearer {key}", "X-End-User": "bob"}
    of_bob = made(Browser(api), bob)[0]
    assert Browser(api).call("GET", path, headers=bob).status_code == 404
    own = Browser(api).call("POST", "/api/collections", {"name": "Bob's"}, bob).json()["id"]
    for ids, status in (([of_ada], 404), ([of_bob], 200)):
        answer = Browser(api).call("POST", f"/api/collections/{own}/images", {"ids": ids}, bob)
        assert answer.status_code == status, answer.text
    assert [each["id"] for each in ada.call("GET", "/api/collections").json()["collections"]] == [collection_id]


def test_a_browser_s_collections_go_to_its_account_and_end_with_it(api: Api) -> None:
    visitor = Browser(api)
    visitor.cookies["anon"] = "v" * 32
    image_id = made(visitor)[0]
    path = created(visitor)
    visitor.call("POST", f"{path}/images", {"ids": [image_id]})
    account = {"email": "ada@example.org", "password": "correct horse battery"}
    assert visitor.call("POST", "/api/auth/register", account).status_code == 202
    assert visitor.call("POST", "/api/auth/login", account).status_code == 200
    assert visitor.call("GET", path).json() == {"ids": [image_id]}
    other = Browser(api)
    other.cookies["anon"] = "v" * 32
    assert other.call("GET", path).status_code == 404
    assert visitor.call("DELETE", "/api/auth/account", {"password": account["password"]}).status_code == 204
    again = register(api, "ada@example.org")
    assert again.call("GET", "/api/collections").json() == {"collections": []}


def test_bounds_and_names(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_IMAGES", 1)
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 1)
    ada = register(api, "ada@example.org")
    first, second = made(ada)
    for name in ("", " ", "x" * 101, None, "a\x00"):
        answer = ada.call("POST", "/api/collections", {"name": name})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name"), name
    path = created(ada)
    assert ada.call("PATCH", path, {"name": " "}).status_code == 400
    assert ada.call("POST", "/api/collections", {"name": "More"}).status_code == 409
    refused = ada.call("POST", f"{path}/images", {"ids": [first, second]})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "a collection holds at most 1 pictures, and this one has 0; make another one",
    )
    assert ada.call("POST", f"{path}/images", {"ids": [first]}).status_code == 200
    assert ada.call("POST", f"{path}/images", {"ids": [first]}).status_code == 200
    assert Browser(api).call("POST", "/api/collections", {"name": "Red"}).status_code == 401
    for odd in ("0", "x" * 5000, "..", "'"):
        assert ada.call("GET", f"/api/collections/{odd}/zip").status_code == 404, odd
