"""How a file changes one layer: which tensors it takes, the shape and rank of the result, and its scale. Torch-free.

A change of any kind is a pair of matrices in the end, `scale * up @ down`; `weights.py` computes it.

low rank     up @ down                                   LoRA; with `mid`, a Tucker decomposition of a convolution
Hadamard     (w1_a @ w1_b) * (w2_a @ w2_b)               LoHa (arXiv 2108.06098)
Kronecker    kron(w1 or w1_a @ w1_b, w2 or w2_a @ w2_b)  LoKr

LoHa and LoKr are LyCORIS' (arXiv 2309.14859), https://github.com/KohakuBlueleaf/LyCORIS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from pipelines.lora.files.names import LoraFormatError

MAX_RANK = 1024

Shape = tuple[int, ...]
PeftScale = Callable[[int], float | None]
"""Rank → scale by the PEFT settings of the file; None without settings. Raises LoraFormatError if the ranks differ."""

LOW_RANK = frozenset({"down", "up"})
HADAMARD = frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"})
HADAMARD_TUCKER = HADAMARD | {"hada_t1", "hada_t2"}
_KRONECKER_1 = (frozenset({"lokr_w1"}), frozenset({"lokr_w1_a", "lokr_w1_b"}))
_KRONECKER_2 = (
    frozenset({"lokr_w2"}),
    frozenset({"lokr_w2_a", "lokr_w2_b"}),
    frozenset({"lokr_w2_a", "lokr_w2_b", "lokr_t2"}),
)
KRONECKER = frozenset(first | second for first in _KRONECKER_1 for second in _KRONECKER_2)


@dataclass(frozen=True, slots=True)
class LayerChange:
    """`keys`: part → key of the file. `shape`: that of the changed weight, as far as the file says: (out, in), (out,
    in, height, width), or (out, in * height * width). `rank`: of the resulting pair."""

    keys: Mapping[str, str]
    shape: Shape
    rank: int
    scale: float

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(self.keys)

    def fits(self, weight: Shape) -> bool:
        """True if a weight of this shape can be changed. Trainers write a matrix as a convolution of 1 x 1, and the
        other way round."""
        return (self.shape[0], prod(self.shape[1:])) == (weight[0], prod(weight[1:])) and (
            len(self.shape) != 4 or len(weight) != 4 or self.shape == weight
        )


def layer_change(
    layer: str, keys: Mapping[str, str], shapes: Mapping[str, Shape], alpha: float | None, peft_scale: PeftScale
) -> LayerChange:
    """`keys` and `shapes` by part, without the alpha. Raises LoraFormatError."""
    parts = frozenset(keys)
    if parts in (HADAMARD, HADAMARD_TUCKER):
        shape, rank, dim = _hadamard(layer, shapes)
    elif parts in KRONECKER:
        shape, rank, dim = _kronecker(layer, shapes)
    elif parts - {"mid"} == LOW_RANK:
        shape, rank, dim = _low_rank(layer, shapes)
    elif parts < LOW_RANK:
        raise LoraFormatError(f"{layer} has only one half of its pair of matrices")
    else:
        raise LoraFormatError(f"{layer} has the parts {', '.join(sorted(parts))}, which are no whole change of a layer")
    if rank > MAX_RANK:
        raise LoraFormatError(f"{layer} is of rank {rank}; at most {MAX_RANK} is possible")
    return LayerChange(keys, shape, rank, _scale(parts, alpha, dim, peft_scale))


def _scale(parts: frozenset[str], alpha: float | None, dim: int | None, peft_scale: PeftScale) -> float:
    """alpha / rank, or what the PEFT settings determine, or 1. LyCORIS reads an alpha of 0 as none, and ignores it for
    a Kronecker product of two whole matrices (`dim` None)."""
    is_lycoris = parts - {"mid"} != LOW_RANK
    if dim is None or (is_lycoris and alpha == 0):
        return 1.0
    if alpha is not None:
        return alpha / dim
    by_settings = peft_scale(dim)
    return 1.0 if by_settings is None else by_settings


def _low_rank(layer: str, shapes: Mapping[str, Shape]) -> tuple[Shape, int, int]:
    """Shape, rank and the number that alpha is divided by."""
    down, up, mid = shapes["down"], shapes["up"], shapes.get("mid")
    if len(down) not in (2, 4) or len(up) != len(down):
        raise LoraFormatError(f"{layer} has matrices of shapes {down} and {up}; expected 2 or 4 sides")
    if len(up) == 4 and up[2:] != (1, 1):
        raise LoraFormatError(f"{layer} has an up matrix of shape {up}; expected a kernel of 1 x 1")
    if mid is None:
        if down[0] < 1 or down[0] != up[1]:
            raise LoraFormatError(f"{layer} has matrices of shapes {down} and {up}, whose ranks differ")
        return (up[0], *down[1:]), down[0], down[0]
    if len(down) != 4 or down[2:] != (1, 1) or len(mid) != 4 or mid[:2] != (up[1], down[0]) or 0 in mid:
        raise LoraFormatError(f"{layer} has matrices of shapes {down}, {mid} and {up}, which cannot be multiplied")
    return (up[0], down[1], *mid[2:]), mid[0], down[0]


def _hadamard(layer: str, shapes: Mapping[str, Shape]) -> tuple[Shape, int, int]:
    (first, first_rank), (second, second_rank) = (
        _factor(layer, shapes, f"hada_w{n}_a", f"hada_w{n}_b", f"hada_t{n}") for n in (1, 2)
    )
    if first != second:
        raise LoraFormatError(f"{layer} multiplies matrices of shapes {first} and {second}")
    rank = min(first_rank * second_rank, first[0], prod(first[1:]))
    return first, rank, shapes["hada_w1_b"][0]


def _kronecker(layer: str, shapes: Mapping[str, Shape]) -> tuple[Shape, int, int | None]:
    first, first_rank = _factor(layer, shapes, "lokr_w1_a", "lokr_w1_b", whole="lokr_w1")
    second, second_rank = _factor(layer, shapes, "lokr_w2_a", "lokr_w2_b", "lokr_t2", "lokr_w2")
    if len(first) != 2:
        raise LoraFormatError(f"{layer} has a first factor of shape {first}; expected 2 sides")
    shape = (first[0] * second[0], first[1] * second[1], *second[2:])
    rank = min(first_rank, *first) * min(second_rank, second[0], prod(second[1:]))
    dims = [shapes[part][0] for part in ("lokr_w2_b", "lokr_w1_b") if part in shapes]
    return shape, rank, dims[0] if dims else None


def _factor(
    layer: str, shapes: Mapping[str, Shape], left: str, right: str, core: str = "", whole: str = ""
) -> tuple[Shape, int]:
    """Shape and rank of a matrix that the file holds whole, as a product, or as a Tucker decomposition with `core`."""
    if whole in shapes:
        shape = shapes[whole]
        rank = min(shape[0], prod(shape[1:])) if len(shape) in (2, 4) else 0
    elif core in shapes:
        a, b, t = shapes[left], shapes[right], shapes[core]
        can = len(a) == len(b) == 2 and len(t) == 4 and t[:2] == (a[0], b[0])
        shape, rank = ((a[1], b[1], *t[2:]), a[0]) if can else ((), 0)
    else:
        a, b = shapes[left], shapes[right]
        can = len(a) == 2 and len(b) in (2, 4) and a[1] == b[0]
        shape, rank = ((a[0], *b[1:]), a[1]) if can else ((), 0)
    if rank < 1 or 0 in shape:
        given = ", ".join(f"{part} {shapes[part]}" for part in (whole, left, core, right) if part in shapes)
        raise LoraFormatError(f"{layer} has matrices that cannot be multiplied: {given}")
    return shape, rank
