"""Who may make which call: each route of the OpenAPI document, called by everybody. A new route needs a row."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import Browser, new_key, register
from tests.support.assets import picture, upload
from tests.support.batches import finished_batch
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]

CALLERS = ("anonymous", "user A", "user B", "revoked key", "wrong scope", "operator")
ADMIN_KEY = "operator-key-of-the-tests"
REFUSALS = {401: ("unauthorized",), 403: ("scope-lacking", "operators-only"), 404: ("not-found",)}


@dataclass(frozen=True)
class Rule:
    """What each of CALLERS is answered: `ok` (2xx), `through` (not refused; the request itself may be wrong) or the
    status of the refusal. `scope`: the only one that the key of "wrong scope" has."""

    answers: tuple[str | int, ...]
    scope: str = "read"


OPEN = Rule(("through", "through", "through", 401, "through", "through"))
HEALTH = Rule(("ok", "ok", "ok", "ok", "ok", "ok"))  # no authentication
MAKE = Rule(("through", "through", "through", 401, 403, "through"), scope="read")
READ_A = Rule((404, "ok", 404, 401, 403, "ok"), scope="generate")  # something of user A
CHANGE_A = Rule((404, "ok", 404, 401, 403, "ok"), scope="read")
ASSET_A = Rule((404, "ok", 404, 401, 403, 404), scope="generate")  # its owner's alone
KEEP_A = replace(ASSET_A, scope="read")
NO_SHEET = Rule((404, 404, 404, 401, 403, 404), scope="generate")  # user A's job is no comparison
COLLECT = Rule((401, "ok", "ok", 401, 403, "ok"))  # for a cookie, key or account
LIST_OWN = Rule(("through", "through", "through", 401, 403, "through"), scope="generate")
OWN_ACCOUNT = Rule((401, "through", "through", 401, 403, "through"))
OPERATORS = Rule((401, 403, 403, 401, 403, "through"))


@dataclass(frozen=True)
class Row:
    rule: Rule
    body: Any = None
    makes_job: bool = False  # a job of user A for each call that may change it


ROWS: dict[tuple[str, str], Row] = {
    ("post", "/api/generate"): Row(MAKE, QUICK),
    ("get", "/api/status/{job_id}"): Row(READ_A),
    ("get", "/api/result/{job_id}"): Row(READ_A),
    ("get", "/api/jobs/{job_id}/events"): Row(READ_A),
    ("post", "/api/jobs/{job_id}/stream-token"): Row(READ_A),
    ("get", "/api/jobs/{job_id}/zip"): Row(READ_A),
    ("delete", "/api/jobs/{job_id}"): Row(CHANGE_A),
    ("post", "/api/jobs/{job_id}/again"): Row(CHANGE_A, {}),
    ("get", "/api/jobs/{job_id}/contact-sheet"): Row(NO_SHEET),
    ("post", "/api/compare"): Row(MAKE, {}),
    ("get", "/api/images/{image_id}"): Row(READ_A),
    ("get", "/api/images/{image_id}/download"): Row(READ_A),
    ("delete", "/api/images/{image_id}"): Row(CHANGE_A, makes_job=True),
    ("put", "/api/images/{image_id}/favorite"): Row(CHANGE_A),
    ("delete", "/api/images/{image_id}/favorite"): Row(CHANGE_A),
    ("get", "/api/images/{image_id}/share"): Row(READ_A),
    ("put", "/api/images/{image_id}/share"): Row(CHANGE_A),
    ("delete", "/api/images/{image_id}/share"): Row(CHANGE_A),
    ("put", "/api/images/{image_id}/gallery"): Row(CHANGE_A),
    ("delete", "/api/images/{image_id}/gallery"): Row(CHANGE_A),
    ("get", "/api/gallery"): Row(OPEN),
    ("get", "/api/operator/gallery"): Row(OPERATORS),
    ("post", "/api/operator/gallery/{image_id}/accept"): Row(OPERATORS),
    ("post", "/api/operator/gallery/{image_id}/remove"): Row(OPERATORS),
    ("put", "/api/images/{image_id}/example"): Row(OPERATORS),
    ("delete", "/api/images/{image_id}/example"): Row(OPERATORS),
    ("get", "/api/examples"): Row(OPEN),
    ("post", "/api/images/{image_id}/vary"): Row(CHANGE_A, {}, makes_job=True),
    ("post", "/api/images/{image_id}/upscale"): Row(CHANGE_A, {}, makes_job=True),
    ("post", "/api/images/{image_id}/extend"): Row(CHANGE_A, {"left": 8}, makes_job=True),
    ("post", "/api/images/zip"): Row(READ_A, {"ids": ["{image_id}"]}),
    ("post", "/api/images/delete"): Row(MAKE, {"ids": []}),
    ("post", "/api/batches"): Row(MAKE, []),
    ("get", "/api/batches"): Row(LIST_OWN),
    ("get", "/api/batches/{batch_id}"): Row(READ_A),
    ("get", "/api/batches/{batch_id}/lines"): Row(READ_A),
    ("get", "/api/batches/{batch_id}/events"): Row(READ_A),
    ("get", "/api/batches/{batch_id}/manifest"): Row(READ_A),
    ("get", "/api/batches/{batch_id}/zip"): Row(READ_A),
    ("delete", "/api/batches/{batch_id}"): Row(CHANGE_A),
    ("post", "/api/batches/{batch_id}/retry"): Row(CHANGE_A),
    ("post", "/api/assets"): Row(MAKE, {}),
    ("get", "/api/assets/{asset_id}"): Row(ASSET_A),
    ("get", "/api/history"): Row(LIST_OWN),
    ("get", "/api/collections"): Row(LIST_OWN),
    ("post", "/api/collections"): Row(COLLECT, {"name": "Red"}),
    ("get", "/api/collections/{collection_id}"): Row(ASSET_A),
    ("patch", "/api/collections/{collection_id}"): Row(KEEP_A, {"name": "Red"}),
    ("delete", "/api/collections/{collection_id}"): Row(KEEP_A),
    ("post", "/api/collections/{collection_id}/images"): Row(KEEP_A, {"ids": ["{image_id}"]}),
    ("post", "/api/collections/{collection_id}/images/remove"): Row(KEEP_A, {"ids": ["{image_id}"]}),
    ("get", "/api/collections/{collection_id}/zip"): Row(ASSET_A),
    ("get", "/api/images/{image_id}/collections"): Row(READ_A),
    ("get", "/api/usage"): Row(LIST_OWN),
    ("post", "/api/price"): Row(MAKE, QUICK),
    ("post", "/api/price/compare"): Row(MAKE, {}),
    ("get", "/api/billing"): Row(LIST_OWN),
    ("get", "/api/billing/history"): Row(LIST_OWN),
    ("get", "/api/billing/history.csv"): Row(LIST_OWN),
    ("get", "/api/billing/receipts/{purchase_id}"): Row(LIST_OWN),
    ("post", "/api/billing/checkout"): Row(OWN_ACCOUNT, {}),
    ("post", "/api/billing/stripe"): Row(OPEN, {}),
    ("post", "/api/operator/users/{user_id}/credit/grant"): Row(OPERATORS, {}),
    ("post", "/api/operator/users/{user_id}/credit/adjust"): Row(OPERATORS, {}),
    ("get", "/api/operator/users/{user_id}/credit/history"): Row(OPERATORS),
    ("post", "/api/operator/jobs/{job_id}/refund"): Row(OPERATORS, {}),
    ("get", "/api/operator/queue"): Row(OPERATORS),
    ("get", "/api/operator/workers"): Row(OPERATORS),
    ("post", "/api/operator/workers/{worker_id}/drain"): Row(OPERATORS, {}),
    ("delete", "/api/operator/workers/{worker_id}/drain"): Row(OPERATORS),
    ("get", "/api/operator/overview"): Row(OPERATORS),
    ("get", "/api/operator/overview.csv"): Row(OPERATORS),
    ("get", "/api/operator/users"): Row(OPERATORS),
    ("post", "/api/operator/users/{user_id}/reset-link"): Row(OPERATORS),
    ("post", "/api/operator/users/{user_id}/disable"): Row(OPERATORS),
    ("post", "/api/operator/users/{user_id}/enable"): Row(OPERATORS),
    ("post", "/api/operator/users/{user_id}/moderation"): Row(OPERATORS, {"exempt": False}),
    ("get", "/api/operator/moderation/pictures"): Row(OPERATORS),
    ("post", "/api/operator/moderation/pictures/{image_id}/release"): Row(OPERATORS, {}),
    ("post", "/api/operator/moderation/pictures/{image_id}/delete"): Row(OPERATORS, {}),
    ("get", "/api/operator/moderation/decisions"): Row(OPERATORS),
    ("get", "/api/options"): Row(OPEN),
    ("get", "/api/wildcards"): Row(OPEN),
    ("post", "/api/prompts/expand"): Row(OPEN, {"prompt": "{red|blue}"}),
    ("get", "/api/loras"): Row(OPEN),
    ("get", "/api/loras/{name}"): Row(OPERATORS),
    ("put", "/api/loras/{name}"): Row(OPERATORS, {}),
    ("patch", "/api/loras/{name}"): Row(OPERATORS, {}),
    ("delete", "/api/loras/{name}"): Row(OPERATORS),
    ("put", "/api/loras/{name}/default"): Row(OPERATORS, {}),
    ("put", "/api/loras/{name}/use-by-default"): Row(OPERATORS),
    ("delete", "/api/loras/{name}/use-by-default"): Row(OPERATORS),
    ("post", "/api/loras/reload"): Row(OPERATORS),
    ("post", "/api/auth/register"): Row(OPEN, {}),
    ("post", "/api/auth/login"): Row(OPEN, {}),
    ("post", "/api/auth/reset"): Row(OPEN, {}),
    ("get", "/api/auth/me"): Row(OPEN),
    ("post", "/api/auth/password"): Row(OWN_ACCOUNT, {}),
    ("delete", "/api/auth/account"): Row(OWN_ACCOUNT, {}),
    ("get", "/api/keys"): Row(OWN_ACCOUNT),
    ("post", "/api/keys"): Row(OWN_ACCOUNT, {}),
    ("delete", "/api/keys/{key_id}"): Row(OWN_ACCOUNT),
    ("post", "/api/auth/logout"): Row(OPEN),
    ("get", "/healthz"): Row(HEALTH),
    ("get", "/readyz"): Row(HEALTH),
}

OUTSIDE = {
    "/",
    "/{path:path}",
    "/metrics",
    "/files/{key:path}",
    "/p/{share_id:str}",
    "/p/{share_id:str}/picture",
    "/p/{share_id:str}/thumbnail",
    "/openapi.json",
    "/docs",
    "/docs/{name:str}",
    "/docs/start.js",
}
"""Routes outside the OpenAPI document, open to all: the page, pictures and shared pages at addresses that
cannot be guessed, the documentation, figures without names."""


class World:
    """One server with people in it. `call` is a call of one of CALLERS."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.a, self.b = register(api, "a@example.org"), register(api, "b@example.org")
        self.operator = register(api, "operator@example.org", is_operator=True)
        revoked = new_key(self.a)
        self.a.call("DELETE", f"/api/keys/{revoked['id']}")
        self.revoked = revoked["key"]
        self.limited = {scope: new_key(self.a, scopes=[scope])["key"] for scope in ("generate", "read")}
        self.job_id = self.new_job()
        self.asset_id = upload(self.a, picture())["asset_id"]
        self.batch_id = finished_batch(self.a, [QUICK])

    def new_job(self) -> str:
        done = self.a.call("POST", "/api/generate", json=QUICK, headers={"Prefer": "wait=30"})
        assert done.status_code == 200, done.text
        return done.json()["job_id"]

    def new_collection(self) -> str:
        collection_id = self.a.call("POST", "/api/collections", {"name": "Red"}).json()["id"]
        added = self.a.call("POST", f"/api/collections/{collection_id}/images", {"ids": [f"{self.job_id}-1"]})
        assert added.status_code == 200, added.text
        return collection_id

    def call(self, who: str, method: str, path: str, body: Any, rule: Rule) -> Any:
        browser = {"user A": self.a, "user B": self.b, "operator": self.operator}.get(who, Browser(self.api))
        key = {"revoked key": self.revoked, "wrong scope": self.limited[rule.scope]}.get(who)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return browser.call(method, path, json=body, headers=headers)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("studio")
    settings = replace(
        studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}"), admin_key=ADMIN_KEY, gallery=True
    )
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        yield World(api)


