"""A model hub on loopback: the part of its API that a download uses. The client is the real huggingface_hub."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "5" * 40


class HubServer:
    """Serves the files of `models`: hub id → folder. `downloaded`: the names of the files that were downloaded."""

    def __init__(self, models: dict[str, Path]) -> None:
        self.models = models
        self.downloaded: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def answer(self, with_body: bool) -> None:
                path = unquote(urlsplit(self.path).path).strip("/")
                body, headers = hub.find(path, with_body)
                self.send_response(404 if body is None else 200)
                data = b"{}" if body is None else body
                missing = {"X-Error-Code": "RepoNotFound"} if body is None else {}
                for name, value in {**headers, **missing, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if with_body:
                    self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def find(self, path: str, with_body: bool) -> tuple[bytes | None, dict[str, str]]:
        for repo_id, folder in self.models.items():
            api = f"api/models/{repo_id}"
            if path == f"{api}/tree/{COMMIT}" or path == f"{api}/tree/main":
                return json.dumps([_entry(folder, file) for file in _files(folder)]).encode(), {}
            if path == api or path.startswith(f"{api}/revision/"):
                siblings = [{"rfilename": file.relative_to(folder).as_posix()} for file in _files(folder)]
                return json.dumps({"id": repo_id, "sha": COMMIT, "siblings": siblings}).encode(), {}
            name = path.removeprefix(f"{repo_id}/resolve/{COMMIT}/")
            if name != path and (folder / name).is_file():
                if with_body:
                    self.downloaded.append(name)
                data = (folder / name).read_bytes()
                return data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT}
        return None, {}

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _entry(folder: Path, file: Path) -> dict[str, Any]:
    data = file.read_bytes()
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return {"type": "file", "path": file.relative_to(folder).as_posix(), "size": len(data), "oid": oid}
