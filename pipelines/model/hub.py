"""Download base models by hub id (`org/name`) into huggingface_hub's cache: only the files that are loaded. Torch-free.

    python -m pipelines.model.hub ORG/NAME [fp16]     # downloads the weights, logs its progress to stderr

The server runs this command as a child process: there is no other way to abort a running download.
"""

import logging
import sys
import time
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
from tqdm.auto import tqdm

from pipelines.model.checkpoint import BaseModelError
from pipelines.model.info import (
    HALF_VARIANT,
    PARTS,
    PARTS_WITH_WEIGHTS,
    check_configs,
)

log = logging.getLogger(__name__)

CONFIG_FILES = ["model_index.json", *(f"{part}/*.{end}" for part in PARTS for end in ("json", "txt"))]
LOG_EVERY_S = 5.0

_hub: Any = huggingface_hub
_Bar: Any = tqdm


def fetch_configs(repo_id: str) -> Path:
    """Fetch everything but the weights, a few hundred KB, and return the folder in the cache. Raises BaseModelError."""
    folder = _fetch(repo_id, CONFIG_FILES)
    check_configs(folder)
    return folder


def fetch_weights(repo_id: str, half: bool) -> Path:
    """Fetch the weights, too, and return the same folder. `half`: prefer half precision files, which are half as large.
    Raises BaseModelError."""
    names = _safetensors_of(repo_id)
    weights = [name for part in PARTS_WITH_WEIGHTS for name in _weights_of(part, names, half)]
    return _fetch(repo_id, [*CONFIG_FILES, *weights])


def _safetensors_of(repo_id: str) -> list[str]:
    """The hub's list of files; without a network, those in the cache."""
    try:  # list_repo_files would try again for 24 s without a network
        files = [file.rfilename for file in _hub.HfApi().model_info(repo_id).siblings]
        return [name for name in files if name.endswith(".safetensors")]
    except Exception:  # the download that follows reports the cause
        folder = Path(_fetch(repo_id, CONFIG_FILES))
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")]


def _weights_of(part: str, names: list[str], half: bool) -> list[str]:
    own = [name for name in names if name.startswith(f"{part}/")]
    halves = [name for name in own if f".{HALF_VARIANT}." in name or f".{HALF_VARIANT}-" in name]
    others = [name for name in own if name not in halves]
    return (halves or others) if half else (others or halves)


def _fetch(repo_id: str, patterns: list[str]) -> Path:
    try:
        return Path(_hub.snapshot_download(repo_id, allow_patterns=patterns, tqdm_class=_LoggedProgress))
    except GatedRepoError as error:
        raise BaseModelError(
            f"the hub requires that you accept the terms of {repo_id}: accept them on its page, then set HF_TOKEN"
        ) from error
    except RepositoryNotFoundError as error:
        raise BaseModelError(
            f"the hub has no model {repo_id}, or it is private (set HF_TOKEN); STUDIO_BASE_MODEL is a folder, a"
            " .safetensors file or a hub id like org/name"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise BaseModelError(
            f"{repo_id} cannot be fetched from the hub and is not complete in the cache: {_first_line(error)} There is"
            f" no file or folder of this name either. With a network, try again; without one, fetch it elsewhere"
            " (python -m pipelines.model.hub), then copy the cache (HF_HOME) or give STUDIO_BASE_MODEL a folder or file"
        ) from error


def _first_line(error: Exception) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if line.endswith(".") else f"{line}."


class _LoggedProgress(_Bar):
    """Logs huggingface_hub's progress bar of bytes on the disk, one line every LOG_EVERY_S; its other bars are
    silent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._logs = options.get("unit") == "B" and "Download" not in (options.get("desc") or "")
        self._logged_at_s = time.monotonic()
        super().__init__(*args, **options)  # pyright: ignore[reportUnknownMemberType]

    def display(self, *_: Any, **__: Any) -> None:
        now_s = time.monotonic()
        if self._logs and self.n and now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            log.info("downloaded %.2f of %.2f GB", self.n / 1e9, max(self.total or 0, self.n) / 1e9)

    def close(self) -> None:
        """tqdm would draw the bar once more."""


def main() -> int:
    """Print the folder and return 0, or print the reason of a failure and return 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    repo_id, half = sys.argv[1], HALF_VARIANT in sys.argv[2:]
    try:
        fetch_configs(repo_id)
        print(fetch_weights(repo_id, half))
    except BaseModelError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
