"""What the API shows of the running model: an engine of this process, or the fleet."""

from typing import Protocol, runtime_checkable


@runtime_checkable  # Litestar checks its dependencies
class ModelFacts(Protocol):
    @property
    def resident_loras(self) -> frozenset[str]:
        """Hashes of the LoRAs in memory: an image with one of them needs no file."""
        ...
