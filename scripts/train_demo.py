"""Makes the demo model on the CPU: draws pictures, trains VAE, UNet, text encoders and LoRAs, and measures them.

    python scripts/train_demo.py all --budget 12                 # everything, in about 12 hours
    python scripts/train_demo.py unet --minutes 400 --resume     # one stage

Every stage keeps its results in the work folder. vae, unet, decoder and lora write a checkpoint every ten minutes and
go on with --resume where they were interrupted; encode resumes by itself; the others start again. While a file PAUSE
lies in the work folder, a stage sleeps; `echo 20 > COOL_DOWN` there ends it in 20 minutes with a falling learning rate.
--start goes on from the weights of a demo model instead of from nothing. Needs the packages of the product only.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

STAGES = ("draw", "vae", "encode", "unet", "decoder", "export", "lora", "probe", "evaluate", "grids", "edits")
LORAS = ("jade", "amber", "jade-v2")
PARTS = ("base", *LORAS)
SHARES = {"vae": 0.20, "unet": 0.55, "decoder": 0.05, "lora": 0.15, "probe": 0.02}
"""Of --budget; drawing, encoding and measuring take the rest."""


def part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(PARTS)}")
    return name


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=(*STAGES, "all"))
    parser.add_argument(
        "parts", nargs="*", type=part, help="base, jade, amber, jade-v2: what to train LoRAs of or to evaluate; all"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".training", help="drawings, latents and checkpoints (5 GB)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "pipelines" / "demo",
        help="the diffusers folder that is written and measured",
    )
    parser.add_argument("--loras", type=Path, default=ROOT / "loras", help="where the LoRA files go")
    parser.add_argument("--budget", type=float, default=10.0, help="hours that all stages together should take")
    parser.add_argument("--minutes", type=float, help="time of this stage, instead of its share of the budget")
    parser.add_argument("--start", type=Path, help="a demo model whose weights and tokenizer the training begins with")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of this stage")
    parser.add_argument("--processes", type=int, default=2, help="of one thread each")
    return parser.parse_args(argv)


def run_stage(stage: str, args: argparse.Namespace) -> None:
    """Imports late: drawing needs no torch, and each stage only its own parts."""
    minutes: float = args.minutes if args.minutes is not None else args.budget * 60 * SHARES.get(stage, 0.0)
    parts: tuple[str, ...] = tuple(args.parts) or PARTS
    work: Path = args.work
    if stage == "draw":
        from scripts.demo_training.dataset import draw_all

        draw_all(work / "drawings", args.processes)
    elif stage in ("vae", "encode", "unet", "decoder"):
        _run_team_stage(stage, args, minutes)
    elif stage == "lora":
        from scripts.demo_training.team import run_side_by_side
        from scripts.demo_training.train_lora import train_lora

        tasks = [(work, args.out, args.loras, name, minutes, args.resume) for name in parts if name != "base"]
        # a second version begins with the weights of the first
        for some in ([task for task in tasks if "-v" not in task[3]], [task for task in tasks if "-v" in task[3]]):
            run_side_by_side(train_lora, some)
    elif stage == "export":
        from scripts.demo_training.export import export

        export(work, args.out)
    elif stage == "probe":
        from scripts.demo_training.judging.judges import JUDGES, train_judge
        from scripts.demo_training.team import run_side_by_side

        run_side_by_side(train_judge, [(name, work, minutes) for name in JUDGES])
    elif stage == "evaluate":
        from scripts.demo_training.judging.evaluate import evaluate

        evaluate(work, args.out, args.loras, parts)
    else:
        from scripts.demo_training.judging.grids import write_edits, write_grids

        (write_grids if stage == "grids" else write_edits)(work, args.out, args.loras)


def _run_team_stage(stage: str, args: argparse.Namespace, minutes: float) -> None:
    from scripts.demo_training.encode import encode_all
    from scripts.demo_training.team import run_team
    from scripts.demo_training.train_unet import train_unet
    from scripts.demo_training.train_vae import train_decoder, train_vae

    if stage == "encode":
        run_team(args.processes, encode_all, args.work)
    elif stage == "decoder":
        run_team(args.processes, train_decoder, args.work, minutes, args.resume)
    else:
        train = train_vae if stage == "vae" else train_unet
        run_team(args.processes, train, args.work, minutes, args.resume, args.start)


def main() -> None:
    args = parse()
    for stage in STAGES if args.stage == "all" else (args.stage,):
        run_stage(stage, args)


if __name__ == "__main__":
    main()
