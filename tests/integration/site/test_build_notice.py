"""What the server shows where the page is not built yet, or could not be."""

import fcntl
import json
import re
from pathlib import Path

import pytest

from tests.support.servers.page_app import HTML, Api, sources, write_page


def notice(api: Api, path: str = "/") -> str:
    answer = api.get(path, headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert sources(answer, "script-src") == ["'self'"]
    assert re.search(r'<meta http-equiv="refresh" content="\d+">', answer.text)
    assert "<script" not in answer.text
    assert 'href="/docs"' in answer.text
    return answer.text


def tell(checkout: Path, **state: str) -> None:
    (checkout / "frontend" / ".build" / "state.json").write_text(json.dumps(state), encoding="utf-8")


def test_while_it_is_built_a_notice_says_so_and_the_api_works(api: Api, checkout: Path) -> None:
    with (checkout / "frontend" / ".build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tell(checkout, state="building")
        assert "is being built" in notice(api)
        assert "is being built" in notice(api, "/about/")
        assert api.get("/healthz").status_code == 200
        assert api.head("/").status_code == 503
        write_page(checkout / "server" / "page")
        assert "create" in api.get("/").text


def test_a_failed_build_is_explained_escaped_and_bounded(api: Api, checkout: Path) -> None:
    log = "\n".join([*(f"line {n}" for n in range(100)), "<script>alert(1)</script> {x}", "y" * 5000])
    tell(checkout, state="failed", reason="npm could not <fetch> the packages.", log=log)
    shown = notice(api)
    assert "npm could not &lt;fetch&gt; the packages." in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {x}" in shown
    assert "line 99" in shown
    assert "line 10\n" not in shown
    assert len(shown) < 15_000
    assert "scripts/build_page.py" in shown


def test_a_build_that_was_killed_is_no_longer_said_to_be_going_on(api: Api, checkout: Path) -> None:
    (checkout / "frontend" / ".build" / "lock").touch()
    tell(checkout, state="building")
    assert "interrupted" in notice(api)


def test_a_failed_build_keeps_the_old_page(api: Api, checkout: Path, page: Path) -> None:
    tell(checkout, state="failed", reason="nothing works")
    assert "create" in api.get("/").text


@pytest.mark.parametrize("state", [None, "", "{", "[]", '"text"', "\0"])
def test_without_a_build_the_notice_says_how_to_make_one(api: Api, checkout: Path, state: str | None) -> None:
    if state is not None:
        (checkout / "frontend" / ".build" / "state.json").write_text(state, encoding="utf-8")
    shown = notice(api)
    assert "not built yet" in shown
    assert "scripts/build_page.py" in shown


def test_an_installation_without_sources_names_the_setting(api: Api, checkout: Path) -> None:
    (checkout / "frontend" / "package.json").unlink()
    assert "STUDIO_PAGE_DIR" in notice(api)
