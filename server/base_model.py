"""The base model of the settings: from a path or a hub id to weights on this disk with a known hash.

    at start:       is it SDXL? (configs and headers, or the hub's configs)          BaseModelError ends the start
    then, while the server answers:   fetch (a hub's weights)  →  hash and load at the same time

Jobs are pinned to the hash, so none is accepted before it is known. It is remembered in `{data_dir}/hashes.json`: only
a new or changed model of gigabytes keeps callers waiting, for as long as reading it takes.
"""

import asyncio
import sys
from pathlib import Path

from pipelines.lora.files.base_layers import BaseLayers, read_base_layers
from pipelines.model.checkpoint import BaseModelError
from pipelines.model.file_hashes import FileHashes
from pipelines.model.info import (
    HALF_VARIANT,
    check_base_model,
    config_folder,
    hash_base_model,
    hashed_files,
    is_hub_id,
    read_model_info,
)
from pipelines.prompt.analysis import PromptAnalyzer
from server.config.settings import Settings
from server.queue.model import BaseModelRef

QUICKLY_READ_BYTES = 256 * 1024 * 1024
"""So much is hashed before the first request is answered."""


class BaseModel:
    """`ref.sha256` is None until `identify` has run. `path` is where `load` finds the model once `fetch` has run."""

    def __init__(self, settings: Settings) -> None:
        """Raises BaseModelError."""
        named = settings.base_model
        self._vae = settings.vae
        self._hashes = FileHashes(settings.data_dir / "hashes.json")
        self._hub_id = str(named) if is_hub_id(named) else None
        self._half = settings.dtype != "float32"
        self.path = _fetch_configs(self._hub_id) if self._hub_id else named
        self.info = read_model_info(self.path, self._hub_id)
        if self._hub_id is None:
            check_base_model(self.path, self._vae)
        self.prompts = PromptAnalyzer(config_folder(self.path))
        self.ref = BaseModelRef(self.info.name)
        self._is_here = self._hub_id is None
        self._identifying = asyncio.Lock()
        self._fetching: asyncio.subprocess.Process | None = None

    @property
    def is_remote(self) -> bool:
        return self._hub_id is not None

    @property
    def quickly_read(self) -> bool:
        """True if its hash is known or can be computed in moments."""
        if self.is_remote:
            return False
        unknown = [file for _, file in hashed_files(self.path, self._vae) if self._hashes.known(file) is None]
        return sum(file.stat().st_size for file in unknown) <= QUICKLY_READ_BYTES

    async def fetch(self) -> None:
        """Bring a hub's weights into the cache, by a process of its own. Raises BaseModelError."""
        if self._hub_id is None:
            return
        command = [sys.executable, "-m", "pipelines.model.hub", self._hub_id, *([HALF_VARIANT] if self._half else [])]
        self._fetching = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        printed, _ = await self._fetching.communicate()
        code, self._fetching = self._fetching.returncode, None
        last_line = printed.decode(errors="replace").strip().rpartition("\n")[2]
        if code != 0:
            raise BaseModelError(last_line or f"the download of {self._hub_id} broke off")
        self.path = Path(last_line)
        self._is_here = True

    def is_word(self, name: str) -> bool:
        """True if the vocabulary has the name as one token."""
        return self.prompts.num_tokens(name) == 1

    def layers(self) -> BaseLayers | None:
        """What a LoRA can change; None while a hub's weights are not here. Raises BaseModelError."""
        return read_base_layers(self.path) if self._is_here else None

    def cancel_fetch(self) -> None:
        """Break a download off; `fetch` then raises. What has come in stays in the cache."""
        if self._fetching is not None:
            self._fetching.terminate()

    async def identify(self) -> None:
        """Hash the weights, on a thread. Raises OSError."""
        async with self._identifying:
            if self.ref.sha256 is None:
                self.ref.sha256 = await asyncio.to_thread(hash_base_model, self.path, self._hashes, self._vae)


def _fetch_configs(hub_id: str) -> Path:
    from pipelines.model.hub import fetch_configs  # its imports take a while, and most models lie on the disk

    return fetch_configs(hub_id)
