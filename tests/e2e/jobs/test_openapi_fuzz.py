"""The OpenAPI document against a real server: generated requests, good and bad, get no 5xx and no answer that the
document does not describe. `--fuzz-cases 2500` for many of them."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scripts.openapi import DOCUMENT
from tests.e2e.conftest import painting_server
from tests.support.accounts import PASSWORD
from tests.support.servers.server_process import ServerProcess

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ADMIN_KEY = "operator-key-of-the-tests"
SLOW = {"register", "login", "change_password", "delete_account", "reset_password"}  # argon2
MAX_SLOW = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {
        "STUDIO_ADMIN_KEY": ADMIN_KEY,
        "STUDIO_MAX_STEPS": "3",
        "STUDIO_MAX_IMAGES": "2",
        "STUDIO_MAX_QUEUE": "100000",
    }
    with painting_server(tmp_path_factory.mktemp("fuzzed"), "server", **settings) as running:
        running.start()
        yield running


def finished_job(http: httpx.Client, headers: dict[str, str], prompt: str = "red dress") -> str:
    quick = {"prompt": prompt, "num_images": 1, "steps": 2, "width": 32, "height": 32}
    answer = http.post("/api/generate", json=quick, headers={"Prefer": "wait=30", **headers})
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


def session_headers(server: ServerProcess, email: str = "ada@example.org", password: str = PASSWORD) -> dict[str, str]:
    """Of a new account that has logged in."""
    with httpx.Client(base_url=server.url, timeout=60) as browser:
        account = {"email": email, "password": password}
        assert browser.post("/api/auth/register", json=account).status_code == 202
        assert browser.post("/api/auth/login", json=account).status_code == 200
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return {"Cookie": cookies, "x-csrftoken": browser.cookies["csrftoken"]}


def test_no_answer_is_a_5xx_or_undocumented(server: ServerProcess, request: pytest.FixtureRequest) -> None:
    num_cases = int(str(request.config.getoption("--fuzz-cases")))
    schema: Any = schemathesis.openapi.from_path(str(DOCUMENT))
    operations = [each.ok() for each in schema.get_all_operations()]
    user = session_headers(server)
    callers = [{"Authorization": f"Bearer {ADMIN_KEY}"}, user, {}]
    jobs = itertools.cycle([finished_job(server.http, {}) for _ in range(3)])
    answers, found = Counter[int](), dict[str, str]()
    http = requests.Session()

    def ask(case: Any, headers: dict[str, str]) -> None:
        case.headers.update(headers)
        answer = case.call(base_url=server.url, session=http, timeout=30)
        answers[answer.status_code] += 1
        try:
            # of a stream it would check each event against the schema of the whole stream
            left_out = [response_schema_conformance] if case.operation.path.endswith("/events") else []
            case.validate_response(answer, checks=CHECKS, excluded_checks=left_out)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                name = f"{case.method} {case.operation.path} {answer.status_code} {type(failure).__name__}"
                found.setdefault(name, f"{failure}\n{case.as_curl_command()}\n{answer.text[:300]}")

    for number, operation in rounds(operations, answers, num_cases):
        operation_id = operation.definition.raw["operationId"]
        num = max(3, num_cases // len(operations))

        @seed(number)
        @settings(
            max_examples=min(num, MAX_SLOW) if operation_id in SLOW else num,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )
        @given(
            case=good_and_bad(operation, next(jobs)),
            headers=st.sampled_from(callers[::2] if operation_id == "logout" else callers),
        )
        def fuzz(case: Any, headers: dict[str, str]) -> None:
            ask(case, headers)

        fuzz()
    print(f"{sum(answers.values())} cases: {dict(sorted(answers.items()))}")
    assert found == {}, "\n\n".join(f"{name}\n{detail}" for name, detail in found.items())
    assert server.http.get("/readyz").status_code == 200


def rounds(operations: list[Any], answers: Counter[int], num_cases: int) -> Iterator[tuple[int, Any]]:
    """All operations, as often as it takes: some have few requests, or slow ones. With the number of the round."""
    for number in itertools.count(1):
        for operation in operations:
            yield number, operation
        if sum(answers.values()) >= num_cases:
            return


def good_and_bad(operation: Any, job_id: str) -> "st.SearchStrategy[Any]":
    """Requests that the document allows, for things that are there and for others; and, where they can go wrong beyond
    a name, requests that it does not allow."""
    good = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    names = {"job_id": job_id, "image_id": f"{job_id}-1"}
    fixed = {name: value for name, value in names.items() if f"{{{name}}}" in operation.path}
    if fixed:
        good |= operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE, path_parameters=fixed)
    if not (operation.body or operation.query):
        return good
    return good | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)


def test_passwords_keys_and_prompts_are_in_no_log_metric_or_error(server: ServerProcess) -> None:
    """No refusal, which proxies log, and no log line of the server repeats what a client sent."""
    email, password, prompt = "canary@example.org", "canary-password-51c2", "canary-prompt-7f3a"
    key, token = "ls_canary-key-90ab", "canary-token-33de"
    http, secrets = server.http, ["canary-"]
    user = session_headers(server, email, password)
    made = http.post("/api/keys", json={"name": "k"}, headers=user).json()["key"]
    cookie = user["Cookie"].partition("studio_session=")[2].partition(";")[0]
    secrets += [made, cookie]
    job_id = finished_job(http, {"Authorization": f"Bearer {made}"}, prompt)
    stream = http.post(f"/api/jobs/{job_id}/stream-token", headers=user).json()["token"]
    secrets.append(stream)
    assert http.get(f"/api/jobs/{job_id}/events?token={stream}").status_code == 200
    errors = [
        http.post("/api/auth/login", json={"email": email, "password": password + "x"}),
        http.post("/api/auth/register", json={"email": "no address", "password": password}),
        http.post("/api/auth/register", json={"email": email, "password": password * 20}),
        http.post("/api/auth/password", json={"password": password, "new_password": [password]}, headers=user),
        http.post("/api/auth/reset", json={"token": token, "new_password": password}),
        http.post("/api/auth/reset", json={"token": token * 50, "new_password": password}),
        http.post("/api/auth/login", content=f'{{"email": "{email}", "password": "{password}'.encode()),
        http.get("/api/history", headers={"Authorization": f"Bearer {key}"}),
        http.get(f"/api/jobs/{job_id}/events?token={token}"),
        http.post("/api/generate", json={"prompt": prompt * 1000}),
        http.post("/api/generate", json={"prompt": prompt, "negative_prompt": [prompt], "width": 1}),
        http.post("/api/generate", json={"prompt": prompt, "sampler": "none"}),
        http.post("/api/generate", json={"prompt": prompt + "\x00"}),
    ]
    assert {answer.status_code for answer in errors} <= {400, 401, 403, 410, 429}
    texts = [answer.text + str(answer.headers) for answer in errors] + [http.get("/metrics").text]
    texts.append(server.log.read_text(errors="replace"))
    assert [text for text in texts for secret in secrets if secret in text] == []
