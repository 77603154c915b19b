"""Files of every supported layout, over every layer of a small SDXL: what the scan accepts is loaded, and changes each
layer by the plain arithmetic of its format; LyCORIS' are compared with the lycoris-lora package."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from safetensors.torch import save
from torch import Tensor, nn

from pipelines.lora.files.base_layers import read_base_layers
from pipelines.lora.files.file import read_lora
from pipelines.lora.files.keys import layer_name
from pipelines.lora.weights import LoraParser, LoraWeights, lora_layers
from pipelines.model.load import LoadedModel, load_model
from tests.support.loras.original_layout import original_unet_key, write_small_sdxl

RANK, ALPHA = 4, 2.0
TEXT_PREFIXES = {"text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}
Layers = Mapping[str, tuple[int, ...]]
"""Shape of each weight, by `unet.conv_in`."""


class Base:
    """A small SDXL, and what the scan and the loader make of a file for it."""

    def __init__(self, folder: Path) -> None:
        small, file = write_small_sdxl(folder)
        self.model: LoadedModel = load_model(small, "cpu", "float32")
        self.layers: Layers = {name: tuple(layer.weight.shape) for name, layer in lora_layers(self.model).items()}
        self.scanned = [read_base_layers(place) for place in (small, file)]
        self.parser = LoraParser(self.model)

    def read(self, tensors: Mapping[str, Tensor]) -> LoraWeights:
        """Scan the file as one for the folder and for the single file, then load it. Nothing may be left out."""
        data = save({key: tensor.contiguous() for key, tensor in tensors.items()})
        for layers in self.scanned:
            assert read_lora(data, layers).ignored == ()
        return self.parser.parse(data)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return Base(tmp_path_factory.mktemp("small"))


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 0.05


def matrices(shape: tuple[int, ...], seed: int = 0) -> tuple[Tensor, Tensor]:
    out, *inner = shape
    kernel = (1, 1) if len(inner) > 1 else ()
    return random(RANK, *inner, seed=seed), random(out, RANK, *kernel, seed=seed + 1)


def product(down: Tensor, up: Tensor, scale: float = 1.0) -> Tensor:
    return up.flatten(1) @ down.flatten(1) * scale


def change(weights: LoraWeights, name: str) -> Tensor:
    pair = weights.pairs[name]
    return product(pair.down, pair.up, pair.scale)


def assert_changes(weights: LoraWeights, expected: Mapping[str, Tensor]) -> None:
    assert weights.pairs.keys() == expected.keys()
    for name, matrix in expected.items():
        torch.testing.assert_close(change(weights, name), matrix.flatten(1), rtol=1e-4, atol=1e-6, msg=name)


# ---- spellings of a layer's name


def kohya(name: str) -> str:
    part, _, path = name.partition(".")
    flat = path.replace(".", "_")
    if part == "unet":
        return f"lora_unet_{flat}"
    return f"{TEXT_PREFIXES[part]}_{flat if flat.startswith('text_') else 'text_model_' + flat}"


def original(name: str) -> str:
    """The layer's path in the original UNet."""
    return original_unet_key(f"{name.removeprefix('unet.')}.weight").removesuffix(".weight")


def comfy(name: str) -> str:
    """As ComfyUI saves a LoRA: SDXL's parts by the names of the original checkpoint."""
    part, _, path = name.partition(".")
    if part == "unet":
        return f"diffusion_model.{original(name)}"
    return f"text_encoders.clip_{'l' if part == 'text_encoder' else 'g'}.transformer.{text_path(path)}"


def clip(name: str) -> str:
    """As OneTrainer saves one."""
    part, _, path = name.partition(".")
    if part == "unet":
        return f"unet.{original(name)}"
    return f"clip_{'l' if part == 'text_encoder' else 'g'}.{text_path(path)}"


def text_path(path: str) -> str:
    return path if path.startswith("text_") else f"text_model.{path}"


def kohya_original(name: str) -> str:
    return f"lora_unet_{original(name).replace('.', '_')}" if name.startswith("unet.") else kohya(name)


def bare(name: str) -> str:
    return name.removeprefix("unet.")


LOW_RANK: dict[str, tuple[Callable[[str], str], str, str, bool]] = {
    "kohya": (kohya, "lora_down", "lora_up", True),
    "kohya, original blocks": (kohya_original, "lora_down", "lora_up", True),
    "kohya, PEFT's endings": (kohya, "lora_A", "lora_B", False),
    "diffusers": (str, "lora_A", "lora_B", False),
    "diffusers, older": (str, "lora.down", "lora.up", False),
    "diffusers, older, with alpha": (str, "lora.down", "lora.up", True),
    "diffusers, text encoders": (str, "lora_linear_layer.down", "lora_linear_layer.up", False),
    "PEFT": (lambda name: f"base_model.model.{name}", "lora_A", "lora_B", False),
    "PEFT, adapter's name": (str, "lora_A.default", "lora_B.default", False),
    "OneTrainer": (str, "lora_down", "lora_up", True),
    "OneTrainer, original names": (clip, "lora_down", "lora_up", True),
    "ComfyUI": (comfy, "lora_down", "lora_up", True),
}
UNET_ONLY: dict[str, tuple[Callable[[str], str], str, str, bool]] = {
    "PEFT of the UNet": (lambda name: f"base_model.model.{bare(name)}", "lora_A.default", "lora_B.default", False),
    "diffusers' save_lora_adapter": (bare, "lora_A", "lora_B", False),
    "LyCORIS": (lambda name: kohya(name).replace("lora_unet", "lycoris"), "lora_down", "lora_up", True),
    "LyCORIS, with the part": (
        lambda name: kohya(name).replace("lora_unet", "lycoris_unet"),
        "lora_down",
        "lora_up",
        True,
    ),
}


