"""The page's types are made from frontend/openapi.json: it is the API's own document. scripts/check compares the
types with it."""

from scripts.openapi import DOCUMENT, document


def test_the_page_s_copy_of_the_document_is_the_api_s() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "the API has changed; run: python scripts/openapi.py && python scripts/npm.py run types"
    )


def test_the_document_is_the_same_every_time() -> None:
    assert document() == document()
