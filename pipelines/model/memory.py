"""Check that a base model fits into memory: bytes needed against bytes free. Torch-free: the caller passes GPU
memory."""

from pathlib import Path

from pipelines.model.checkpoint import BaseModelError

WORKING_SHARE = 0.2
"""Working memory of a model, at least, as a share of its weights."""


def check_fits(weight_bytes: int, free_bytes: int | None, dtype: str, where: str) -> None:
    """`free_bytes`: None if unknown, then the model is assumed to fit. `where`: "RAM" or the GPU's name. Raises
    BaseModelError."""
    needed = round(weight_bytes * (1 + WORKING_SHARE))
    if free_bytes is None or needed <= free_bytes:
        return
    ways = ["stop what else uses it", "use a machine with more"]
    if dtype == "float32":
        ways.insert(0, "halve it with STUDIO_DTYPE=" + ("bfloat16" if where == "RAM" else "float16"))
    raise BaseModelError(
        f"the base model needs {_gb(needed)} of {where} ({_gb(weight_bytes)} of weights as {dtype} and room to work"
        f" in), but {_gb(free_bytes)} are free: {', '.join(ways[:-1])} or {ways[-1]}"
    )


def free_ram_bytes(root: Path = Path("/")) -> int | None:
    """RAM that this process can still allocate: the machine's, or less if its container (cgroup v2 or v1) allows less.
    None if the system reports neither (macOS)."""
    bounds = [_available(root), _left_in_cgroup(root / "sys/fs/cgroup"), _left_in_old_cgroup(root)]
    return min((free for free in bounds if free is not None), default=None)


def _available(root: Path) -> int | None:
    for line in _lines(root / "proc/meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def _left_in_cgroup(folder: Path) -> int | None:
    return _left(folder / "memory.max", folder / "memory.current", folder / "memory.stat", "inactive_file")


def _left_in_old_cgroup(root: Path) -> int | None:
    folder = root / "sys/fs/cgroup/memory"
    limit, used = folder / "memory.limit_in_bytes", folder / "memory.usage_in_bytes"
    return _left(limit, used, folder / "memory.stat", "total_inactive_file")


def _left(limit: Path, used: Path, stat: Path, cache: str) -> int | None:
    """Inactive pages of the file cache count as free: the kernel reclaims them when memory is short."""
    allowed, taken = _number(limit), _number(used)
    if allowed is None or taken is None:
        return None
    cached = next((int(line.split()[1]) for line in _lines(stat) if line.startswith(f"{cache} ")), 0)
    return max(0, allowed - taken + cached)


def _number(path: Path) -> int | None:
    text = "".join(_lines(path))
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _gb(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.1f} GB"
