#!/usr/bin/env python3
"""Shows what docs/operations/reliability.md promises, with real processes, PostgreSQL and S3 server, and faults.

    .venv/bin/python scripts/chaos.py                        every scenario, about twenty minutes
    .venv/bin/python scripts/chaos.py crashes-sqlite stall   these
    .venv/bin/python scripts/chaos.py --quick                short versions
    .venv/bin/python scripts/chaos.py --demo crashes-sqlite  with the demo model, not with painted pictures

Each prints a line of figures as JSON. Exit code 1: a promise was broken. Needs what the tests need (./scripts/test).
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.chaos.context import World  # noqa: E402
from tests.chaos.crashes import accepted, crashes  # noqa: E402
from tests.chaos.ending import ending  # noqa: E402
from tests.chaos.stall import stall  # noqa: E402
from tests.chaos.store_faults import store_faults  # noqa: E402
from tests.fixtures.databases import PostgresServer, started_postgres_server  # noqa: E402
from tests.fixtures.s3_server import S3Server, started_s3_server  # noqa: E402
from tests.support.servers.server_process import ServerProcess  # noqa: E402
from tests.support.tiny_model import write_tiny_model  # noqa: E402

EXACT = {"STUDIO_EXACT_ROWS": "8", "STUDIO_MAX_ROWS": "8"}
PAINTING = "tests.support.servers.painting_server"


class Run:
    """One run of some scenarios: their folder, and the servers that are started when they are first asked for."""

    def __init__(self, folder: Path, quick: bool, demo: bool, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._demo = demo
        self._model = write_tiny_model(folder / "model")
        self._postgres: PostgresServer | None = None
        self._s3: S3Server | None = None
        self.world = World(self.new_server, quick)

    def new_server(self, name: str, **settings: str) -> ServerProcess:
        folder = self._folder / f"{name}-{secrets.token_hex(3)}"
        folder.mkdir()
        common = {"STUDIO_LORA_DIR": str(self._folder / "none"), "STUDIO_DEFAULT_MODEL": "base"}
        if self._demo:
            return ServerProcess(folder, common | EXACT | settings)
        painted = {"STUDIO_BASE_MODEL": str(self._model), "PAINT_STEP_S": "0.05"}
        return ServerProcess(folder, common | painted | settings, module=PAINTING)

    def sqlite(self) -> str:
        return f"sqlite+aiosqlite:///{self._folder / secrets.token_hex(4)}.db"

    def postgresql(self) -> str:
        if self._postgres is None:
            self._postgres = self._stack.enter_context(contextmanager(started_postgres_server)())
        name = f"chaos_{secrets.token_hex(4)}"
        asyncio.run(self._postgres.execute(f"CREATE DATABASE {name}"))
        return self._postgres.url(name)

    def s3(self) -> S3Server:
        if self._s3 is None:
            self._s3 = self._stack.enter_context(contextmanager(started_s3_server)())
        return self._s3

    def crashes(self, name: str, database_url: str) -> dict[str, Any]:
        num_jobs, num_kills = (10, 3) if self.world.quick else (50, 20)
        if self._demo:
            small = {"width": 128, "height": 128, "steps": 12}
            return crashes(self.world, name, database_url, num_jobs, num_kills, (1.0, 4.0), **small)
        return crashes(self.world, name, database_url, num_jobs, num_kills, (0.3, 2.5), steps=10, num_images=8)

    def accepted(self, name: str, database_url: str, num_rounds: int, num_callers: int) -> dict[str, Any]:
        return accepted(self.world, name, database_url, 2 if self.world.quick else num_rounds, num_callers)


SCENARIOS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "crashes-sqlite": lambda run: run.crashes("sqlite", run.sqlite()),
    "crashes-postgresql": lambda run: run.crashes("postgresql", run.postgresql()),
    "accepted-sqlite": lambda run: run.accepted("accepted-sqlite", run.sqlite(), 20, 10),
    "accepted-postgresql": lambda run: run.accepted("accepted-postgresql", run.postgresql(), 20, 10),
    "accepted-singly": lambda run: run.accepted("accepted-singly", run.sqlite(), 200, 1),
    "stall": lambda run: stall(run.world, run.postgresql(), run.s3()),
    "store": lambda run: store_faults(run.world, run.sqlite(), run.s3(), 4 if run.world.quick else 60),
    "sigterm": lambda run: ending(run.world, run.sqlite(), 20 if run.world.quick else 100),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Faults on purpose; see docs/operations/reliability.md.")
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    parser.add_argument("--quick", action="store_true", help="short versions")
    parser.add_argument("--demo", action="store_true", help="the demo model in place of painted pictures")
    asked = parser.parse_args()
    if unknown := set(asked.scenarios) - SCENARIOS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    num_broken = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-chaos-")))
        run = Run(folder, asked.quick, asked.demo, stack)
        for name in asked.scenarios or SCENARIOS:
            begun_s = time.monotonic()
            try:
                figures = SCENARIOS[name](run)
            except Exception:
                traceback.print_exc()
                num_broken += 1
                figures = {"broken": True}
            line = {"scenario": name, **figures, "took s": round(time.monotonic() - begun_s)}
            print(json.dumps(line), flush=True)
    return 1 if num_broken else 0


if __name__ == "__main__":
    sys.exit(main())
