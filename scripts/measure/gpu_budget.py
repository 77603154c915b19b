"""The budget table of docs/benchmarks.md in SDXL's real size, and that each line breaks where its cause is put back.

    python scripts/measure/gpu_budget.py                     # the table, as it is asked for now
    python scripts/measure/gpu_budget.py --break all         # or: --break "prompts are encoded twice"

No GPU takes part (tests/gpu/pretended.py). Needs g++. Ends with 1 if a line does not hold, or does not break.
"""

import argparse
import ctypes
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from tests.gpu.budget import HEAD, Budget, line_of  # noqa: E402
from tests.gpu.causes import CAUSES, Cause  # noqa: E402
from tests.gpu.device_guard import build_device_guard  # noqa: E402
from tests.gpu.lines import MEASUREMENTS, Measured  # noqa: E402
from tests.gpu.pretended import PretendedGpu  # noqa: E402
from tests.gpu.sdxl import sdxl_model  # noqa: E402
from tests.gpu.studio import Studio  # noqa: E402

RULE = "| --- | --- | --- | --- | --- | --- |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--break", dest="cause", choices=["all", *CAUSES], metavar="CAUSE")
    args = parser.parse_args()
    with full_size() as studio:
        if args.cause is None:
            return print_table(studio)
        print("| cause put back | line | column | budget | asked |\n| --- | --- | --- | --- | --- |")
        names = list(CAUSES) if args.cause == "all" else [args.cause]
        not_broken = sum(not breaks(studio, name, CAUSES[name]) for name in names)
    print(f"\n{not_broken} lines of {sum(len(CAUSES[name].lines) for name in names)} do not break")
    return int(not_broken > 0)


@contextmanager
def full_size() -> Iterator[Studio]:
    compiler = shutil.which("g++")
    if compiler is None:
        sys.exit("needs g++: sudo apt-get install g++")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "device_guard.so"
        build_device_guard(compiler, library)
        ctypes.CDLL(str(library))
        gpu = PretendedGpu()
        with gpu.installed():
            yield Studio(gpu, sdxl_model(gpu), Path(folder))


def print_table(studio: Studio) -> int:
    table = Budget()
    print(f"{HEAD}\n{RULE}")
    for measure in MEASUREMENTS:
        for name, books in measure(studio).items():
            table.check(name, books)
            print(f"| {name} | {line_of(books)} |", flush=True)
    print("", *table.broken, sep="\n")
    return int(bool(table.broken))


def breaks(studio: Studio, name: str, cause: Cause) -> bool:
    """Prints each line of the cause; True if all of them break in its column."""
    measured = with_cause(studio, cause)
    broken = True
    for line in cause.lines:
        budget, asked = Budget().lines[line], line_of(measured[line])
        is_broken = cause.column in budget.broken(asked)
        numbers = [f"{getattr(each, cause.column):,}" for each in (budget, asked)]
        print(
            f"| {name} | {line} | {cause.column} | {' | '.join(numbers)} |{'' if is_broken else ' HOLDS'}", flush=True
        )
        broken &= is_broken
    return broken


def with_cause(studio: Studio, cause: Cause) -> Measured:
    with pytest.MonkeyPatch.context() as patch:
        cause.put_back(patch, studio)
        return cause.measure(studio)


if __name__ == "__main__":
    sys.exit(main())
