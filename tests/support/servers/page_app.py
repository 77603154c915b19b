"""A server whose page is a few small files, and what its answers allow scripts."""

import gzip
from pathlib import Path

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from scripts.build_page import write_script_hashes

Api = TestClient[Litestar]

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPTS = ["self.__flight=[1,'<b>&amp;'];", 'push("é \\u003c/script")']
INDEX = (
    "<!doctype html><html><head><script>{}</script><script src='/_next/static/app.js' async></script>"
    '<script id="x">{}</script></head><body>{}</body></html>'
)
APP = "console.log('" + "page " * 400 + "');"


def write_page(folder: Path, words: str = "create") -> Path:
    (folder / "_next" / "static").mkdir(parents=True)
    (folder / "about").mkdir()
    (folder / "index.html").write_text(INDEX.format(*SCRIPTS, words), encoding="utf-8")
    (folder / "about" / "index.html").write_text("<title>about</title><script>about()</script>", encoding="utf-8")
    (folder / "404.html").write_text("<h1>Not here</h1><script>lost()</script>", encoding="utf-8")
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (folder / "_next" / "static" / "app.js").write_text(APP, encoding="utf-8")
    (folder / "_next" / "static" / "app.js.gz").write_bytes(gzip.compress(APP.encode()))
    write_script_hashes(folder)
    return folder


def sources(answer: httpx.Response, directive: str) -> list[str]:
    directives = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    (found,) = [rest for name, *rest in directives if name == directive]
    return found
