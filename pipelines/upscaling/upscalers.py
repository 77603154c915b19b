"""`Upscalers`: the networks of STUDIO_UPSCALER_DIR, read when they are used. Torch thread."""

import logging
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from pipelines.plan import Pieces
from pipelines.safetensors_header import SafetensorsError, read_header
from pipelines.upscaling import files
from pipelines.upscaling.architecture import UpscalerError
from pipelines.upscaling.network import network
from pipelines.upscaling.tiles import enlarged, tile_px

log = logging.getLogger(__name__)

PAUSE_S = 0.05
"""The longest that a step waits for a file that is being read."""


@dataclass(frozen=True, slots=True, eq=False)
class Upscaler:
    """`net` on the CPU until it is used; `state` is the file's when it was read."""

    name: str
    state: files.FileState
    scale: int
    net: nn.Module


class Upscalers:
    """Reads files on a thread of its own and keeps the network that was used last."""

    def __init__(self, folder: Path | None, device: torch.device) -> None:
        self._folder = folder
        self._device = device
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="upscaler-loader")
        self._last: Upscaler | None = None

    def enlarged(self, name: str, image: Image.Image) -> Pieces[Image.Image]:
        """The image (RGB) as large as the network makes it, in pieces of work. Raises UpscalerError."""
        try:
            upscaler = yield from self._loaded(name)
            net = upscaler.net.to(self._device)
            return (yield from enlarged(net, upscaler.scale, image, self._device, tile_px(self._device)))
        except UpscalerError as error:
            raise UpscalerError(f"the upscaler {name} cannot be used: {error}") from error

    def _loaded(self, name: str) -> Pieces[Upscaler]:
        if self._folder is None:
            raise UpscalerError("this server has no folder of upscalers (STUDIO_UPSCALER_DIR)")
        known = self._last if self._last and self._last.name == name else None
        reading = self._reader.submit(_read, self._folder, name, known)
        while not wait([reading], PAUSE_S).done:
            yield None
        self._last = reading.result()
        return self._last


def _read(folder: Path, name: str, known: Upscaler | None) -> Upscaler:
    """`known` if the file is still the same. Raises UpscalerError."""
    state = files.state(folder, name)
    if known is not None and known.state == state:
        return known
    try:
        data = files.read(folder, name)
        architecture, names = files.check(read_header(data), len(data))
        tensors = load(data)
    except (SafetensorsError, SafetensorError) as error:
        raise UpscalerError(str(error)) from error
    net = network(architecture, {name: tensors[key].to(torch.float32) for name, key in names.items()})
    log.info("upscaler %s: read %.1f MB, enlarges %d times", name, len(data) / 1e6, architecture.scale)
    return Upscaler(name, state, architecture.scale, net)
