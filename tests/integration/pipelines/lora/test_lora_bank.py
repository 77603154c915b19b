"""LoRAs mixed row by row: each image has its own, and base weights never change."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipelines.lora.backend import AdapterSet, LoraError, adapter_set
from pipelines.lora.rank_bucket import bucket_rank
from pipelines.lora.weights import LoraParser, lora_layers
from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import BeginOrder, StepPlan
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import LoraRef
from tests.support.demo_model import (
    begin,
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    step,
    write_lora,
)
from tests.support.loras.adapter_bank import (
    Bank,
    checksum,
    num_bytes,
    one,
)
from tests.support.loras.files import all_layer_lora, keep, kohya_copy

SMALL = {"width": 64, "height": 64, "steps": 3}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loras")


@pytest.fixture(scope="module")
def loras(model: LoadedModel, folder: Path) -> list[LoraRef]:
    """Two of rank 4 over attention and text encoders, one of rank 12 over everything, convolutions too."""
    thin = [write_lora(model, folder, seed=seed, strength=0.05) for seed in (1, 2)]
    return [*thin, keep(folder, all_layer_lora(model, rank=12, seed=3, strength=0.02), "all", 0.7)]


def sets_of(loras: list[LoraRef]) -> dict[str, list[AdapterSet]]:
    """Four rows each: as runs, as more runs than are worth it, and all the same."""
    first, last = one(loras[0], 0.5), one(loras[2], 0.3)
    both = (*one(loras[2]), *one(loras[0], -1.0))
    again = (*first, *last)
    return {"runs": [(), first, both, last], "mixed": [again, both, again, ()], "uniform": [both] * 4}


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("by_runs", [True, False])
@pytest.mark.parametrize("kind", ["runs", "mixed", "uniform"])
@torch.inference_mode()
def test_each_row_of_a_layer_gets_its_own_loras(
    model: LoadedModel, folder: Path, loras: list[LoraRef], kind: str, by_runs: bool, layout: torch.memory_format
) -> None:
    """Against the definition: W + sum of weight * scale * up @ down, row by row."""
    bank = Bank(model, folder, by_runs=by_runs)
    sets = sets_of(loras)[kind]
    assert all(bank.admit(adapters) for adapters in sets)
    assert bank.bank.resident == {loras[0].sha256, loras[2].sha256}
    prepared = bank.bank.prepare(sets)
    assert (len(prepared.run_terms), len(prepared.ranks)) == ((2, 0) if by_runs and kind != "mixed" else (0, 2))
    parser = LoraParser(model)
    files = {lora.sha256: parser.parse((folder / f"{lora.sha256}.safetensors").read_bytes()) for lora in loras}
    names = ["unet.conv_in", "unet.down_blocks.0.downsamplers.0.conv", "unet.down_blocks.0.resnets.0.time_emb_proj"]
    names.append("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q")
    for name in names:
        layer = lora_layers(model)[name]
        inner = layer.weight.shape[1]
        shape = (4, inner, 8, 6) if layer.weight.dim() == 4 else (4, 5, inner) if "attn" in name else (4, inner)
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        x = x.contiguous(memory_format=layout) if x.dim() == 4 else x
        plain = layer(x)
        with bank.rows(*sets):
            mixed = layer(x)
        without = [row for row, adapters in enumerate(sets) if not adapters]
        assert torch.equal(mixed[without], plain[without])  # bit by bit
        for row, adapters in enumerate(sets):
            changed = layer.weight.clone()
            for sha256, weight in adapters:
                if (pair := files[sha256].pairs.get(name)) is not None:
                    changed += ((pair.up @ pair.down.flatten(1)) * pair.scale * weight).view_as(changed)
            expected = torch.func.functional_call(layer, {"weight": changed}, (x[row : row + 1],))
            assert torch.allclose(mixed[row : row + 1], expected, atol=1e-5), (name, row)
        assert torch.equal(layer(x), plain)


@torch.inference_mode()
def test_a_text_of_several_windows_has_its_loras_in_each(
    model: LoadedModel, folder: Path, loras: list[LoraRef]
) -> None:
    bank = Bank(model, folder)
    bank.admit(one(loras[0]))
    layer = lora_layers(model)["text_encoder.encoder.layers.0.self_attn.q_proj"]
    x = torch.randn(3, 7, layer.in_features, generator=torch.Generator().manual_seed(2))
    with bank.rows(one(loras[0])):
        together = layer(x)
        apart = torch.cat([layer(window[None]) for window in x])
    assert torch.allclose(together, apart, atol=1e-5)
    assert not torch.allclose(together, layer(x), atol=1e-3)


def test_a_forward_without_loras_runs_the_bare_layers(model: LoadedModel, folder: Path, loras: list[LoraRef]) -> None:
    bank = Bank(model, folder)
    bank.admit(one(loras[0]))
    layers = lora_layers(model).values()
    before = sum(len(layer._forward_hooks) for layer in layers)
    with bank.rows(one(loras[0])):
        assert sum(len(layer._forward_hooks) for layer in layers) > before
    with bank.rows((), ()):
        assert sum(len(layer._forward_hooks) for layer in layers) == before


def test_the_bank_keeps_within_its_bytes_the_loras_used_last(
    model: LoadedModel, folder: Path, loras: list[LoraRef]
) -> None:
    third = write_lora(model, folder, seed=9, strength=0.05)
    first, second = loras[:2]
    bank = Bank(model, folder, max_bytes=num_bytes(model, folder, first, 3))
    for lora in (first, second, first, third):
        assert bank.admit(one(lora))
        assert bank.bank.num_bytes <= num_bytes(model, folder, first, 3)
    assert bank.bank.resident == {first.sha256, third.sha256}
    used = frozenset(bank.bank.resident)
    assert not bank.admit(one(second), used)  # LoRAs in use stay, and the image waits
    assert bank.bank.resident == used
    assert bank.admit(one(second), frozenset({third.sha256}))
    assert bank.bank.resident == {second.sha256, third.sha256}
    assert bank.admit(one(loras[2]))  # of another rank, and larger than all there is: alone
    assert bank.bank.resident == {loras[2].sha256}
    assert bank.admit((*one(first), *one(second)))
    assert bank.bank.resident == {first.sha256, second.sha256}


@torch.inference_mode()
def test_slots_keep_their_loras_while_others_come_and_go(model: LoadedModel, folder: Path) -> None:
    many = [write_lora(model, folder, seed=20 + seed, strength=0.05) for seed in range(6)]
    bank = Bank(model, folder, max_bytes=num_bytes(model, folder, many[0], 5))
    layer = lora_layers(model)["unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"]
    x = torch.randn(2, 3, layer.in_features, generator=torch.Generator().manual_seed(1))

    def output(lora: LoraRef) -> Tensor:
        with bank.rows((), one(lora)):
            return layer(x)[1]

    alone: dict[str, Tensor] = {}
    for lora in many:
        assert bank.admit(one(lora))
        alone[lora.sha256] = output(lora)
    for lora in [*many[2:], many[0], many[4], many[1], many[5]]:
        assert bank.admit(one(lora))
        assert all(torch.equal(output(each), alone[each.sha256]) for each in many if each.sha256 in bank.bank.resident)


def test_a_lora_that_is_not_read_yet_keeps_only_its_own_picture_waiting(
    model: LoadedModel, folder: Path, loras: list[LoraRef]
) -> None:
    runner = SDXLRunner(model, folder)
    begin(runner, {"plain": params(**SMALL)})
    wanted = params(**SMALL, loras=(loras[0],))
    plan = StepPlan(begin=(BeginOrder("styled", wanted),), step=("plain", "styled"))
    result = runner.execute(plan)
    assert (result.deferred, result.stepped, result.begun, result.failed) == (("styled",), ("plain",), {}, {})
    assert loras[0].sha256 not in runner.resident_loras
    runner.fetch_loras([loras[0].sha256]).result()
    result = runner.execute(plan)
    assert (result.deferred, result.stepped) == ((), ("plain", "styled"))
    assert runner.resident_loras == {loras[0].sha256}


@pytest.mark.parametrize("alpha", [None, 3.0])
def test_a_kohya_copy_has_the_same_matrices(
    model: LoadedModel, folder: Path, loras: list[LoraRef], alpha: float | None
) -> None:
    parser = LoraParser(model)
    for lora in (loras[0], loras[2]):
        data = (folder / f"{lora.sha256}.safetensors").read_bytes()
        ours, theirs = parser.parse(data), parser.parse(kohya_copy(data, alpha))
        assert ours.pairs.keys() == theirs.pairs.keys()
        for name, pair in ours.pairs.items():
            other = theirs.pairs[name]
            assert torch.equal(pair.down, other.down) and torch.equal(pair.up, other.up)
            assert (pair.scale, other.scale) == (1.0, alpha / pair.rank if alpha else 1.0)


def test_a_file_of_peft_itself_has_the_same_matrices(model: LoadedModel, folder: Path, loras: list[LoraRef]) -> None:
    from safetensors.torch import load, save

    parser = LoraParser(model)
    data = (folder / f"{loras[0].sha256}.safetensors").read_bytes()
    unet = {key: tensor for key, tensor in load(data).items() if key.startswith("unet.")}
    peft = {f"base_model.model.{key.removeprefix('unet.')}": tensor for key, tensor in unet.items()}
    ours, theirs = parser.parse(save(unet)), parser.parse(save(peft))
    assert ours.pairs.keys() == theirs.pairs.keys()
    assert all(torch.equal(pair.down, theirs.pairs[name].down) for name, pair in ours.pairs.items())


def test_what_cannot_be_used_is_refused_by_name(model: LoadedModel, folder: Path, loras: list[LoraRef]) -> None:
    from safetensors.torch import load, save

    data = (folder / f"{loras[0].sha256}.safetensors").read_bytes()
    tensors = load(data)
    first = next(key for key in tensors if key.endswith("lora_A.weight"))
    bad = {
        "only one half": {key: tensor for key, tensor in tensors.items() if key != first},
        "has no layer lora_unet_nowhere": {"unet.nowhere.lora_A.weight": torch.ones(4, 8)},
        "is made for a layer of": tensors | {first: torch.ones(4, 7)},
        "DoRA": tensors | {first.replace("lora_A.weight", "lora_magnitude_vector"): torch.ones(4)},
        "LoRA with biases": tensors | {first.replace("lora_A.weight", "lora_B.bias"): torch.ones(4)},
        "no whole change of a layer": {"lora_unet_conv_in.hada_w1_a": torch.ones(4, 4)},
    }
    for reason, content in bad.items():
        lora = keep(folder, save({key: tensor.contiguous() for key, tensor in content.items()}), "bad", 1.0)
        bank = Bank(model, folder)
        with pytest.raises(LoraError, match=reason):
            bank.admit(one(lora))
        assert bank.bank.resident == frozenset()


def test_merged_loras_give_the_mixed_ones_pictures_and_leave_the_weights_as_they_were(
    model: LoadedModel, folder: Path, loras: list[LoraRef]
) -> None:
    before = checksum(model)
    wanted = {
        "plain": params(**SMALL),
        "one": params(**SMALL, loras=(loras[0],)),
        "two": params(**SMALL, loras=(loras[2], LoraRef("again", None, loras[1].sha256, -0.5))),
    }
    mixed = run(SDXLRunner(model, folder), wanted)
    assert checksum(model) == before
    merging = SDXLRunner(model, folder, RunnerOptions(merged_loras=True))
    for name in ("one", "two", "plain", "one"):
        made = run(merging, {name: wanted[name]})[name]
        assert share_within_one_level(pixels(made), pixels(mixed[name])) >= 0.999
    assert checksum(model) != before
    run(merging, {"plain": wanted["plain"]})
    assert checksum(model) == before
    begin(merging, {name: wanted[name] for name in ("one", "two")})
    assert step(merging, ["one"]).stepped == ("one",)
    assert step(merging, ["one", "two"]).stepped == ("one", "two")  # tried one by one
    run(merging, {"plain": wanted["plain"]})
    assert checksum(model) == before


def test_ranks_share_few_buckets() -> None:
    assert [bucket_rank(rank) for rank in (1, 8, 9, 12, 16, 32, 33, 128)] == [8, 8, 16, 16, 16, 32, 64, 128]


def test_weights_of_one_file_add_up_and_weight_zero_is_none(loras: list[LoraRef]) -> None:
    first, second = (lora.sha256 for lora in loras[:2])
    refs = (("a", first, 0.5), ("b", second, 0.0), ("c", first, 0.25))
    assert adapter_set(tuple(LoraRef(name, None, sha256, weight) for name, sha256, weight in refs)) == ((first, 0.75),)
