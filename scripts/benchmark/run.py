"""One run of the benchmark: what is measured, in which order, and what came of it."""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from scripts.benchmark.bare import BareLoop, Model
from scripts.benchmark.client import Crowd, about_server
from scripts.benchmark.figures import Figure
from scripts.benchmark.jobs import JobBook
from scripts.benchmark.machine import machine
from scripts.benchmark.meters import Readings
from scripts.benchmark.report import aligned, say, table
from scripts.benchmark.scenarios import lora_mix, reactions, throughput
from scripts.benchmark.scenarios.bench import Bench
from scripts.benchmark.server import ROOT, started_server

NUM_LONG, NUM_SHORT = 4, 8
Scenario = Callable[[Bench], Awaitable[list[Figure]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`model` None: only the server is measured. `lora_files`: what the scenario `loras` mixes."""

    args: argparse.Namespace
    model: Model | None
    folder: Path
    lora_files: list[Path] = field(default_factory=list[Path])

    @classmethod
    def of(cls, args: argparse.Namespace, folder: Path) -> "Plan":
        if args.threads:
            torch.set_num_threads(args.threads)
        demo = args.base_model is None
        lora = None if args.no_lora else args.lora or (ROOT / "loras" / "jade-v1.safetensors" if demo else None)
        base = ROOT / "pipelines" / "demo" if demo else args.base_model
        model = Model(base, lora, args.lora_weight, args.device, args.dtype)
        return cls(args, None if args.url and demo else model, folder)

    def server(self) -> AbstractContextManager[str]:
        """A server of the same model, with the same number of threads."""
        assert self.model is not None
        lora_dir = self.folder / "loras"
        lora_dir.mkdir()
        if self.model.lora is not None:
            (lora_dir / self.model.lora.name).symlink_to(self.model.lora.absolute())
            if "loras" in self.args.scenario:
                self.lora_files.extend(lora_mix.write_copies(self.model.lora, lora_dir))
        settings = {
            "STUDIO_BASE_MODEL": str(self.model.base),
            "STUDIO_LORA_DIR": str(lora_dir),
            "STUDIO_DEFAULT_MODEL": "base",
            "STUDIO_DEVICE": self.model.device,
            "STUDIO_DTYPE": self.model.dtype,
            "OMP_NUM_THREADS": str(torch.get_num_threads()),
        }
        return started_server(self.folder, settings | dict(self.args.set))

    def scenarios(self) -> list[tuple[str, Scenario]]:
        by_users: dict[str, Callable[[Bench, int], Awaitable[list[Figure]]]] = {
            "equal": throughput.equal,
            "mixed": throughput.mixed,
        }
        alone: dict[str, Scenario] = {
            "single": throughput.single,
            "short": lambda bench: throughput.short_behind_long(bench, NUM_LONG, NUM_SHORT),
            "status": reactions.status,
            "cancel": reactions.cancel,
            "join": reactions.join,
            "loras": lora_mix.loras,
        }
        found: list[tuple[str, Scenario]] = []
        for name in self.args.scenario:
            if name in alone:
                found.append((name, alone[name]))
            else:
                made = by_users[name]
                found += [(f"{name}, {n} users", lambda bench, made=made, n=n: made(bench, n)) for n in self.args.users]
        return found


@dataclass(slots=True)
class Report:
    """`moved`: how the server's metrics moved in each scenario."""

    about: dict[str, Any]
    figures: list[Figure] = field(default_factory=list[Figure])
    moved: dict[str, Readings] = field(default_factory=dict[str, Readings])

    def machine_line(self) -> str:
        about = self.about
        where = about["gpu"] or f"{about['processor']}, {about['cores']} cores, {about['threads']} torch threads"
        what = f"{about['base_model']} {about['dtype']} {about['width']} x {about['height']}, {about['steps']} steps"
        return f"LoRA Studio {about['lora_studio']}: {what} on {where}; load {about['load']} to {about['load_after']}"

    def parts_table(self) -> str:
        """Where the engine's time went, by its own account."""
        rows: list[Sequence[str]] = [
            (
                "scenario",
                "steps",
                "rows a step",
                "step",
                "decode",
                "encode",
                "other",
                "predicted within 10 %",
                "measured / predicted",
            )
        ]
        for name, moved in self.moved.items():
            parts, turns_s = moved.parts_s(), moved["studio_turn_seconds_sum"]
            if not moved.num_steps:
                continue
            shares = [f"{100 * parts[part] / turns_s:.1f} %" for part in ("step", "decode", "encode", "other")]
            rows_a_step = moved["studio_step_rows_sum"] / moved.num_steps
            within, ratio = moved.share_well_predicted or 0.0, moved.median_prediction_ratio() or 0.0
            rows.append(
                (name, str(moved.num_steps), f"{rows_a_step:.1f}", *shares, f"{100 * within:.0f} %", f"{ratio:.2f}")
            )
        return aligned(rows)

    def as_json(self) -> dict[str, Any]:
        moved = {name: {**each.parts_s(), **each.summary()} for name, each in self.moved.items()}
        return {"about": self.about, "figures": [figure.as_json() for figure in self.figures], "server": moved}


async def measure(plan: Plan, url: str) -> Report:
    args = plan.args
    server = await about_server(url, plan.model.lora if plan.model else args.lora)
    side = args.size or (server.native_px // 2 if args.quick else server.native_px)
    book = JobBook(args.steps or (8 if args.quick else 20), side, side, server.trigger)
    bare = BareLoop(plan.model, plan.folder) if plan.model else None
    about = {
        **machine(),
        "threads": torch.get_num_threads(),
        "base_model": server.base_model,
        "model_name": server.model_name,
        "dtype": bare.dtype if bare else args.dtype,
        "width": side,
        "height": side,
        "steps": book.steps,
    }
    report = Report(about)
    async with Crowd(url, server.model_name, args.lora_weight) as crowd:
        bench = Bench(crowd, bare, book, args.rounds or (1 if args.quick else 3), tuple(plan.lora_files))
        await bench.serve([book.one(steps=2)])
        bench.loop([book.one(steps=2)])
        first = await crowd.readings()
        for name, scenario in plan.scenarios():
            say(f"== {name}")
            before = await crowd.readings()
            figures = await scenario(bench)
            say(table(figures))
            report.figures += figures
            report.moved[name] = await crowd.readings() - before
        report.figures.append(prediction(await crowd.readings() - first))
    report.about["load_after"] = machine()["load"]
    return report


def prediction(moved: Readings) -> Figure:
    """Half of the steps within 10 % of what the cost model said: then the median is."""
    share = moved.share_well_predicted or 0.0
    return Figure("cost model", "share of all steps predicted within 10 %", "", share, target=">= 0.5")
