"""Seconds per image, through HTTP to the stored file, against a bare diffusers loop with the same parameters.

    python scripts/bench.py                                # the demo model, everything: about 40 minutes on two cores
    python scripts/bench.py --quick --scenario single      # a first impression
    python scripts/bench.py --base-model /models/sdxl --lora /models/loras/jade-v1.safetensors --json out.json
    python scripts/bench.py --url http://127.0.0.1:8000    # a server that runs already, without the bare loop

It starts a server of its own on loopback, with a data folder that is thrown away. Server and loop take turns, with the
same number of threads, and never work at the same time. What each figure means: docs/benchmarks.md.
Needs the packages for development: pip install -c constraints.txt -e '.[dev]'.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SCENARIOS = ("single", "equal", "mixed", "short", "status", "cancel", "join", "loras")


def setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.startswith("STUDIO_") and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not STUDIO_NAME=value")
    return name, value


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--scenario", nargs="+", choices=SCENARIOS, default=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    add("--users", nargs="+", type=int, default=(1, 4, 16), metavar="N", help="of equal and mixed; default 1 4 16")
    add("--quick", action="store_true", help="one round, 8 steps, half the native size")
    add("--rounds", type=int, help="of each scenario; default 3, with --quick 1")
    add("--steps", type=int, help="denoising steps of a picture; default 20, with --quick 8")
    add("--size", type=int, metavar="PX", help="side of a picture; default the model's native size, with --quick half")
    add("--base-model", type=Path, help="diffusers folder, .safetensors file or hub id; default the demo model")
    add("--lora", type=Path, metavar="FILE", help="<name>-v<version>.safetensors; default jade of the demo model")
    add("--lora-weight", type=float, default=0.9)
    add("--no-lora", action="store_true", help="the demo model without jade")
    add("--device", default="auto", help="auto, cuda or cpu")
    add("--dtype", default="auto", help="auto, float16, bfloat16 or float32")
    add("--threads", type=int, help="of torch, on both sides; default: torch's own choice")
    add(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="STUDIO_NAME=VALUE",
        help="for the server; repeatable",
    )
    add("--url", help="measure this server; the bare loop is measured too only if --base-model is given")
    add("--json", type=Path, metavar="FILE", help="all figures, for programs")
    add("--chart", type=Path, metavar="FILE.svg", help="the ratios as a picture")
    return parser.parse_args(argv)


def main() -> None:
    args = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server is ended, too
    try:
        import httpx  # noqa: F401
    except ImportError:
        sys.exit("scripts/bench.py needs httpx: pip install -c constraints.txt -e '.[dev]'")
    from scripts.benchmark.chart import chart
    from scripts.benchmark.report import table
    from scripts.benchmark.run import Plan, measure

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        plan = Plan.of(args, Path(folder))
        url = args.url or stack.enter_context(plan.server())
        report = asyncio.run(measure(plan, url))
    print(f"\n{report.machine_line()}\n\n{table(report.figures)}\n\n{report.parts_table()}")
    if args.json:
        args.json.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    if args.chart:
        args.chart.write_text(chart(report.figures, report.machine_line()), encoding="utf-8")


if __name__ == "__main__":
    main()
