"""A wake command for tests: `python wake_hook.py FOLDER`. Notes the time of each call in `calls`; once the file `may`
exists, starts the command of `worker.json`, once, and leaves it running; its exit code ends up in `exit`."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

AND_NOTE_EXIT = "import pathlib, subprocess, sys; pathlib.Path('exit').write_text(str(subprocess.call(sys.argv[1:])))"


def main(folder: Path) -> None:
    with (folder / "calls").open("a") as calls:
        calls.write(f"{time.time()}\n")
    if not (folder / "may").exists():
        sys.exit("no GPU is free")
    if (folder / "started").exists():
        return
    (folder / "started").touch()
    worker = json.loads((folder / "worker.json").read_text())
    with (folder / "worker.log").open("a") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", AND_NOTE_EXIT, *worker["command"]],
            cwd=folder,
            env=worker["environment"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "pid").write_text(str(started.pid))


def stop_worker(folder: Path) -> None:
    """The one that the hook has started, if it runs still."""
    if (folder / "pid").exists():
        with suppress(ProcessLookupError):
            os.killpg(int((folder / "pid").read_text()), signal.SIGTERM)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
