"""Makes the demo model from nothing on the CPU: draws pictures, trains VAE, UNet, text encoders and two LoRAs, and
measures them.

    python scripts/train_demo.py all                       # everything, about two hours on two cores
    python scripts/train_demo.py unet --minutes 64 --resume

Every stage keeps its results in the work folder. vae, unet and lora go on with --resume where they were interrupted;
the others start again. Needs the packages of the product and nothing else.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

STAGES = ("draw", "probe", "vae", "encode", "unet", "export", "lora", "evaluate", "grids")
PARTS = ("base", "jade", "amber")
MINUTES = {"probe": 2.0, "vae": 50.0, "encode": 9.0, "unet": 64.0, "lora": 12.0}


def part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(PARTS)}")
    return name


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=(*STAGES, "all"))
    parser.add_argument(
        "parts", nargs="*", type=part, help="base, jade, amber: what to train LoRAs of or to evaluate; all if left out"
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
    parser.add_argument(
        "--minutes", type=float, help="time of this stage; " + ", ".join(f"{k} {v:g}" for k, v in MINUTES.items())
    )
    parser.add_argument(
        "--start", type=Path, help="a demo model whose VAE, tokenizer, UNet and text encoders to go on from"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of this stage")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(argv)


def run_stage(stage: str, args: argparse.Namespace) -> None:
    """Imports late: drawing needs no torch, and each stage only its own parts."""
    minutes: float = args.minutes if args.minutes is not None else MINUTES.get(stage, 0.0)
    parts: tuple[str, ...] = tuple(args.parts) or PARTS
    if stage == "draw":
        from scripts.demo_training.dataset import draw_all

        return draw_all(args.work / "drawings", args.threads)
    import torch

    from scripts.demo_training.team import run_team

    torch.set_num_threads(args.threads)
    if stage == "probe":
        from scripts.demo_training.probe import train_probe

        train_probe(args.work, minutes)
    elif stage == "vae":
        from scripts.demo_training.train_vae import train_vae

        run_team(args.threads, train_vae, args.work, minutes, args.resume, args.start)
    elif stage == "encode":
        from scripts.demo_training.encode import encode_all

        encode_all(args.work, minutes)
    elif stage == "unet":
        from scripts.demo_training.train_unet import train_unet

        train_unet(args.work, minutes, args.resume)
    elif stage == "export":
        from scripts.demo_training.export import export

        export(args.work, args.out)
    elif stage == "lora":
        from scripts.demo_training.train_lora import train_lora

        for name in parts:
            if name != "base":
                train_lora(args.work, args.out, args.loras, name, minutes, args.resume)
    elif stage == "evaluate":
        from scripts.demo_training.evaluate import evaluate

        evaluate(args.work, args.out, args.loras, parts)
    else:
        from scripts.demo_training.grids import write_grids

        write_grids(args.out, args.loras)


def main() -> None:
    args = parse()
    for stage in STAGES if args.stage == "all" else (args.stage,):
        run_stage(stage, args)


if __name__ == "__main__":
    main()
