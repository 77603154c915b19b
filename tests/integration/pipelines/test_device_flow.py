"""The host never waits for a GPU, proved without one: on torch's `meta` device every attempt to read a tensor back
(`.item()`, `.cpu()`, `bool(tensor)`, `nonzero`) raises, and every copy from the host is counted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipelines.denoise.forward import predict
from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.samplers import SAMPLERS
from pipelines.denoise.state import DenoiseState, begin_pass
from pipelines.lora.backend import adapter_set
from pipelines.model.load import LoadedModel, load_model
from pipelines.prompt.embedding import Conditions, Embedding
from pipelines.prompt.encoder import PromptEncoder
from tests.support.demo_model import (
    bank_of,
    demo_folder,
    params,
    write_lora,
)

META = torch.device("meta")
COPIES_AFTER = {"euler_a": 1, "dpmpp_2m_sde": 1, "lcm": 1, "tcd": 1}
"""Copies of a sampler's own step for each image, after the shared forward: the noise that it draws on the CPU."""
WAITING = ("linalg", "_local_scalar_dense", "nonzero", "is_nonzero", "equal", "unique")


class Watch(TorchDispatchMode):
    """Counts copies from the host to the device, and the calls that would make the host wait for a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0
        self.waits: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        made = [each for each in tree_leaves(result) if isinstance(each, Tensor)]
        if any(each.is_meta for each in made) and given and not any(each.is_meta for each in given):
            self.copies += 1
        if any(each.is_meta for each in given) and any(name in func.name() for name in WAITING):
            self.waits.append(func.name())
        return result


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    """Half precision, with the UNet on the meta device."""
    loaded = load_model(demo_folder(), "cpu", "bfloat16")
    return replace(loaded, device=META, unet=loaded.unet.to(META))


@pytest.fixture(scope="module")
def embedding() -> Embedding:
    loaded = load_model(demo_folder(), "cpu", "bfloat16")
    with torch.inference_mode():
        made = PromptEncoder(loaded, bank_of(loaded, Path()), 0).encode("woman, red dress", ())
    return Embedding(made.context.to(META), made.pooled.to(META))


def begun(model: LoadedModel, embedding: Embedding, sampler: str) -> list[DenoiseState]:
    """Three images, the last without guidance."""
    factory = SamplerFactory(model.scheduler_config)
    wanted = [params(sampler=sampler, seed=seed, steps=5) for seed in range(3)]
    return [
        begin_pass(model, factory, spec, (), Conditions(((embedding,),), ((embedding,),) if seed < 2 else None))
        for seed, spec in enumerate(wanted)
    ]


@torch.inference_mode()
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_step_sends_one_copy_and_never_waits(model: LoadedModel, embedding: Embedding, sampler: str) -> None:
    states, bank = begun(model, embedding, sampler), bank_of(model, Path())
    for _ in range(states[0].num_evaluations):
        with Watch() as forward:
            predictions = predict(model, bank, states, 6, 0)
        assert (forward.copies, forward.waits) == (1, [])
        with Watch() as after:
            for state, prediction in zip(states, predictions, strict=True):
                state.advance(prediction)
        assert after.copies <= len(states) * COPIES_AFTER.get(sampler, 0)
        assert not after.waits


@torch.inference_mode()
def test_loras_of_each_row_are_sent_in_the_same_copy(model: LoadedModel, embedding: Embedding, tmp_path: Path) -> None:
    loras = [write_lora(model, tmp_path, seed=seed) for seed in (1, 2)]
    bank = bank_of(model, tmp_path)
    states = begun(model, embedding, "euler")
    sets = [adapter_set(()), adapter_set((loras[0],)), adapter_set(tuple(loras))]
    for state, adapters in zip(states, sets, strict=True):
        bank.loader.fetch([sha256 for sha256, _ in adapters]).result()
        assert bank.admit(adapters, ())
        state.adapters = adapters
    with Watch() as forward:
        predict(model, bank, states, 6, 0)
    assert (forward.copies, forward.waits) == (1, [])


READ_BACK: dict[str, Callable[[Tensor], Any]] = {
    "item": lambda tensor: tensor.sum().item(),
    "bool": lambda tensor: bool((tensor > 0).all()),
    "cpu": lambda tensor: tensor.cpu(),
    "tolist": lambda tensor: tensor.tolist(),
    "nonzero": lambda tensor: tensor.nonzero(),
}


@pytest.mark.parametrize("way", READ_BACK)
def test_the_watch_would_notice_a_read(way: str) -> None:
    with Watch() as watch, pytest.raises((RuntimeError, NotImplementedError, AssertionError)):
        READ_BACK[way](torch.ones(3, device=META))
        assert not watch.waits


@torch.inference_mode()
def test_the_unet_computes_in_half_precision_and_the_latents_stay_float32(
    model: LoadedModel, embedding: Embedding
) -> None:
    inputs_of_unet: dict[str, Any] = {}

    def look(_: Any, inputs: tuple[Tensor, ...], named: dict[str, Any]) -> None:
        inputs_of_unet.update(sample=inputs[0], timesteps=inputs[1], context=named["encoder_hidden_states"])
        inputs_of_unet.update(named["added_cond_kwargs"])

    hook = model.unet.register_forward_pre_hook(look, with_kwargs=True)
    try:
        states = begun(model, embedding, "dpmpp_2m")
        predictions = predict(model, bank_of(model, Path()), states, 6, 0)
    finally:
        hook.remove()
    assert {name: each.dtype for name, each in inputs_of_unet.items()} == {
        "sample": torch.bfloat16,
        "timesteps": torch.float32,
        "context": torch.bfloat16,
        "text_embeds": torch.bfloat16,
        "time_ids": torch.bfloat16,
    }
    assert {each.device.type for each in inputs_of_unet.values()} == {"meta"}
    assert inputs_of_unet["sample"].is_contiguous(memory_format=torch.channels_last)
    assert len(inputs_of_unet["sample"]) == 6
    for state, prediction in zip(states, predictions, strict=True):
        assert prediction.dtype == torch.float32
        state.advance(prediction)
        assert (state.latents.dtype, state.latents.device.type) == (torch.float32, "meta")
