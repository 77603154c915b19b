"""Tables for people."""

from collections.abc import Mapping
from typing import Any


def load_table(figures: Mapping[str, Any]) -> str:
    lines = [f"{'call':<18}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}"]
    for kind, seconds in figures["seconds"].items():
        p50, p99 = (1000 * seconds[min(len(seconds) - 1, int(share * len(seconds)))] for share in (0.5, 0.99))
        lines.append(f"{kind:<18}{len(seconds):>9}{p50:>9.0f}{p99:>9.0f}{1000 * seconds[-1]:>9.0f}")
    lines.append(
        f"{figures['open_streams']} streams open at the end with {figures['stream_events']} events,"
        f" {figures['cpu_share']:.2f} cores busy, burst {figures['burst_posts_per_s']:.0f} posts/s"
    )
    for name in figures["samples"][0]:
        values = [sample[name] for sample in figures["samples"]]
        lines.append(f"{name}: {values[0]:.1f} at first, {max(values):.1f} at most, {values[-1]:.1f} at last")
    lines += [f"error: {text} x {count}" for text, count in figures["errors"].items()]
    return "\n".join(lines)


def cost_table(figures: Mapping[str, Any]) -> str:
    rows = figures["cpu_ms"]
    names = list(rows[0])
    lines = ["".join(f"{name:>15}" for name in names)]
    lines += ["".join(f"{row[name]:>15.2f}" for name in names) for row in rows]
    return "\n".join(lines)
