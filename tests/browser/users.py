"""Users of the browser tests: accounts, and servers that paint."""

import secrets
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.e2e.conftest import PAINTING
from tests.support.servers.server_process import ServerProcess
from tests.support.tiny_model import write_lora, write_tiny_model

PASSWORD = "correct horse battery"


def painting_server(folder: Path, **settings: str) -> ServerProcess:
    """A server that paints, with the LoRAs jade-v1 and amber-v1, not started."""
    model = write_tiny_model(folder / "model")
    loras = folder / "loras"
    loras.mkdir()
    write_lora(loras / "jade-v1.safetensors", trigger="jade woman")
    write_lora(loras / "amber-v1.safetensors", value=0.25)
    environment = {"STUDIO_BASE_MODEL": str(model), "STUDIO_LORA_DIR": str(loras), "STUDIO_DEFAULT_MODEL": "base"}
    return ServerProcess(folder, {**environment, **settings}, module=PAINTING, is_watched=True)


def new_email() -> str:
    return f"{secrets.token_hex(4)}@example.org"


class User:
    """A user with a new account; `state` is the storage state of a browser that has logged in."""

    def __init__(self, server: ServerProcess) -> None:
        self.email = new_email()
        self.http = httpx.Client(base_url=server.url, timeout=60)
        self.http.get("/api/auth/me")
        body = {"email": self.email, "password": PASSWORD}
        assert self.http.post("/api/auth/register", json=body, headers=self.headers).status_code == 202
        answer = self.http.post("/api/auth/login", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.id: str = answer.json()["id"]

    @property
    def headers(self) -> dict[str, str]:
        return {"x-csrftoken": self.http.cookies.get("csrftoken") or ""}

    @property
    def state(self) -> dict[str, Any]:
        cookies = [
            {"name": each.name, "value": each.value, "domain": "127.0.0.1", "path": "/"}
            for each in self.http.cookies.jar
        ]
        return {"cookies": cookies, "origins": []}

    def make(self, prompt: str, **fields: Any) -> dict[str, Any]:
        """Make pictures, wait for them and return the body of the response."""
        body = {"prompt": prompt, "width": 64, "height": 64, "steps": 2, "num_images": 1, **fields}
        headers = {**self.headers, "Prefer": "wait=30"}
        answer = self.http.post("/api/generate", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


def register(page: Page, email: str) -> None:
    """On the page /register/."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("dialog", name="Account").wait_for()