def low_rank(
    layers: Layers, names: Iterable[str], layout: tuple[Callable[[str], str], str, str, bool]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The tensors of a file, and the change of each layer."""
    spelled, down_name, up_name, has_alpha = layout
    tensors: dict[str, Tensor] = {}
    expected: dict[str, Tensor] = {}
    for seed, name in enumerate(names):
        down, up = matrices(layers[name], seed)
        tensors |= {f"{spelled(name)}.{down_name}.weight": down, f"{spelled(name)}.{up_name}.weight": up}
        if has_alpha:
            tensors[f"{spelled(name)}.alpha"] = torch.tensor(ALPHA)
        expected[name] = product(down, up, ALPHA / RANK if has_alpha else 1.0)
    return tensors, expected


@pytest.mark.parametrize("layout", [*LOW_RANK, *UNET_ONLY])
def test_every_layer_in_every_layout_all_in_one_file_and_alone(base: Base, layout: str) -> None:
    names = [name for name in base.layers if layout in LOW_RANK or name.startswith("unet.")]
    spelling = (LOW_RANK | UNET_ONLY)[layout]
    tensors, expected = low_rank(base.layers, names, spelling)
    assert_changes(base.read(tensors), expected)
    for name in names:
        tensors, expected = low_rank(base.layers, [name], spelling)
        assert_changes(base.read(tensors), expected)


@pytest.mark.parametrize("root", ["unet.", ""])
def test_attention_processors_of_older_diffusers(base: Base, root: str) -> None:
    tensors: dict[str, Tensor] = {}
    expected: dict[str, Tensor] = {}
    for name in (name for name in base.layers if ".attn" in name):
        parent, _, leaf = (root + name.removeprefix("unet.")).removesuffix(".0").rpartition(".")
        down, up = matrices(base.layers[name])
        tensors |= {
            f"{parent}.processor.{leaf}_lora.down.weight": down,
            f"{parent}.processor.{leaf}_lora.up.weight": up,
        }
        expected[name] = product(down, up)
    assert_changes(base.read(tensors), expected)


def test_a_file_that_mixes_layouts_and_numberings(base: Base) -> None:
    names = list(base.layers)
    parts = [
        low_rank(base.layers, names[start::3], LOW_RANK[layout]) for start, layout in enumerate(list(LOW_RANK)[:3])
    ]
    tensors = {key: tensor for part, _ in parts for key, tensor in part.items()}
    assert_changes(base.read(tensors), {name: matrix for _, part in parts for name, matrix in part.items()})


@pytest.mark.parametrize("form", ["matrix as convolution", "convolution as matrix"])
def test_a_matrix_written_as_a_convolution_of_1_x_1_and_the_other_way_round(base: Base, form: str) -> None:
    as_matrix = form == "convolution as matrix"
    end = "conv_shortcut" if as_matrix else "proj_in"
    tensors, expected = low_rank(base.layers, [name for name in base.layers if name.endswith(end)], LOW_RANK["kohya"])
    reshaped = {
        key: tensor if not tensor.ndim else tensor.flatten(1) if as_matrix else tensor[..., None, None]
        for key, tensor in tensors.items()
    }
    assert_changes(base.read(reshaped), expected)


# ---- LyCORIS

Make = Callable[[str, nn.Module], Any]
LYCORIS: dict[str, Make] = {
    "LoHa": lambda name, layer: LohaModule(name, layer, lora_dim=2, alpha=1),
    "LoHa, Tucker": lambda name, layer: LohaModule(name, layer, lora_dim=2, alpha=1, use_tucker=True),
    "LoKr": lambda name, layer: LokrModule(name, layer, lora_dim=2, alpha=1, factor=4),
    "LoKr, both factors decomposed": lambda name, layer: LokrModule(
        name, layer, lora_dim=2, alpha=1, factor=8, decompose_both=True
    ),
    "LoKr, whole": lambda name, layer: LokrModule(name, layer, lora_dim=10_000, alpha=1, factor=4, full_matrix=True),
    "LoKr, Tucker": lambda name, layer: LokrModule(name, layer, lora_dim=2, alpha=1, factor=4, use_tucker=True),
    "LoCon": lambda name, layer: LoConModule(name, layer, lora_dim=3, alpha=1),
    "LoCon, Tucker": lambda name, layer: LoConModule(name, layer, lora_dim=3, alpha=1, use_tucker=True),
}


@pytest.mark.parametrize("kind", LYCORIS)
def test_lycoris_changes_every_layer_as_its_own_package_does(base: Base, kind: str) -> None:
    tensors: dict[str, Tensor] = {}
    expected: dict[str, Tensor] = {}
    for seed, (name, layer) in enumerate(lora_layers(base.model).items()):
        module = LYCORIS[kind](kohya(name), layer)
        for number, parameter in enumerate(module.parameters()):
            parameter.data = random(*parameter.shape, seed=100 * seed + number) + 0.05
        tensors |= {f"{kohya(name)}.{part}": tensor for part, tensor in module.state_dict().items()}
        with torch.no_grad():
            # as its forward does: get_diff_weight of LoHa and LoKr applies the scale twice
            weight = module.get_diff_weight()[0] if isinstance(module, LoConModule) else module.get_weight(None)
            expected[name] = weight.reshape(len(layer.weight), -1)
    assert_changes(base.read(tensors), expected)


def test_the_scan_and_the_loader_know_the_same_layers(base: Base) -> None:
    assert base.scanned[0] == base.scanned[1] == base.parser.base
    assert base.parser.base.keys() == {
        layer_name({"unet": "lora_unet", **TEXT_PREFIXES}[name.partition(".")[0]], name.partition(".")[2])
        for name in base.layers
    }
