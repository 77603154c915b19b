"""Load test: latencies with a long queue and open streams, and CPU time of a call by the length of the queue.

    python scripts/load.py                                    # the demo model, SQLite, 60 s: about 5 minutes
    python scripts/load.py --database postgresql+asyncpg://user:password@host/name    # an empty database
    python scripts/load.py --runner paint --seconds 20        # painted images instead of the demo model's
    python scripts/load.py --seconds 300                      # a soak: memory, descriptors and WAL should stay level
    python scripts/load.py --cost                             # CPU ms of a call at 10, 500 and 10,000 queued images

Starts a server of its own on loopback. Every user has a loopback address of its own. Exits with 1 if a call failed.
Needs the packages of the tests.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> int:
    asked = _arguments()
    from scripts.load_test import cost, crowd, report
    from tests.support.servers.server_process import ServerProcess

    paints = asked.runner == "paint" or asked.cost
    module = "tests.support.servers.painting_server" if paints else "server"
    settings = {"STUDIO_MAX_QUEUE": "20000", "STUDIO_ANONYMOUS_MAX_IMAGES": "8"}
    if asked.database:
        settings["STUDIO_DATABASE_URL"] = asked.database
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), settings, module) as server:
        server.start()
        assert server.process is not None
        pid = server.process.pid
        if asked.cost:
            os.kill(pid, signal.SIGUSR2)  # the queue stays as long as it is
            figures = asyncio.run(cost.measure(server.url, pid, asked.queued_images))
            print(report.cost_table(figures))
        else:
            figures = asyncio.run(crowd.measure(server.url, pid, Path(folder), asked))
            print(report.load_table(figures))
        server.kill()  # the queue is long
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))
    return 1 if figures.get("errors") else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--database", help="address of an empty database; default: SQLite in a temporary folder")
    add("--runner", choices=("demo", "paint"), default="demo")
    add("--queued", type=int, default=500, help="jobs in the queue before the load begins")
    add("--users", type=int, default=50)
    add("--streams", type=int, default=200)
    add("--pollers", type=int, default=100, help="each asks for status and result by turns, twice a second")
    add("--seconds", type=float, default=60.0)
    add("--burst", type=int, default=20, help="then posts from so many connections, as fast as they are answered")
    add("--cost", action="store_true")
    add("--queued-images", type=int, nargs="+", default=[10, 500, 10_000], help="for --cost, rising")
    add("--json", type=Path)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
