"""The web page, at every address that no controller has: the folder that `next build` exports, served by servestatic.

What lies where, at which address it is found, how it is sent:

    folder/index.html            /              no-cache, a content security policy of its own
    folder/about/index.html      /about/        /about redirects there
    folder/_next/static/...      as they lie    immutable: their names hold a hash; app.js.gz is sent for app.js
    (the build before)           the same, under /_next/static/ only: for windows that were opened before a switch
    folder/404.html              404            to who asks for HTML; everybody else gets a problem document

The disk is read on asyncio's threads, never on the event loop: one turn there for each request. Files are sent as a
whole; servestatic's own way to send them starts a thread for each and needs four turns.
"""

import base64
import hashlib
import logging
import threading
from asyncio import to_thread
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit
from wsgiref.headers import Headers

from litestar import Controller, HttpMethod, Request, route
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Scope, Send
from servestatic import ServeStaticASGI  # pyright: ignore[reportMissingTypeStubs]

from server.api.auth.cookies import (
    ANON,
    ANON_ID,
    is_secure,
    new_anon_cookie,
)
from server.api.site.build_notice import RETRY_AFTER_S, read_notice

log = logging.getLogger(__name__)

IMMUTABLE = "/_next/static/"
SECURITY_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class InlineScripts(HTMLParser):
    """The texts of a document's script elements that have no `src`."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def content_security_policy(scripts: Iterable[str], public_url: str | None, picture_origins: Sequence[str] = ()) -> str:
    """Allows exactly these inline scripts. Pictures are addressed by `public_url`, where that is set, or lie at
    `picture_origins`, where a store of its own sends them."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    script_sources = " ".join(["'self'", *dict.fromkeys(f"'sha256-{each}'" for each in hashes)])
    address = urlsplit(public_url or "")
    server = f"'self' {address.scheme}://{address.netloc}" if address.netloc else "'self'"
    pictures = " ".join([server, *picture_origins])
    return (
        f"default-src 'none'; script-src {script_sources}; style-src 'self' 'unsafe-inline';"
        f" img-src {pictures} blob: data:; connect-src {server}; font-src 'self'; manifest-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Document:
    """HTML that is no file's own answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def answer(self, is_head: bool) -> ASGIResponse:
        headers = {
            **self.headers,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(self.body)),
        }
        body = b"" if is_head else self.body
        return ASGIResponse(body=body, status_code=self.status, headers=headers, is_head_response=is_head)


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file as servestatic sends it to this request: the whole, a part, or that it has not changed."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    async def send_by(self, send: Send) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class Site:
    """One build of the page, as it was found on the disk."""

    stamp: tuple[object, ...]
    files: ServeStaticASGI
    not_found: Document | None


def read_stamp(folder: Path) -> tuple[object, ...] | None:
    """Differs after every build; None where there is no page. A build in a checkout switches a link, others may copy a
    page over the old one."""
    try:
        index = (folder / "index.html").stat()
    except OSError:
        return None
    return (folder.resolve(), index.st_ino, index.st_mtime_ns, index.st_size)


class Page:
    """An ASGI app over `folder`, which may appear, change and go while the server runs."""

    def __init__(self, folder: Path, public_url: str | None, picture_origins: Sequence[str] = ()) -> None:
        self._folder = folder
        self._public_url = public_url
        self._picture_origins = picture_origins
        self._site: Site | None = None
        self._loading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NotFoundException for a file that is not there."""
        request = Request[Any, Any, Any](scope)
        path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0])  # Litestar's has lost its last "/"
        site, file = await to_thread(self._look_up, path, request)
        if file is not None:
            if path.endswith("/"):  # a document, no part of one
                send = self._with_anon_cookie(request, send)
            return await file.send_by(send)
        wants_html = "text/html" in request.headers.get("accept", "")
        document: Document | None = None
        if site is None and (wants_html or path == "/"):
            document = await to_thread(self._notice)
        elif site is not None and wants_html:
            document = site.not_found
        if document is None:
            raise NotFoundException()
        await document.answer(is_head=request.method == HttpMethod.HEAD)(scope, receive, send)

    def _with_anon_cookie(self, request: Request[Any, Any, Any], send: Send) -> Send:
        """Gives a browser that comes for the first time the cookie that groups what it makes."""
        if ANON_ID.fullmatch(request.cookies.get(ANON, "")):
            return send
        cookie = new_anon_cookie(is_secure(request, self._public_url))

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if each[0].lower() != b"cache-control"]
                message["headers"] = [*kept, (b"cache-control", b"private, no-cache"), (b"set-cookie", cookie.encode())]
            await send(message)

        return send_with_cookie

    def _look_up(self, path: str, request: Request[Any, Any, Any]) -> tuple[Site | None, FileAnswer | None]:
        """The page that lies in the folder now, and what it answers at `path`; on a thread."""
        site = self._current()
        found = site.files.files.get(path) if site else None
        if found is None:
            return site, None
        asked = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        asked["QUERY_STRING"] = request.scope["query_string"].decode("latin-1")
        answer = found.get_response(str(request.method), asked)
        body = b""
        if answer.file is not None:
            with cast(BinaryIO, answer.file) as file:
                body = file.read()
        return site, FileAnswer(
            int(answer.status), [(name, value) for name, value in answer.headers if value is not None], body
        )

    def _current(self) -> Site | None:
        with self._loading:
            stamp = read_stamp(self._folder)
            if self._site is None or self._site.stamp != stamp:
                self._site = self._read(stamp) if stamp else None
            return self._site

    def _read(self, stamp: tuple[object, ...]) -> Site:
        folder = self._folder.resolve()  # the files of this build, also while a link is switched to the next
        files = ServeStaticASGI(
            None,
            folder,
            index_file=True,
            max_age=None,
            allow_all_origins=False,
            add_headers_function=self._add_headers,
        )
        self._add_build_before(files, folder)
        page = folder / "404.html"
        not_found = None
        if page.is_file():
            headers = Headers([])
            self._add_headers(headers, str(page), "/404.html")
            not_found = Document(404, page.read_bytes(), dict(headers.items()))
        log.info("the page is served from %s", folder)
        return Site(stamp, files, not_found)

    def _add_build_before(self, files: ServeStaticASGI, folder: Path) -> None:
        """Windows opened before the switch fetch parts of their page later, by names that only their build has."""
        builds = (
            [other for other in folder.parent.glob("page-*") if other != folder] if self._folder.is_symlink() else []
        )
        if builds:
            static = max(builds, key=lambda build: build.stat().st_mtime_ns) / IMMUTABLE.strip("/")
            for path in filter(Path.is_file, static.rglob("*")):
                url = IMMUTABLE + path.relative_to(static).as_posix()
                if url not in files.files:
                    files.add_file_to_dictionary(url, str(path), root=str(static))

    def _add_headers(self, headers: Headers, path: str, url: str) -> None:
        """servestatic's hook: the headers of one file, made once."""
        content = Path(path).read_bytes()
        headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if url.startswith(IMMUTABLE) else "no-cache"
        for name, value in SECURITY_HEADERS.items():
            headers[name] = value
        if path.endswith(".html"):
            scripts = InlineScripts(content.decode()).texts
            policy = content_security_policy(scripts, self._public_url, self._picture_origins)
            headers["Content-Security-Policy"] = policy

    def _notice(self) -> Document:
        headers = {
            **SECURITY_HEADERS,
            "Cache-Control": "no-store",
            "Content-Security-Policy": content_security_policy([], None),
            "Retry-After": str(RETRY_AFTER_S),
        }
        return Document(503, read_notice(self._folder).encode(), headers)


class PageController(Controller):
    include_in_schema = False

    @route(["/", "/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def page(self, page: NamedDependency[Page]) -> Page:
        return page
