"""Variants, wildcards and embeddings on the page: picked, previewed, made."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.picture_actions import DESKTOP, PHONE
from tests.browser.users import painting_server
from tests.support.embeddings import embedding_bytes
from tests.support.servers.server_process import ServerProcess


@pytest.fixture(scope="module")
def painted(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """With a wildcard and an embedding."""
    folder = tmp_path_factory.mktemp("painted")
    (folder / "wildcards").mkdir()
    (folder / "wildcards" / "color.txt").write_text("red\nblue\n")
    (folder / "embeddings").mkdir()
    (folder / "embeddings" / "neg-hand.safetensors").write_bytes(embedding_bytes(5))
    folders = {f"STUDIO_{kind.upper()}_DIR": str(folder / f"{kind}s") for kind in ("wildcard", "embedding")}
    with painting_server(folder, **folders) as server:
        server.start()
        yield server


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_wildcard_is_picked_previewed_and_made(
    new_visitor: NewVisitor, painted: ServerProcess, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, "?size=64x64&model=none&steps=4&n=2", **screen)
    page = visitor.page
    visitor.prompt.fill("{sea|forest}")
    name = re.compile(r"^Settings" if screen is PHONE else r"^Advanced")
    page.get_by_role("button", name=name).first.click()
    page.get_by_role("list", name="Wildcards").get_by_role("button", name="color").click()
    behind = page.get_by_role("textbox", name="Prompt", exact=True, include_hidden=True)
    expect(behind).to_have_value("{sea|forest}, __color__")
    shown = page.get_by_role("list", name="What the prompt becomes").get_by_role("listitem")
    expect(page.get_by_text("4 combinations")).to_be_visible()
    page.get_by_role("radio", name="One after the other").click()
    expect(shown).to_have_text(["sea, red", "sea, blue", "forest, red", "forest, blue"])
    assert not visitor.scrolls_sideways()
    page.keyboard.press("Escape")
    with page.expect_request("**/api/generate") as waiting:
        visitor.generate.click()
    assert json.loads(waiting.value.post_data or "")["expansion"] == "combinatorial"
    visitor.wait_for_pictures(2)
    result = painted.http.get(f"/api/result/{visitor.recent_job()}").json()
    assert [each["final_prompt"] for each in result["outputs"]] == ["sea, red", "sea, blue"]


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_embedding_is_put_into_either_prompt(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, "?size=64x64&model=none&steps=4&n=1", **screen)
    page = visitor.page
    visitor.prompt.fill("sea")
    name = re.compile(r"^Settings" if screen is PHONE else r"^Advanced")
    page.get_by_role("button", name=name).first.click()
    embeddings = page.get_by_role("region", name="Embeddings")
    embeddings.get_by_role("button", name="neg-hand").click()
    embeddings.get_by_role("radio", name="Negative prompt").click()
    embeddings.get_by_role("button", name="neg-hand").click()
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []
    page.keyboard.press("Escape")
    with page.expect_request("**/api/generate") as waiting:
        visitor.generate.click()
    asked = json.loads(waiting.value.post_data or "")
    assert asked["prompt"] == "sea, neg-hand" and asked["negative_prompt"].endswith("distorted, neg-hand")
    visitor.wait_for_pictures(1)
    result = painted.http.get(f"/api/result/{visitor.recent_job()}").json()
    assert [each["name"] for each in result["metadata"]["embeddings"]] == ["neg-hand"]
