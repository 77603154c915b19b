"""The notice that replaces a missing page: the page is being built, or could not be built and why, or how to build it.

scripts/build_page.py writes `state.json` in `frontend/.build/` and holds a lock there while it runs.
"""

import fcntl
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

RETRY_AFTER_S = 3
MAX_STATE_BYTES = 100_000
MAX_LOG_LINES = 30
MAX_LINE_CHARACTERS = 300

NOTICE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="{retry_after_s}">
<title>{title} · LoRA Studio</title>
<link rel="icon" href="data:,">
<style>
:root {{ --ground: #f9fbfa; --text: #16201d; --quiet: #55625d; --line: #dce4e0; --jade: #0f6f52; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: #0d1211; --text: #e8eeeb; --quiet: #a0aca7; --line: #2a3431; --jade: #52cfa3; }}
}}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text);
  font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif; }}
main {{ box-sizing: border-box; width: min(42rem, 100%); padding: 2rem 1.5rem; }}
h1 {{ margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.25; letter-spacing: -.02em; }}
p {{ margin: .5rem 0; color: var(--quiet); }}
a {{ color: var(--jade); }}
code, pre {{ font: .875rem/1.5 ui-monospace, monospace; color: var(--text); }}
pre {{ margin: 1.25rem 0; padding: 1rem; max-height: 40vh; overflow: auto; border: 1px solid var(--line);
  border-radius: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
.work {{ height: 3px; margin: 1.5rem 0; border-radius: 2px; background: var(--line); overflow: hidden; }}
.work::before {{ content: ""; display: block; width: 30%; height: 100%; border-radius: 2px; background: var(--jade);
  animation: go 1.6s ease-in-out infinite alternate; }}
@keyframes go {{ to {{ transform: translateX(233%); }} }}
@media (prefers-reduced-motion: reduce) {{ .work::before {{ animation: none; }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{words}
<p>The API already works: <a href="/docs">its documentation</a>.</p>
</main>
</body>
</html>
"""
BUILDING = '<p>This takes a minute or two. The page then opens by itself.</p>\n<div class="work"></div>'
RETRY = (
    "<p>To try again, restart <code>./scripts/serve</code>, or run"
    " <code>.venv/bin/python scripts/build_page.py</code> while the server runs.</p>"
)
NOT_BUILT = "<p>Build it with <code>.venv/bin/python scripts/build_page.py</code>; no restart is needed.</p>"


@dataclass(frozen=True, slots=True)
class BuildState:
    """State of the last build. `reason`: why it failed; empty: no failure is known."""

    is_running: bool = False
    reason: str = ""
    log: str = ""


def read_build_state(build_folder: Path) -> BuildState:
    """Never raises: a state that cannot be read counts as none."""
    document = _read_document(build_folder / "state.json")
    if _is_locked(build_folder / "lock"):
        return BuildState(is_running=True)
    if document.get("state") == "building":
        return BuildState(reason="The build was interrupted.")
    lines = str(document.get("log", "")).splitlines()[-MAX_LOG_LINES:]
    shown = "\n".join(line[:MAX_LINE_CHARACTERS] for line in lines)
    return BuildState(reason=str(document.get("reason", ""))[:MAX_LINE_CHARACTERS], log=shown)


def _read_document(state_file: Path) -> dict[str, Any]:
    try:
        with state_file.open("rb") as file:
            document = json.loads(file.read(MAX_STATE_BYTES))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _is_locked(lock_file: Path) -> bool:
    try:
        with lock_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_notice(page_folder: Path) -> str:
    """The notice as HTML. In a checkout the page is `server/page`, and `frontend` is next to `server`."""
    frontend = page_folder.parent.parent / "frontend"
    if not (frontend / "package.json").is_file():
        words = (
            f"<p>This server has no page: <code>{escape(str(page_folder / 'script-hashes.json'))}</code> does not"
            " exist. STUDIO_PAGE_DIR names the folder of a page that scripts/build_page.py has built.</p>"
        )
        return _notice("There is no page here", words)
    state = read_build_state(frontend / ".build")
    if state.is_running:
        return _notice("The page is being built", BUILDING)
    if state.reason:
        log = f"<pre>{escape(state.log)}</pre>\n" if state.log else ""
        return _notice("The page could not be built", f"<p>{escape(state.reason)}</p>\n{log}{RETRY}")
    return _notice("The page is not built yet", NOT_BUILT)


def _notice(title: str, words: str) -> str:
    return NOTICE.format(title=title, words=words, retry_after_s=RETRY_AFTER_S)
