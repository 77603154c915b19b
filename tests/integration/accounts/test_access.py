"""What others get of an account's job, and what forged keys, tokens, ids and sessions open: nothing."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.fixtures.studio_app import QUICK
from tests.support.accounts import PASSWORD, Browser, new_key, register
from tests.support.assets import picture, upload
from tests.support.batches import finished_batch
from tests.support.servers.accounts_app import Api, bearer, login, make, problem

JOB_CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/api/status/{job}", None),
    ("GET", "/api/status/{job}?wait=1", None),
    ("GET", "/api/result/{job}", None),
    ("GET", "/api/jobs/{job}/events", None),
    ("DELETE", "/api/jobs/{job}", None),
    ("GET", "/api/jobs/{job}/zip", None),
    ("GET", "/api/jobs/{job}/contact-sheet", None),
    ("POST", "/api/jobs/{job}/again", {}),
    ("POST", "/api/jobs/{job}/stream-token", None),
    ("POST", "/api/images/{job}-1/vary", {}),
    ("POST", "/api/images/{job}-1/upscale", {}),
    ("POST", "/api/images/{job}-1/extend", {"left": 8}),
    ("GET", "/api/images/{job}-1", None),
    ("GET", "/api/images/{job}-1/download", None),
    ("HEAD", "/api/images/{job}-1/download", None),
    ("DELETE", "/api/images/{job}-1", None),
    ("PUT", "/api/images/{job}-1/favorite", None),
    ("DELETE", "/api/images/{job}-1/favorite", None),
    ("POST", "/api/images/zip", {"ids": ["{job}-1"]}),
]

BATCH_CALLS = [
    ("GET", "/api/batches/{batch}"),
    ("GET", "/api/batches/{batch}/lines"),
    ("GET", "/api/batches/{batch}/events"),
    ("GET", "/api/batches/{batch}/manifest"),
    ("GET", "/api/batches/{batch}/zip"),
    ("POST", "/api/batches/{batch}/retry"),
    ("DELETE", "/api/batches/{batch}"),
]


@pytest.fixture(scope="module")
def eve(shared: Api) -> Browser:
    return register(shared, "eve@example.org")


@pytest.fixture(scope="module", params=["another account", "another account's key", "nobody"])
def stranger(request: pytest.FixtureRequest, shared: Api, eve: Browser) -> tuple[Browser, dict[str, str]]:
    if request.param == "another account":
        return eve, {}
    if request.param == "nobody":
        return Browser(shared), {}
    return Browser(shared), bearer(new_key(eve, scopes=["generate", "read", "on_behalf"])["key"])


def test_a_stranger_who_knows_every_id_gets_nothing(
    stranger: tuple[Browser, dict[str, str]], ada: Browser, job_of_ada: str
) -> None:
    browser, headers = stranger
    for method, path, body in JOB_CALLS:
        body = {"ids": [f"{job_of_ada}-1"]} if body and "ids" in body else body
        answer = browser.call(method, path.format(job=job_of_ada), body, headers)
        assert answer.status_code == 404, (method, path, answer.text)
        assert job_of_ada not in answer.text.replace(f"no job has the id {job_of_ada}", "").replace(
            f"no picture has the id {job_of_ada}-1", ""
        ), path
    deleted = browser.call("POST", "/api/images/delete", {"ids": [f"{job_of_ada}-1"]}, headers).json()
    assert deleted == {"deleted": [], "missing": [f"{job_of_ada}-1"], "kept": []}
    assert job_of_ada not in browser.call("GET", "/api/history", headers=headers).text
    (image,) = ada.call("GET", f"/api/result/{job_of_ada}").json()["outputs"]
    assert ada.call("GET", f"/api/images/{image['id']}").json()["image"]["favorite"] is False


def test_a_stranger_who_knows_the_id_of_a_batch_gets_nothing(
    stranger: tuple[Browser, dict[str, str]], ada: Browser
) -> None:
    browser, headers = stranger
    batch_id = finished_batch(ada, [QUICK])
    for method, path in BATCH_CALLS:
        answer = browser.call(method, path.format(batch=batch_id), headers=headers)
        assert answer.status_code == 404, (method, path, answer.text)
        assert ada.call(method, path.format(batch=batch_id)).status_code == 200, (method, path)
    assert batch_id not in browser.call("GET", "/api/batches", headers=headers).text
    assert batch_id in ada.call("GET", "/api/batches").text
    for odd in ODD_IDS:
        assert ada.call("GET", f"/api/batches/{quote(odd, safe='')}").status_code == 404, odd


def test_a_stranger_who_knows_the_id_of_an_asset_gets_nothing(
    stranger: tuple[Browser, dict[str, str]], ada: Browser
) -> None:
    browser, headers = stranger
    address = f"/api/assets/{upload(ada, picture())['asset_id']}"
    assert ada.call("GET", address).status_code == 200
    for method in ("GET", "HEAD"):
        assert browser.call(method, address, headers=headers).status_code == 404
    for odd in ODD_IDS:
        assert ada.call("GET", f"/api/assets/{quote(odd, safe='')}").status_code == 404, odd


def test_only_the_whole_key_opens_and_a_wrong_one_is_never_anonymous(
    shared: Api, ada: Browser, job_of_ada: str
) -> None:
    key, path = new_key(ada)["key"], f"/api/status/{job_of_ada}"
    for good in (f"Bearer {key}", f"bearer {key}", f"BEARER  {key} "):
        assert shared.get(path, headers={"Authorization": good}).status_code == 200, good
    for wrong in (key[:-1], f"{key}x", f"x{key}", key.upper(), key[3:], f"{key} {key}", f"{key},", f'"{key}"', ""):
        for call in (path, "/api/options"):
            answer = shared.get(call, headers={"Authorization": f"Bearer {wrong}"})
            assert problem(answer, 401) == "unauthorized", wrong
    for other in (f"Basic {key}", key, f"Token {key}", f"Bearer\t{key}"):
        assert problem(shared.get(path, headers={"Authorization": other}), 404) == "not-found", other
    for lines in ((f"Bearer {key}", "Bearer x"), ("Bearer x", f"Bearer {key}"), ("Basic x", f"Bearer {key}")):
        answer = shared.get(path, headers=[("Authorization", line) for line in lines])
        assert answer.status_code in (401, 404), lines


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/keys", None),
        ("POST", "/api/keys", {"name": "another"}),
        ("DELETE", f"/api/keys/{'0' * 32}", None),
        ("POST", "/api/auth/password", {"password": PASSWORD, "new_password": "another horse, same battery"}),
        ("DELETE", "/api/auth/account", {"password": PASSWORD}),
    ],
)
def test_a_key_cannot_change_its_account(shared: Api, ada: Browser, method: str, path: str, body: Any) -> None:
    key = new_key(ada, scopes=["generate", "read", "on_behalf"])
    answer = shared.request(method, path, json=body, headers=bearer(key["key"]))
    assert problem(answer, 403) == "scope-lacking"
    assert ada.call("DELETE", f"/api/keys/{key['id']}").status_code == 204


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 129, "\u00e4", "a\tb"])
def test_an_end_user_without_a_proper_name_is_refused(shared: Api, ada: Browser, name: str) -> None:
    key = new_key(ada, scopes=["read", "on_behalf"])["key"].encode()
    headers = {b"Authorization": b"Bearer " + key, b"X-End-User": name.encode()}
    answer = shared.get("/api/history", headers=headers)
    assert problem(answer, 400) == "invalid-request"


@pytest.mark.parametrize("name", ["bob", "", "a b"])
def test_a_session_acts_for_no_end_user(ada: Browser, job_of_ada: str, name: str) -> None:
    for path in ("/api/history", f"/api/status/{job_of_ada}"):
        assert problem(ada.call("GET", path, headers={"X-End-User": name}), 403) == "scope-lacking"


def test_a_stream_token_opens_its_stream_only(shared: Api, ada: Browser, job_of_ada: str) -> None:
    token = ada.call("POST", f"/api/jobs/{job_of_ada}/stream-token").json()["token"]
    events = f"/api/jobs/{job_of_ada}/events"
    assert problem(shared.get(f"/api/jobs/{make(ada)}/events?token={token}"), 401) == "unauthorized"
    assert problem(shared.get(f"{events}?token={token[:-1]}"), 401) == "unauthorized"
    assert problem(shared.get(f"{events}?token=x&token={token}"), 401) == "unauthorized"
    for method, path in (("GET", "status/{}"), ("DELETE", "jobs/{}"), ("GET", "jobs/{}/zip"), ("GET", "result/{}")):
        answer = shared.request(method, f"/api/{path.format(job_of_ada)}?token={token}")
        assert problem(answer, 404) == "not-found", path
    assert problem(shared.post(f"/api/jobs/{job_of_ada}/stream-token?token={token}"), 404) == "not-found"
    assert problem(shared.get(events, headers=bearer(token)), 401) == "unauthorized"
    as_session = Browser(shared)
    as_session.cookies["studio_session"] = token
    assert problem(as_session.call("GET", events), 404) == "not-found"


ODD_IDS = (
    "0",
    "x" * 32,
    "A" * 32,
    "0" * 31,
    "0" * 33,
    "x" * 5000,
    "-1",
    "null",
    "\u00e4",
    " ",
    "' OR 1=1 --",
    "%",
    "..",
)


def test_odd_ids_are_not_found(shared: Api, ada: Browser, job_of_ada: str) -> None:
    for odd in (*ODD_IDS, job_of_ada + " ", job_of_ada.upper(), f"{job_of_ada}-1"):
        for path in ("/api/status/{}", "/api/result/{}", "/api/jobs/{}/events", "/api/jobs/{}/zip"):
            assert ada.call("GET", path.format(quote(odd, safe=""))).status_code == 404, (path, odd)
    for odd in (*ODD_IDS, job_of_ada, f"{job_of_ada}-0", f"{job_of_ada}-2", f"{job_of_ada}-1-1", f"{job_of_ada}-01"):
        for path in ("/api/images/{}", "/api/images/{}/download"):
            assert ada.call("GET", path.format(quote(odd, safe=""))).status_code == 404, (path, odd)
    for ids in ([], [1], [None], ["x" * 300], "x", [["x"]], {"a": 1}, ["a"] * 10_000):
        for path in ("/api/images/zip", "/api/images/delete"):
            assert problem(ada.call("POST", path, {"ids": ids}), 400) == "invalid-request", ids


def test_a_session_cannot_be_chosen_by_another_and_ends_with_its_logout(shared: Api, ada: Browser) -> None:
    chosen = "c" * 43
    victim = Browser(shared)
    victim.cookies["studio_session"] = chosen
    victim.cookies["csrftoken"] = "t"
    answer = victim.call("POST", "/api/auth/login", {"email": "ada@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    secret = victim.cookies["studio_session"]
    assert secret != chosen
    thief = Browser(shared)
    thief.cookies["studio_session"] = chosen
    assert thief.call("GET", "/api/auth/me").json()["user"] is None
    thief.cookies["studio_session"] = secret
    assert thief.call("GET", "/api/auth/me").json()["user"]["email"] == "ada@example.org"
    assert victim.call("POST", "/api/auth/logout").status_code == 204
    assert thief.call("GET", "/api/auth/me").json()["user"] is None


def test_a_login_says_the_same_of_every_failure_and_believes_no_stranger_s_headers(shared: Api, ada: Browser) -> None:
    wrong = login(shared, "ada@example.org", "wrong horse battery")[1]
    unknown = login(shared, "unknown@example.org", "wrong horse battery")[1]
    assert problem(wrong, 401) == problem(unknown, 401) == "wrong-login"
    assert wrong.json() == unknown.json()
    account = {"email": "ada@example.org", "password": PASSWORD}
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    answer = Browser(shared).call("POST", "/api/auth/login", account, forged)
    assert all("Secure" not in cookie for cookie in answer.headers.get_list("set-cookie"))


def test_changes_with_a_session_need_its_token_whatever_the_form(shared: Api, ada: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
    forms: list[tuple[str, dict[str, Any]]] = [
        ("generate", {"json": QUICK}),
        ("generate", {"data": {"prompt": "red"}}),
        ("generate", {"content": b'{"prompt": "red"}'}),
        ("assets", {"files": {"file": picture()}}),
        ("assets", {"content": picture()}),
    ]
    for call, form in forms:
        for token in ({}, {"x-csrftoken": ""}, {"x-csrftoken": "wrong"}):
            shared.cookies.clear()
            answer = shared.post(f"/api/{call}", headers={"Cookie": cookies, **token}, **form)
            assert problem(answer, 403) == "csrf", call
    for origin in ("null", "http://evil.example", "http://studio.test.evil.example", "http://studio.test:8001"):
        headers = {"Cookie": cookies, "x-csrftoken": ada.cookies["csrftoken"], "Origin": origin}
        assert problem(shared.post("/api/generate", json=QUICK, headers=headers), 403) == "foreign-origin", origin
        assert problem(shared.post("/api/assets", content=picture(), headers=headers), 403) == "foreign-origin", origin
    shared.cookies.clear()
