"""Pictures in a folder of this machine, served by the server itself."""

from pathlib import Path


class LocalStore:
    """An ImageStore. `folder` is made where missing; addresses are `{base_path}/{key}`."""

    def __init__(self, folder: Path, base_path: str = "/files") -> None:
        self._folder = folder
        self._base_path = base_path.rstrip("/")
