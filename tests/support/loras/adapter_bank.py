"""A LoRA bank for tests, filled as by the runner."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from pipelines.device import to_device
from pipelines.lora.backend import AdapterSet
from pipelines.lora.bank import LoraBank
from pipelines.lora.loader import LoraLoader
from pipelines.lora.weights import LoraParser
from pipelines.model.load import LoadedModel
from pipelines.spec import LoraRef

MUCH = 1_000_000_000


class Bank:
    """A bank and its loader. Sets are admitted as by the runner."""

    def __init__(self, model: LoadedModel, folder: Path, max_bytes: int = MUCH, by_runs: bool = True) -> None:
        self.loader = LoraLoader(folder, LoraParser(model).parse, max_bytes)
        self.bank = LoraBank(model, self.loader, max_bytes, by_runs=by_runs)

    def admit(self, adapters: AdapterSet, in_use: frozenset[str] = frozenset()) -> bool:
        self.loader.fetch([sha256 for sha256, _ in adapters]).result()
        return self.bank.admit(adapters, in_use)

    @contextmanager
    def rows(self, *rows: AdapterSet) -> Iterator[None]:
        layout = self.bank.prepare(rows)
        with self.bank.applied(self.bank.place(layout, to_device(layout.numbers, torch.device("cpu")))):
            yield


def one(lora: LoraRef, weight: float = 1.0) -> AdapterSet:
    return ((lora.sha256, weight),)


def num_bytes(model: LoadedModel, folder: Path, lora: LoraRef, slots: int) -> int:
    bank = Bank(model, folder)
    bank.admit(one(lora))
    return bank.bank.num_bytes // 2 * slots  # slot 0 and its own


def checksum(model: LoadedModel) -> str:
    digest = hashlib.sha256()
    for part in (model.unet, model.vae, *model.text_encoders):
        for name, tensor in part.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
