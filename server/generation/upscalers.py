"""The upscalers that requests can name: the built-in ones and the networks of a folder."""

import logging
from collections.abc import Sequence
from pathlib import Path

from pipelines.spec import LATENT_UPSCALER, PIXEL_UPSCALER
from pipelines.upscaling.files import scan

log = logging.getLogger(__name__)

UPSCALERS = (LATENT_UPSCALER, PIXEL_UPSCALER)


class UpscalerFolder:
    """`names` are those of the last scan; `folder` None: there are no networks. The folder is read with the LoRAs: when
    the server starts and at each reload."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._rejected: Sequence[tuple[str, str]] = ()
        self.names: Sequence[str] = UPSCALERS

    def scan(self) -> tuple[tuple[str, str], ...]:
        """On a thread. Returns the files that cannot be used, and why."""
        if self._folder is None:
            return ()
        found = scan(self._folder)
        for file, reason in found.rejected:
            if (file, reason) not in self._rejected:
                log.warning("the upscaler %s cannot be used: %s", file, reason)
        self._rejected = found.rejected
        self.names = (*UPSCALERS, *found.names)
        return tuple((f"{self._folder.name}/{file}", reason) for file, reason in found.rejected)
