"""Build the web page of frontend/ if its sources have changed since the last build:

    python scripts/build_page.py

    frontend/.build/page-<hash of the sources>   the page as it is served: a copy of frontend/out
    server/page                                  a link to it, switched in one step: no half page is ever served
    frontend/.build/state.json, lock, log        progress of the build, for the server's notice and for people

A build that fails leaves the old page in place. Needs the standard library only; scripts/npm.py finds or installs Node
and the page's packages.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.npm import NpmError, find_node, install_packages, lock  # noqa: E402

NO_SOURCES = {"node_modules", ".next", "out", ".build", "next-env.d.ts"}
SCRIPT_HASHES = "script-hashes.json"
MAX_STATE_LINES = 30
MAX_LINE_CHARACTERS = 300
COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NICENESS = 10


class Orphaned(Exception):
    """The process that this build belongs to has ended."""


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


def write_script_hashes(page: Path) -> None:
    """Write `{document: [hash, ...]}`: the inline scripts that the server's Content-Security-Policy allows. This is the
    last step of a build: a folder without the file is no page."""
    hashes: dict[str, list[str]] = {}
    for document in sorted(page.rglob("*.html")):
        scripts = InlineScripts(document.read_text(encoding="utf-8")).texts
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
        hashes[document.relative_to(page).as_posix()] = [f"sha256-{digest}" for digest in dict.fromkeys(digests)]
    (page / SCRIPT_HASHES).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")


class Build:
    """The places of one checkout. `parent` is the process id whose end ends the build, if any."""

    def __init__(self, root: Path, parent: int | None = None) -> None:
        self.frontend = root / "frontend"
        self.folder = self.frontend / ".build"
        self.page = root / "server" / "page"
        self.log = self.folder / "log"
        self.parent = parent

    def digest(self) -> str:
        """Hash everything that decides what the page is: the sources, and the address of the API that is built in."""
        digest = hashlib.sha256(os.environ.get("NEXT_PUBLIC_API_URL", "").encode())
        for path in sorted(self.sources()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"\n{path.relative_to(self.frontend)} {content}".encode())
        return digest.hexdigest()[:16]

    def sources(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.frontend):
            folders[:] = [name for name in folders if name not in NO_SOURCES]
            for name in files:
                if name not in NO_SOURCES and not name.endswith(".tsbuildinfo"):
                    yield Path(folder, name)

    def is_due(self, digest: str) -> bool:
        is_that = self.page.is_symlink() and self.page.readlink().name == f"page-{digest}"
        return not (is_that and (self.page / SCRIPT_HASHES).is_file())

    def run(self) -> bool:
        """Build if it is due. True if the page exists now. Raises Orphaned."""
        with lock(self.frontend):
            digest = self.digest()
            if not self.is_due(digest):
                return True
            started_s = time.monotonic()
            self.log.unlink(missing_ok=True)
            self.write_state("building")
            try:
                self.make(self.folder / f"page-{digest}")
                self.switch(self.folder / f"page-{digest}")
            except (NpmError, OSError) as error:
                self.write_state("failed", str(error))
                say("\n".join(["The page could not be built.", self.last_lines(), str(error)]))
                return False
            self.write_state("built")
            say(f"The page is ready, after {time.monotonic() - started_s:.0f} s.")
            return True

    def make(self, whole: Path) -> None:
        """Copy what Next.js exports, unless these sources were built before. Raises NpmError."""
        if (whole / SCRIPT_HASHES).is_file():
            return
        self.export()
        half = self.folder / "page.new"
        for folder in (half, whole):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.frontend / "out", half)
        half.rename(whole)

    def export(self) -> None:
        """Next's static export to frontend/out, with a compressed copy next to each file. Raises NpmError."""
        node = find_node(self.call)
        say(f"Building the page with Node {node.version}; log: {self.log}")
        install_packages(node, self.frontend, self.call)
        shutil.rmtree(self.frontend / "out", ignore_errors=True)
        if self.call([*node.npm, "run", "build"], self.frontend, node.environment()) != 0:
            raise NpmError("`npm run build` failed in frontend/.")
        if not (self.frontend / "out" / "index.html").is_file():
            raise NpmError("`npm run build` wrote no frontend/out/index.html.")
        write_script_hashes(self.frontend / "out")

    def switch(self, whole: Path) -> None:
        """Link `server/page` to a build. The build before it is kept: a server may be sending it."""
        before = self.page.resolve()
        if self.page.is_dir() and not self.page.is_symlink():
            shutil.rmtree(self.page)  # an unpacked one, of a source distribution
        link = self.folder / "link.new"
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(whole, self.page.parent))
        link.replace(self.page)
        for folder in self.folder.glob("page-*"):
            if folder not in (whole, before):
                shutil.rmtree(folder, ignore_errors=True)

    def call(self, command: list[str], folder: Path, environment: dict[str, str]) -> int:
        """Run a command with its output in the log. If this process ends first, the command and its children end."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={"CI": "1", "NO_COLOR": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while True:
                try:
                    return process.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    if self.parent is not None and not is_alive(self.parent):
                        raise Orphaned from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def write_state(self, state: str, reason: str = "") -> None:
        """server/api/site/build_notice.py reads it."""
        document = {"state": state, "reason": reason, "log": self.last_lines()}
        new = self.folder / "state.new"
        new.write_text(json.dumps(document), encoding="utf-8")
        new.replace(self.folder / "state.json")

    def last_lines(self) -> str:
        if not self.log.is_file():
            return ""
        lines = COLORS.sub("", self.log.read_text(encoding="utf-8", errors="replace")).splitlines()
        return "\n".join([line.rstrip()[:MAX_LINE_CHARACTERS] for line in lines if line.strip()][-MAX_STATE_LINES:])


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ends-with", type=int, metavar="PID", help="end when this process has ended")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    os.nice(NICENESS)
    build = Build(ROOT, args.ends_with)
    try:
        if build.run():
            return 0
        say(f"The API works without it. The whole log: {build.log}. To try again: python scripts/build_page.py")
    except Orphaned:
        pass
    return 1


if __name__ == "__main__":
    sys.exit(main())
