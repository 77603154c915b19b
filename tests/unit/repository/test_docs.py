"""The documents do not promise what is not there: links and paths they name exist, API tables match the code."""

import re
from pathlib import Path

import pytest

from pipelines.denoise.samplers import SAMPLERS
from server.generation.requests import GenerateRequest
from server.generation.styles import STYLES

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
PATH = re.compile(r"`((?:server|pipelines|scripts|docs|tests)/[\w./-]*\w)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [document.parent / link for link in LINK.findall(text)]
    paths = [ROOT / path for path in PATH.findall(text)]
    assert [str(path) for path in (*links, *paths) if not path.exists()] == []


def test_the_api_guide_names_every_field_sampler_and_style() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    asking = guide[guide.index("## Asking for pictures") : guide.index("## Following a job")]
    named = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\|([^|]*)\|", asking, re.MULTILINE)))
    assert sorted(set(named) - {"field"}) == sorted(GenerateRequest.__struct_fields__)
    (row,) = re.findall(r"^\| `sampler` .*$", asking, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row.split("|")[3]) == list(SAMPLERS)
    (row,) = re.findall(r"^\| `style` .*$", asking, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row.split("|")[3]) == list(STYLES)