def routes(app: Litestar) -> set[tuple[str, str]]:
    paths = app.openapi_schema.to_schema()["paths"]
    return {(method, path) for path, item in paths.items() for method in item}


def test_every_route_has_a_row(world: World) -> None:
    assert routes(world.api.app) == set(ROWS), "a new route? say in ROWS who may call it"
    documented = {path for _, path in ROWS}
    undocumented = {each.path for each in world.api.app.routes if each.path.replace(":str}", "}") not in documented}
    assert undocumented == OUTSIDE


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize(("method", "path"), ROWS, ids=lambda value: str(value))
def test_who_may_call(world: World, method: str, path: str, who: str) -> None:
    row = ROWS[method, path]
    expected = row.rule.answers[CALLERS.index(who)]
    job_id = world.new_job() if row.makes_job and expected == "ok" else world.job_id
    names = {"job_id": job_id, "image_id": f"{job_id}-1", "key_id": "0" * 32, "user_id": "0" * 32, "name": "jade-v1"}
    names |= {"asset_id": world.asset_id, "batch_id": world.batch_id, "purchase_id": "0" * 32}
    names["collection_id"] = world.new_collection() if path.startswith("/api/collections/") else "0" * 32
    names["worker_id"] = f"{'0' * 32}-{'0' * 8}"
    body = {"ids": [f"{job_id}-1"]} if row.body == {"ids": ["{image_id}"]} else row.body
    if method == "delete" and path == "/api/loras/{name}":
        names["name"] = "none-v1"
    answer = world.call(who, method.upper(), path.format(**names), body, row.rule)
    if expected == "ok":
        assert answer.status_code < 300, answer.text
    elif expected == "through":
        assert answer.status_code != 401 or answer.json()["type"].endswith("wrong-login"), answer.text
        assert answer.status_code != 403, answer.text
    else:
        assert answer.status_code == expected, answer.text
        assert answer.json()["type"].rpartition(":")[2] in REFUSALS[int(expected)]
        if expected == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
    if who == "revoked key" and expected == 401:
        assert "revoked" in answer.json()["detail"]


def test_the_operator_s_key_may_do_what_an_operator_may(world: World) -> None:
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    assert world.api.post("/api/loras/reload", headers=headers).status_code == 200
    assert world.api.get(f"/api/status/{world.job_id}", headers=headers).status_code == 200
    assert world.api.get("/api/keys", headers=headers).status_code == 403
    for end_user in ("bob", ""):  # it acts for no one
        answer = world.api.get("/api/history", headers={**headers, "X-End-User": end_user})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "scope-lacking")
