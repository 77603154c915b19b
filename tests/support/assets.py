"""Images that tests bring to a server."""

import io
from typing import Any

import httpx
import numpy as np
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image

from tests.support.accounts import Browser


def picture(number: int = 0, width: int = 32, height: int = 24, kind: str = "PNG") -> bytes:
    """A small file of noise: of each number another."""
    noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind)
    return file.getvalue()


def send(
    api: Browser | TestClient[Litestar], data: bytes, headers: dict[str, str] | None = None, path: str = "/api/assets"
) -> httpx.Response:
    """POST bytes as they are."""
    headers = {"Content-Type": "application/octet-stream", **(headers or {})}
    if not isinstance(api, Browser):
        return api.post(path, content=data, headers=headers)
    if api.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in api.cookies.items())
    if "csrftoken" in api.cookies:
        headers.setdefault("x-csrftoken", api.cookies["csrftoken"])
    api.api.cookies.clear()
    return api.api.post(path, content=data, headers=headers)


def upload(api: Browser | TestClient[Litestar], data: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The answer to an upload that is taken."""
    answer = send(api, data, headers)
    assert answer.status_code == 201, answer.text
    return answer.json()
