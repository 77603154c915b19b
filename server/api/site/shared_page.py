"""The public page of a shared picture, `/p/<id>`: the picture, its prompt, a way to make one. The server writes it,
without a script, with the tags that other sites read for a preview (Open Graph). It does not name the owner."""

from html import escape
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Controller, HttpMethod, Request, Response, route
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect
from litestar.types import ASGIApp

from server.api.gallery.file_routes import EMBEDDABLE, MEDIA_TYPES
from server.api.gallery.share_routes import PATH
from server.api.http.file_response import FileResponse
from server.api.jobs.presenters import Addresses
from server.api.site.static_site import SECURITY_HEADERS
from server.errors import NOT_FOUND, StudioError
from server.gallery.shares import SharedImage, Shares
from server.storage.store import ImageStore

MAX_TITLE_CHARACTERS = 70
GONE = StudioError(NOT_FOUND, "nothing is shared at this address, or no longer")
GET = (HttpMethod.GET, HttpMethod.HEAD)

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} · LoRA Studio</title>
{tags}
<link rel="icon" href="data:,">
<style>
:root {{ --ground: #f9fbfa; --text: #16201d; --quiet: #55625d; --jade: #0b6b50; --on: #fff; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: #0d1211; --text: #e8eeeb; --quiet: #a0aca7; --jade: #52cfa3; --on: #0d1211; }}
}}
body {{ margin: 0; min-height: 100vh; background: var(--ground); color: var(--text);
  font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif; }}
main {{ box-sizing: border-box; display: grid; gap: 1.25rem; justify-items: center; padding: 1.5rem; }}
img {{ max-width: 100%; max-height: 78vh; width: auto; height: auto; border-radius: .75rem; }}
p {{ margin: 0; max-width: 44rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
small {{ color: var(--quiet); }}
a {{ padding: .5rem 1.25rem; border-radius: 99px; background: var(--jade); color: var(--on); text-decoration: none;
  font-weight: 500; }}
a:focus-visible {{ outline: 2px solid var(--text); outline-offset: 2px; }}
</style>
</head>
<body>
<main>
<img src="{picture}" alt="{prompt}" width="{width}" height="{height}">
<p>{prompt}</p>
<a href="{make}">Make your own</a>
<small>Made by a model with LoRA Studio</small>
</main>
</body>
</html>
"""

ShareId = Annotated[str, PathParameter()]


class SharedPageController(Controller):
    path = PATH
    include_in_schema = False

    @route("/{share_id:str}", http_method=GET)
    async def page(
        self,
        request: Request[Any, Any, Any],
        share_id: ShareId,
        shares: NamedDependency[Shares],
        store: NamedDependency[ImageStore],
        addresses: NamedDependency[Addresses],
    ) -> Response[str]:
        shared = await _found(shares, share_id)
        images = " ".join(["'self'", *store.origins])
        headers = {
            **SECURITY_HEADERS,
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex",
            "Content-Security-Policy": (
                f"default-src 'none'; img-src {images} data:; style-src 'unsafe-inline'; base-uri 'none';"
                " form-action 'none'; frame-ancestors 'none'"
            ),
        }
        return Response(document(shared, addresses.base(request)), media_type="text/html", headers=headers)

    @route("/{share_id:str}/picture", http_method=GET)
    async def picture(
        self, share_id: ShareId, shares: NamedDependency[Shares], store: NamedDependency[ImageStore]
    ) -> ASGIApp:
        """The stored bytes; a reader asks each time, so that they end with the address."""
        shared = await _found(shares, share_id)
        return _bytes(shared, shared.image.storage_key, store)

    @route("/{share_id:str}/thumbnail", http_method=GET)
    async def thumbnail(
        self, share_id: ShareId, shares: NamedDependency[Shares], store: NamedDependency[ImageStore]
    ) -> ASGIApp:
        """Of at most 384 px."""
        shared = await _found(shares, share_id)
        return _bytes(shared, shared.thumbnail_key, store)


def _bytes(shared: SharedImage, key: str, store: ImageStore) -> ASGIApp:
    headers = {**EMBEDDABLE, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    suffix = PurePosixPath(key).suffix
    content_type = MEDIA_TYPES[suffix]
    place = store.attachment(key, content_type, str(PurePosixPath(shared.image.filename).with_suffix(suffix)))
    if isinstance(place, Path):
        return FileResponse(place, content_type, headers, GONE)
    redirect = Redirect(place, status_code=302, headers={**headers, "Cache-Control": "no-store"})
    return redirect  # pyright: ignore[reportReturnType]  # Litestar takes both


async def _found(shares: Shares, share_id: str) -> SharedImage:
    """Raises StudioError (404)."""
    shared = await shares.find(share_id)
    if shared is None:
        raise GONE
    return shared


def document(shared: SharedImage, base: str) -> str:
    """The page as HTML; `base`: this server's address."""
    image, prompt = shared.image, shared.prompt
    title = prompt if len(prompt) <= MAX_TITLE_CHARACTERS else f"{prompt[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"
    address = f"{base}{PATH}/{shared.share_id}"
    picture = f"{address}/picture"
    properties = {
        "og:type": "website",
        "og:site_name": "LoRA Studio",
        "og:title": title,
        "og:description": prompt,
        "og:url": address,
        "og:image": picture,
        "og:image:type": image.content_type,
        "og:image:width": str(image.width),
        "og:image:height": str(image.height),
        "og:image:alt": prompt,
        "twitter:card": "summary_large_image",
    }
    tags = [f'<meta property="{name}" content="{escape(content)}">' for name, content in properties.items()]
    asked = {"prompt": prompt, **({"model": shared.model} if shared.model else {"model": "none"})}
    return DOCUMENT.format(
        title=escape(title),
        tags="\n".join(tags),
        picture=escape(f"{PATH}/{shared.share_id}/picture"),
        prompt=escape(prompt),
        width=image.width,
        height=image.height,
        make=escape(f"/?{urlencode(asked)}"),
    )
