"""Moderation on the page, with the real classifier at a threshold that everything passes: blurred pictures are seen
after a click and reviewed by an operator, blocked ones say why there is no picture, flagged ones are shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.app_servers import OPERATOR
from tests.browser.conftest import NewVisitor
from tests.browser.users import PASSWORD, painting_server
from tests.support.servers.server_process import ServerProcess

EVERYTHING = {"STUDIO_MODERATION_THRESHOLD": "0.0001", "STUDIO_RATE_LIMIT_PER_HOUR": "0"}
BLUR = re.compile("blur-2xl")


def serve(folder: Path, mode: str) -> ServerProcess:
    folder.mkdir()
    return painting_server(folder, STUDIO_MODERATION=mode, **EVERYTHING)


def is_sharp(picture: Locator) -> bool:
    return picture.evaluate("element => getComputedStyle(element).filter") == "none"


@pytest.fixture(autouse=True)
def page_is_built(built_page: Path) -> None:
    """The servers here send it."""


def test_blurred_pictures_are_seen_after_a_click_and_reviewed(new_visitor: NewVisitor, tmp_path: Path) -> None:
    with serve(tmp_path / "server", "blur") as server:
        server.start()
        command = [sys.executable, "-m", "server", "create-operator", "--email", OPERATOR]
        subprocess.run(command, input=PASSWORD, text=True, check=True, cwd=tmp_path, env=server.environment, timeout=60)
        visitor = new_visitor(server)
        page = visitor.page
        visitor.ask("red dress, beach sunset")
        visitor.wait_for_pictures(4)
        tile = visitor.results.get_by_role("img", name="Picture 1 of 4")
        expect(tile).to_have_class(BLUR)
        assert not is_sharp(tile)
        visitor.results.locator("[data-picture]").first.click()
        lightbox = page.get_by_role("dialog")
        slide = lightbox.get_by_role("group", name="1 of")
        expect(slide.get_by_text("A classifier finds this picture explicit.")).to_be_visible()
        whole = slide.get_by_role("img", name="Picture 1 of 4")
        assert not is_sharp(whole)
        slide.get_by_role("button", name="Show it").click()
        expect(whole).not_to_have_class(BLUR)
        assert is_sharp(whole)
        expect(lightbox.get_by_text(re.compile("^blurred, score 0"))).to_be_attached()

        account = {"email": OPERATOR, "password": PASSWORD}
        assert page.request.post("/api/auth/login", data=account).status == 200
        page.goto("/operator/?tab=moderation")
        review = page.get_by_role("tabpanel")
        expect(review.get_by_role("listitem")).to_have_count(4)
        marked = review.get_by_role("button", name="Show the picture").first
        assert not is_sharp(marked.locator("img"))
        marked.click()
        assert is_sharp(review.get_by_role("button", name="Blur the picture").locator("img"))
        for left, verdict in ((3, "Release"), (2, "Delete"), (1, "Delete"), (0, "Delete")):
            review.get_by_role("button", name=verdict).first.click()
            page.get_by_role("textbox", name="Note for the log").fill("looked at")
            page.get_by_role("dialog").get_by_role("button", name=verdict).click()
            expect(review.get_by_role("listitem")).to_have_count(left)
            expect(page.get_by_role("dialog")).to_have_count(0)
        expect(review.get_by_text("No picture waits for a review.")).to_be_visible()
        page.goto("/history/")
        kept = page.get_by_role("img", name=re.compile("^Picture"))
        expect(kept).to_have_count(1)
        expect(kept).not_to_have_class(BLUR)


def test_a_blocked_picture_is_a_tile_that_says_why(new_visitor: NewVisitor, tmp_path: Path) -> None:
    with serve(tmp_path / "server", "block") as server:
        server.start()
        visitor = new_visitor(server)
        visitor.ask("red dress, beach sunset")
        reason = re.compile(r"^Blocked: a classifier scores this picture 0\.\d\d; from 0\.0001 on it is blocked")
        expect(visitor.tiles.get_by_text(reason)).to_have_count(4)
        said = visitor.page.get_by_role("region", name="red dress, beach sunset").get_by_role("paragraph")
        expect(said).to_have_text("These pictures could not be made. Moderation blocked every picture of this job.")
        assert visitor.results.get_by_role("img").count() == 0


def test_a_flagged_picture_is_shown_with_its_score(new_visitor: NewVisitor, tmp_path: Path) -> None:
    with serve(tmp_path / "server", "flag") as server:
        server.start()
        visitor = new_visitor(server)
        visitor.ask("red dress, beach sunset")
        visitor.wait_for_pictures(4)
        assert is_sharp(visitor.results.get_by_role("img", name="Picture 1 of 4"))
        visitor.results.locator("[data-picture]").first.click()
        facts = visitor.page.get_by_role("dialog").get_by_text(re.compile("^flagged, score 0"))
        expect(facts).to_be_attached()
