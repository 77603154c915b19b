from pathlib import Path

import pytest

from pipelines.model.checkpoint import BaseModelError
from pipelines.model.memory import check_fits, free_ram_bytes

GB = 10**9


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_model_fits_with_room_to_work_in() -> None:
    check_fits(7 * GB, round(8.4 * GB), "float16", "RAM")
    check_fits(7 * GB, None, "float16", "RAM")
    with pytest.raises(BaseModelError) as refused:
        check_fits(14 * GB, 8 * GB, "float32", "RAM")
    reason = str(refused.value)
    assert "needs 16.8 GB of RAM (14.0 GB of weights as float32" in reason
    assert "8.0 GB are free" in reason
    assert "STUDIO_DTYPE=bfloat16" in reason
    with pytest.raises(BaseModelError) as refused:
        check_fits(7 * GB, 8 * GB, "float16", "memory of the RTX 4090")
    assert "memory of the RTX 4090" in str(refused.value)
    assert "STUDIO_DTYPE" not in str(refused.value)


def test_the_machine_s_free_memory_is_read(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable:   4096 kB\n")
    assert free_ram_bytes(tmp_path) == 4096 * 1024


def test_a_container_may_allow_less(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemAvailable: 4096 kB\n")
    write(tmp_path, "sys/fs/cgroup/memory.max", "3000000\n")
    write(tmp_path, "sys/fs/cgroup/memory.current", "2500000\n")
    write(tmp_path, "sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 400000\n")
    assert free_ram_bytes(tmp_path) == 900_000
    write(tmp_path, "sys/fs/cgroup/memory.max", "max\n")
    assert free_ram_bytes(tmp_path) == 4096 * 1024


def test_older_containers_too(tmp_path: Path) -> None:
    write(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n")
    write(tmp_path, "sys/fs/cgroup/memory/memory.usage_in_bytes", "2500000\n")
    write(tmp_path, "sys/fs/cgroup/memory/memory.stat", "total_inactive_file 300000\n")
    assert free_ram_bytes(tmp_path) == 800_000


def test_without_a_report_of_the_system_it_is_unknown(tmp_path: Path) -> None:
    assert free_ram_bytes(tmp_path) is None
