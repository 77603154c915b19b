"""The web page, at every address without a controller: the folder that scripts/build_page.py makes, served by
servestatic.

    file                         address        caching and headers
    folder/index.html            /              no-cache, its own Content-Security-Policy
    folder/about/index.html      /about/        /about redirects to it
    folder/_next/static/...      the same       immutable: the names contain a hash; app.js.gz is sent for app.js
    (the previous build)         the same       under /_next/static/ only: for windows opened before a switch
    folder/404.html              404            for requests that accept HTML; others get a problem document
    folder/script-hashes.json                   the inline scripts of each document; a folder without it is no page

asyncio's threads read the disk, one turn for each request. A file is read whole (the largest has some 100 kB);
servestatic's own sender starts a thread for each file and needs four turns.
"""

import hashlib
import json
import logging
import threading
from asyncio import to_thread
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
SCRIPT_HASHES = "script-hashes.json"
SECURITY_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def content_security_policy(
    script_hashes: Iterable[str], public_url: str | None, image_origins: Sequence[str] = ()
) -> str:
    """A policy that allows exactly these inline scripts. Images are addressed by `public_url`, if it is set, or lie at
    `image_origins`, the store's."""
    script_sources = " ".join(["'self'", *(f"'{each}'" for each in script_hashes)])
    address = urlsplit(public_url or "")
    server = f"'self' {address.scheme}://{address.netloc}" if address.netloc else "'self'"
    images = " ".join([server, *image_origins])
    return (
        f"default-src 'none'; script-src {script_sources}; style-src 'self' 'unsafe-inline';"
        f" img-src {images} blob: data:; connect-src {server}; font-src 'self'; manifest-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Document:
    """HTML that is sent under any address: the notice, and the page for unknown ones."""

    status: int
    body: bytes
    headers: dict[str, str]

    def response(self, is_head: bool) -> ASGIResponse:
        headers = {
            **self.headers,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(self.body)),
        }
        body = b"" if is_head else self.body
        return ASGIResponse(body=body, status_code=self.status, headers=headers, is_head_response=is_head)


@dataclass(frozen=True, slots=True)
class FileContent:
    """servestatic's response to one request: the whole file, a range, or 304."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    async def send_by(self, send: Send) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class Site:
    """One build of the page, as scanned from the disk."""

    stamp: tuple[object, ...]
    files: ServeStaticASGI
    not_found: Document | None


def read_stamp(folder: Path) -> tuple[object, ...] | None:
    """Identify the build in `folder`; None: there is no page. A build in a checkout switches a link, an operator may
    copy a page over the old one."""
    try:
        hashes = (folder / SCRIPT_HASHES).stat()
    except OSError:
        return None
    return (folder.resolve(), hashes.st_ino, hashes.st_mtime_ns, hashes.st_size)


class Page:
    """An ASGI app over `folder`, which may appear, change and disappear while the server runs."""

    def __init__(self, folder: Path, public_url: str | None, image_origins: Sequence[str] = ()) -> None:
        self._folder = folder
        self._public_url = public_url
        self._image_origins = image_origins
        self._site: Site | None = None
        self._loading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NotFoundException for a file that does not exist."""
        request = Request[Any, Any, Any](scope)
        path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0])  # Litestar strips the last "/"
        site, file = await to_thread(self._look_up, path, request)
        if file is not None:
            if path.endswith("/"):  # a document, not a part of one
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
        await document.response(is_head=request.method == HttpMethod.HEAD)(scope, receive, send)

    def _with_anon_cookie(self, request: Request[Any, Any, Any], send: Send) -> Send:
        """Set the cookie that groups an anonymous browser's jobs, unless the browser has one."""
        if ANON_ID.fullmatch(request.cookies.get(ANON, "")):
            return send
        cookie = new_anon_cookie(is_secure(request, self._public_url))

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if each[0].lower() != b"cache-control"]
                message["headers"] = [*kept, (b"cache-control", b"private, no-cache"), (b"set-cookie", cookie.encode())]
            await send(message)

        return send_with_cookie

    def _look_up(self, path: str, request: Request[Any, Any, Any]) -> tuple[Site | None, FileContent | None]:
        """The current build, and its response for `path`. Runs on a thread."""
        site = self._current()
        static_file = site.files.files.get(path) if site else None
        if static_file is None:
            return site, None
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        environ["QUERY_STRING"] = request.scope["query_string"].decode("latin-1")
        response = static_file.get_response(str(request.method), environ)
        body = b""
        if response.file is not None:
            with cast(BinaryIO, response.file) as file:
                body = file.read()
        headers = [(name, value) for name, value in response.headers if value is not None]
        return site, FileContent(int(response.status), headers, body)

    def _current(self) -> Site | None:
        with self._loading:
            stamp = read_stamp(self._folder)
            if self._site is None or self._site.stamp != stamp:
                self._site = self._read(stamp) if stamp else None
            return self._site

    def _read(self, stamp: tuple[object, ...]) -> Site:
        folder = self._folder.resolve()  # the files of this build, also after the link is switched
        policies = self._policies(folder)
        add_headers = partial(_add_headers, policies)
        files = ServeStaticASGI(
            None,
            folder,
            index_file=True,
            max_age=None,
            allow_all_origins=False,
            add_headers_function=add_headers,
            mimetypes={".webmanifest": "application/manifest+json"},
        )
        self._add_previous_build(files, folder)
        page = folder / "404.html"
        not_found = None
        if page.is_file():
            headers = Headers([])
            add_headers(headers, str(page), "/404.html")
            not_found = Document(404, page.read_bytes(), dict(headers.items()))
        log.info("the page is served from %s", folder)
        return Site(stamp, files, not_found)

    def _policies(self, folder: Path) -> dict[Path, str]:
        """The Content-Security-Policy of each document."""
        hashes: dict[str, list[str]] = json.loads((folder / SCRIPT_HASHES).read_bytes())
        return {
            folder / name: content_security_policy(scripts, self._public_url, self._image_origins)
            for name, scripts in hashes.items()
        }

    def _add_previous_build(self, files: ServeStaticASGI, folder: Path) -> None:
        """Windows opened before a switch fetch parts of their page later, by names that only their build has."""
        builds = (
            [other for other in folder.parent.glob("page-*") if other != folder] if self._folder.is_symlink() else []
        )
        if builds:
            static = max(builds, key=lambda build: build.stat().st_mtime_ns) / IMMUTABLE.strip("/")
            for path in filter(Path.is_file, static.rglob("*")):
                url = IMMUTABLE + path.relative_to(static).as_posix()
                if url not in files.files:
                    files.add_file_to_dictionary(url, str(path), root=str(static))

    def _notice(self) -> Document:
        headers = {
            **SECURITY_HEADERS,
            "Cache-Control": "no-store",
            "Content-Security-Policy": content_security_policy([], None),
            "Retry-After": str(RETRY_AFTER_S),
        }
        return Document(503, read_notice(self._folder).encode(), headers)


def _add_headers(policies: Mapping[Path, str], headers: Headers, path: str, url: str) -> None:
    """servestatic's hook: set the headers of one file, once for each build."""
    headers["ETag"] = f'"{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]}"'
    headers["Cache-Control"] = "public, max-age=31536000, immutable" if url.startswith(IMMUTABLE) else "no-cache"
    for name, value in SECURITY_HEADERS.items():
        headers[name] = value
    if path.endswith(".html"):
        headers["Content-Security-Policy"] = policies.get(Path(path), content_security_policy([], None))


class PageController(Controller):
    include_in_schema = False

    @route(["/", "/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def page(self, page: NamedDependency[Page]) -> Page:
        return page
