"""The short version of scripts/measure/lora_soak.py."""

from pathlib import Path

from scripts.measure.lora_soak import soak


def test_many_requests_with_changing_loras_leave_base_weights_and_memory_as_they_were(tmp_path: Path) -> None:
    soaked = soak(24, tmp_path)
    assert soaked.num_changed == 0
    assert soaked.num_images >= 24
    assert len(soaked.resident_mb) >= 5
    assert soaked.growth_mb < 50
