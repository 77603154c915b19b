"""Send a file of prompts to a server, and store its pictures in a folder.

    python scripts/batch.py prompts.csv --out pictures
    python scripts/batch.py prompts.txt --out pictures --url https://studio.example.org    # .txt: a prompt a line
    python scripts/batch.py prompts.csv --dry-run                                          # only what is wrong

CSV, JSON and JSON lines as POST /api/batches takes them (docs/batches.md). STUDIO_API_KEY holds the key. Started again
with the same folder it continues with the same batch: `batch.json` names it, and pictures that are there are not
fetched again. Exits with 1 if a line failed or the file was refused. Needs Python alone.
"""

import argparse
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

TYPES = {".csv": "text/csv", ".tsv": "text/csv", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson"}
TIMEOUT_S = 60.0
POLL_S = 1.0
PATIENCE_S = 300.0
"""A server that does not answer is tried again for so long."""
BAR_CHARACTERS = 30
NOT_ENDED = ("waiting", "queued", "processing")
"""Statuses of lines."""


class Refused(Exception):
    """The server refused a call; `problem` is its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or f"the server answered {status}")
        self.status = status
        self.problem = problem


class Server:
    """Calls of the API; a call that may be repeated is, while the server is away."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def json(self, method: str, path: str, body: bytes | None = None, **headers: str) -> dict[str, Any]:
        return json.loads(self.bytes(method, path, body, **headers))

    def bytes(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            request = urllib.request.Request(
                self._url + path, data=body, method=method, headers={**self._headers, **named}
            )
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                if error.code not in (429, 502, 503, 504) or time.monotonic() > until_s:
                    raise Refused(error.code, _problem(error.read())) from None
                time.sleep(min(float(error.headers.get("Retry-After") or POLL_S), 30.0))
            except OSError as error:
                if time.monotonic() > until_s:
                    raise SystemExit(f"{self._url} does not answer: {error}") from None
                time.sleep(POLL_S)


def main() -> int:
    asked = _arguments()
    server = Server(asked.url, os.environ.get("STUDIO_API_KEY"))
    data, media_type = _read(asked.prompts)
    if asked.dry_run:
        answer = server.json("POST", "/api/batches?dry_run=true", data, Content_Type=media_type)
        _print_errors(answer["errors"])
        price = answer["price_micro_usd"]
        cost = "" if price is None else f", ${price / 1e6:.2f}"
        print(
            f"{answer['lines_accepted']} of {answer['lines_total']} lines can be made: {answer['images_total']}"
            f" pictures in about {answer['estimated_time']} s{cost}"
        )
        return 1 if answer["errors"] else 0
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        batch_id = _batch(server, asked, data, media_type)
    except Refused as error:
        _print_errors(error.problem.get("errors", []))
        print(f"refused: {error}", file=sys.stderr)
        return 1
    if asked.retry:
        server.json("POST", f"/api/batches/{batch_id}/retry", b"")
    state = _follow(server, batch_id, asked.out)
    (asked.out / "manifest.csv").write_bytes(server.bytes("GET", f"/api/batches/{batch_id}/manifest"))
    failed = state["counts"]["failed"] + state["counts"]["cancelled"]
    print(f"{state['images_completed']} pictures in {asked.out}" + (f"; {failed} lines failed" if failed else ""))
    return 1 if failed else 0


def _batch(server: Server, asked: argparse.Namespace, data: bytes, media_type: str) -> str:
    """The id of the batch: that of the folder, or a new one. The key is stored before the call: a call whose answer is
    lost makes no second batch. Raises Refused."""
    note, sha256 = asked.out / "batch.json", hashlib.sha256(data).hexdigest()
    known = json.loads(note.read_text()) if note.exists() else {}
    if known and known.get("sha256") != sha256:
        raise SystemExit(f"{note} is of another file of prompts; take another folder, or delete it")
    if batch_id := known.get("batch_id"):
        return batch_id
    key = known.get("key") or os.urandom(16).hex()
    _write(note, {"sha256": sha256, "key": key})
    query = urllib.parse.urlencode({"name": asked.prompts.stem[:128], "partial": str(asked.partial).lower()})
    try:
        answer = server.json("POST", f"/api/batches?{query}", data, Content_Type=media_type, Idempotency_Key=key)
    except Refused:
        note.unlink()
        raise
    _write(note, {"sha256": sha256, "key": key, "batch_id": answer["batch_id"]})
    _print_errors(answer["errors"])
    for warning in answer["warnings"]:
        print(warning, file=sys.stderr)
    return answer["batch_id"]


def _follow(server: Server, batch_id: str, folder: Path) -> dict[str, Any]:
    """Fetch pictures as they are finished, until the batch has ended. Returns its last state."""
    after = 0
    while True:
        state = server.json("GET", f"/api/batches/{batch_id}")
        _show(state)
        is_running = state["status"] == "running"
        after = _fetch(server, batch_id, after if is_running else 0, folder)  # failed lines may be made again
        if not is_running:
            if sys.stderr.isatty():
                print(file=sys.stderr)
            return state
        time.sleep(POLL_S)


def _fetch(server: Server, batch_id: str, after: int, folder: Path) -> int:
    """Store the pictures of the lines after this one. Returns the last line before which all have ended: the next call
    reads on after it."""
    all_ended = True
    page_after: int | None = after
    while page_after is not None:
        page = server.json("GET", f"/api/batches/{batch_id}/lines?after={page_after}")
        for line in page["items"]:
            for image in line["images"]:
                if not (folder / Path(image["filename"]).name).exists():
                    _store(server, image, folder)
            all_ended = all_ended and line["status"] not in NOT_ENDED
            if all_ended:
                after = line["line"]
        is_far = any(line["status"] == "waiting" for line in page["items"])  # lines become jobs in order
        page_after = None if is_far else page["next_after"]
    return after


def _store(server: Server, image: dict[str, Any], folder: Path) -> None:
    """Under its final name only when it is whole."""
    name = Path(image["filename"]).name
    part = folder / f".{name}.part"
    part.write_bytes(server.bytes("GET", f"/api/images/{image['id']}/download"))
    part.replace(folder / name)


def _show(state: dict[str, Any]) -> None:
    if not sys.stderr.isatty():
        return
    done = round(BAR_CHARACTERS * state["progress"])
    bar = "█" * done + "░" * (BAR_CHARACTERS - done)
    ended = state["lines_total"] - sum(state["counts"][name] for name in NOT_ENDED)
    left = f"about {state['estimated_time']} s left" if state["status"] == "running" else state["status"]
    waits = f" ({state['detail']})" if state["detail"] else ""
    print(f"\r{bar} {ended:,} of {state['lines_total']:,} lines, {left}{waits}\033[K", end="", file=sys.stderr)


def _read(path: Path) -> tuple[bytes, str]:
    """The body and its type. A text file has a prompt a line."""
    data = path.read_bytes()
    if path.suffix.lower() != ".txt":
        return data, TYPES.get(path.suffix.lower(), "application/json")
    prompts = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    return json.dumps([{"prompt": prompt} for prompt in prompts if prompt]).encode(), "application/json"


def _print_errors(errors: list[dict[str, Any]]) -> None:
    for error in errors:
        where = f"line {error['line']}, " if "line" in error else ""
        print(f"{where}{error['field']}: {error['detail']}; allowed: {error['allowed']}", file=sys.stderr)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _write(path: Path, content: dict[str, str]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content))
    part.replace(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path, help="a .csv, .json, .jsonl or .txt file")
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="the folder; default: pictures")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--partial", action="store_true", help="leave out lines that are wrong")
    parser.add_argument("--dry-run", action="store_true", help="only say what is wrong and what it takes")
    parser.add_argument("--retry", action="store_true", help="make the failed lines of the folder's batch again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
