"""The figures as tables of Markdown."""

from collections.abc import Callable, Sequence
from typing import Any

Figures = dict[str, Any]

ROWS: Sequence[tuple[str, Callable[[Figures], str]]] = (
    ("day", lambda f: f"{f['day_s'] / 3600:.1f} h"),
    ("jobs; images", lambda f: f"{f['jobs']:,}; {f['images']:,}"),
    ("images/s", lambda f: f"{f['images_per_s']:.2f}"),
    ("wait for the first step: median", lambda f: f"{f['wait_s']['median']:.1f} s"),
    ("p95", lambda f: f"{f['wait_s']['p95']:.1f} s"),
    ("p99", lambda f: f"{f['wait_s']['p99']:.1f} s"),
    ("p95 of users with 1 to 3 jobs", lambda f: f"{f['fairness']['light_p95_s']:.1f} s"),
    ("p95 of the busiest 1 % of users", lambda f: f"{f['fairness']['busiest_p95_s']:.1f} s"),
    ("Jain's index of the users' slowdown", lambda f: f"{f['fairness']['jain']:.2f}"),
    ("GPU busy", lambda f: f"{f['gpu_busy']:.0%}"),
    ("rows of a forward", lambda f: f"{f['rows_per_forward']:.1f}"),
    ("LoRA loads for 100 jobs", lambda f: f"{f['lora_loads_per_100_jobs']:.0f}"),
    ("most jobs in the queue", lambda f: f"{f['max_queue']:,}"),
    ("lost claims for each won one", lambda f: f"{f['lost_claims_per_claim']:.2f}"),
    ("statements/s", lambda f: f"{f['database']['statements']:,.0f}"),
    ("statements/s in the busiest minute", lambda f: f"{f['database_in_the_busiest_minute']['statements']:,.0f}"),
    ("NOTIFY texts/s sent", lambda f: f"{f['database']['texts_sent']:,.0f}"),
    ("NOTIFY texts/s received", lambda f: f"{f['database']['texts_received']:,.0f}"),
    ("cores of PostgreSQL for the statements", lambda f: f"{f['database']['cores_for_statements']:.2f}"),
    ("cores of PostgreSQL for NOTIFY", lambda f: f"{f['database']['cores_for_texts']:.2f}"),
    ("jobs lost; images made twice", lambda f: f"{f['lost']}; {f['made_twice']}"),
    ("CPU time of the simulation", lambda f: f"{f['cpu_s']:.0f} s"),
)


def table(runs: Sequence[Figures]) -> str:
    heads = [f"{run['workers']:,} ({run['apis']})" for run in runs]
    lines = [
        f"| workers (and api processes) | {' | '.join(heads)} |",
        f"| --- |{' --- |' * len(runs)}",
    ]
    lines += [f"| {name} | {' | '.join(show(run) for run in runs)} |" for name, show in ROWS]
    lines += ["", "Statements a second, by action:", "", lines[0], lines[1]]
    for name in runs[0]["database"]["statements_by_action"]:
        rates = (run["database"]["statements_by_action"][name] for run in runs)
        lines.append(f"| {name} | {' | '.join(f'{rate:,.1f}' for rate in rates)} |")
    return "\n".join(lines)


def check_table(compared: Figures) -> str:
    real, simulated = compared["figures"]["real"], compared["figures"]["simulated"]
    lines = [
        f"{compared['jobs']} jobs, {compared['images']} images, 2 workers; "
        + ", ".join(
            f"{name.removesuffix('_s')} {1000 * seconds:.1f} ms" for name, seconds in compared["overheads"].items()
        ),
        "",
        "| | real | simulated | difference |",
        "| --- | --- | --- | --- |",
    ]
    for name, value in real.items():
        lines.append(f"| {name} | {value:.3f} | {simulated[name]:.3f} | {compared['differences'][name]:+.1%} |")
    return "\n".join(lines)
