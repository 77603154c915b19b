"""People for tests: browsers with cookies of their own, accounts, keys."""

from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from server.accounts.admin_commands import Administration

PASSWORD = "correct horse battery"


class Browser:
    """Keeps cookies and sends the CSRF header, as the page does. `api`'s own cookies are left alone."""

    def __init__(self, api: TestClient[Litestar]) -> None:
        self.api = api
        self.cookies: dict[str, str] = {}

    def call(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if "csrftoken" in self.cookies:
            sent.setdefault("x-csrftoken", self.cookies["csrftoken"])
        self.api.cookies.clear()
        answer = self.api.request(method, path, json=json, headers=sent, follow_redirects=False)
        for cookie in answer.cookies.jar:
            self.cookies[cookie.name] = cookie.value or ""
        for set_cookie in answer.headers.get_list("set-cookie"):
            if "Max-Age=0" in set_cookie:
                self.cookies.pop(set_cookie.partition("=")[0], None)
        self.api.cookies.clear()
        return answer


def register(api: TestClient[Litestar], email: str, is_operator: bool = False) -> Browser:
    """A browser that has logged in with a new account."""
    browser = Browser(api)
    for step, status in (("register", 202), ("login", 200)):
        answer = browser.call("POST", f"/api/auth/{step}", {"email": email, "password": PASSWORD})
        assert answer.status_code == status, answer.text
    if is_operator:
        api.blocking_portal.call(Administration(api.app.state.lifespan.container.database).promote, email)
    return browser


def new_key(browser: Browser, **fields: Any) -> dict[str, Any]:
    answer = browser.call("POST", "/api/keys", {"name": "test", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()
