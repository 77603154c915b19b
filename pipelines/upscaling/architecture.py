"""Which network a file of tensors is, by names and shapes: ESRGAN in its three layouts, Real-ESRGAN's compact network.
Torch-free.

    ESRGAN (2018)       model.0, model.1.sub.0.RDB1.conv1.0, ..., model.3, model.6, model.8, model.10
    RealSR, BSRGAN      conv_first, RRDB_trunk.0.RDB1.conv1, ..., trunk_conv, upconv1, upconv2, HRconv, conv_last
    Real-ESRGAN         conv_first, body.0.rdb1.conv1, ..., conv_body, conv_up1, conv_up2, conv_hr, conv_last
    compact             body.0, body.1 (the slopes of a PReLU), body.2, ...

The names of the third are used here. Papers: arXiv 1809.00219 (ESRGAN), 2107.10833 (Real-ESRGAN).
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.model.checkpoint import kind_of

Shape = tuple[int, ...]

MAX_SCALE = 4
MAX_BLOCKS = 64
MAX_FEATURES = 512
COLORS = 3
DENSE_CONVS = 5
"""Convolutions of a dense block; a block (RRDB) has three dense blocks."""
_WRAPPERS = ("params_ema.", "params.", "module.")
_RENAMED = (
    (r"model\.0\.", "conv_first."),
    (r"model\.1\.sub\.(\d+)\.RDB([1-3])\.conv([1-5])\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"model\.1\.sub\.\d+\.(?=weight$|bias$)", "conv_body."),
    (r"RRDB_trunk\.(\d+)\.RDB([1-3])\.conv([1-5])\.", r"body.\1.rdb\2.conv\3."),
    (r"trunk_conv\.", "conv_body."),
    (r"upconv(\d)\.", r"conv_up\1."),
    (r"HRconv\.", "conv_hr."),
)


class UpscalerError(ValueError):
    """A file that is no upscaler, or an upscaler that cannot be used; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """`scale`: a side of the result by a side of the image. `num_blocks`: RRDBs, or middle convolutions of a compact
    network. An RRDB network first folds squares of `unshuffle` x `unshuffle` pixels into channels, and doubles the
    sides `num_doublings` times; `growth` is the channels that each dense convolution adds."""

    is_compact: bool
    scale: int
    num_features: int
    num_blocks: int
    growth: int = 0
    num_doublings: int = 0
    unshuffle: int = 1

    def shapes(self) -> dict[str, Shape]:
        """Of all its tensors."""
        return dict(_compact_shapes(self) if self.is_compact else _rrdb_shapes(self))


def identified(shapes: Mapping[str, Shape]) -> tuple[Architecture, dict[str, str]]:
    """The network, and its name of each tensor → the file's. Raises UpscalerError for anything else."""
    prefix = next((each for each in _WRAPPERS if shapes and all(key.startswith(each) for key in shapes)), "")
    names = {_renamed(key.removeprefix(prefix), shapes): key for key in shapes}
    known = {name: shapes[key] for name, key in names.items()}
    if len(known) == len(shapes) and len(known.get("conv_first.weight", ())) == 4:
        architecture = _rrdb(known)
    elif len(known.get("body.0.weight", ())) == 4:
        architecture = _compact(known)
    else:
        raise UpscalerError(f"it is {kind_of(shapes)}; expected is an ESRGAN or Real-ESRGAN network")
    if not 1 <= architecture.scale <= MAX_SCALE:
        raise UpscalerError(f"it enlarges {architecture.scale} times; 1 to {MAX_SCALE} times is possible")
    _check_shapes(known, architecture.shapes())
    return architecture, names


def _renamed(key: str, shapes: Mapping[str, Shape]) -> str:
    for pattern, name in _RENAMED:
        renamed, count = re.subn(rf"^{pattern}", name, key)
        if count:
            return renamed
    if (place := re.fullmatch(r"model\.(\d{1,2})\.(weight|bias)", key)) is None:
        return key
    # after the trunk: an upsampling layer, a convolution and an activation for each doubling, then two convolutions
    number = int(place[1])
    last = max(int(found[1]) for each in shapes if (found := re.search(r"(?:^|\.)model\.(\d{1,2})\.", each)))
    name = {last: "conv_last", last - 2: "conv_hr"}.get(number, f"conv_up{number // 3}" if number % 3 == 0 else key)
    return f"{name}.{place[2]}"


def _rrdb(shapes: Mapping[str, Shape]) -> Architecture:
    num_features, channels = shapes["conv_first.weight"][:2]
    unshuffle = math.isqrt(channels // COLORS)
    if unshuffle not in (1, 2, 4) or channels != COLORS * unshuffle**2:
        raise UpscalerError(f"it takes {channels} channels; {COLORS}, {COLORS * 4} or {COLORS * 16} are possible")
    num_doublings = sum(f"conv_up{n}.weight" in shapes for n in range(1, 5))
    blocks = [int(found[1]) for key in shapes if (found := re.match(r"body\.(\d{1,4})\.rdb", key))]
    growth = shapes.get("body.0.rdb1.conv1.weight", (0,))[0]
    scale, rest = divmod(2**num_doublings, unshuffle)
    if rest:
        raise UpscalerError(f"it makes a picture smaller: {num_doublings} doublings of a side after 1 / {unshuffle}")
    return _within_bounds(
        Architecture(False, scale, num_features, max(blocks, default=-1) + 1, growth, num_doublings, unshuffle)
    )


def _compact(shapes: Mapping[str, Shape]) -> Architecture:
    last = max((int(found[1]) for key in shapes if (found := re.match(r"body\.(\d{1,4})\.", key))), default=0)
    scale = math.isqrt(shapes.get(f"body.{last}.weight", (0,))[0] // COLORS)
    return _within_bounds(Architecture(True, scale, shapes["body.0.weight"][0], max(last // 2 - 1, 0)))


def _within_bounds(found: Architecture) -> Architecture:
    if not (1 <= found.num_features <= MAX_FEATURES and found.growth <= MAX_FEATURES):
        raise UpscalerError(
            f"it has {max(found.num_features, found.growth)} features; 1 to {MAX_FEATURES} are possible"
        )
    if not 0 <= found.num_blocks <= MAX_BLOCKS:
        raise UpscalerError(f"it has {found.num_blocks} blocks; up to {MAX_BLOCKS} are possible")
    return found


def _check_shapes(found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> None:
    for name in sorted({*found, *expected}):
        if name not in expected:
            raise UpscalerError(f"it is a variant that is not known: {name[:80]!r} is no part of such a network")
        if name not in found:
            raise UpscalerError(f"it is not complete: {name} is missing")
        if found[name] != expected[name]:
            raise UpscalerError(f"{name} has the shape {found[name]}, expected is {expected[name]}")


def _convolution(name: str, into: int, out_of: int) -> Iterator[tuple[str, Shape]]:
    """3 x 3."""
    yield f"{name}.weight", (out_of, into, 3, 3)
    yield f"{name}.bias", (out_of,)


def _rrdb_shapes(of: Architecture) -> Iterator[tuple[str, Shape]]:
    features, growth = of.num_features, of.growth
    yield from _convolution("conv_first", COLORS * of.unshuffle**2, features)
    for block in range(of.num_blocks):
        for dense in (1, 2, 3):
            for number in range(DENSE_CONVS):
                out_of = features if number == DENSE_CONVS - 1 else growth
                yield from _convolution(f"body.{block}.rdb{dense}.conv{number + 1}", features + number * growth, out_of)
    for name in ("conv_body", *(f"conv_up{n}" for n in range(1, of.num_doublings + 1)), "conv_hr"):
        yield from _convolution(name, features, features)
    yield from _convolution("conv_last", features, COLORS)


def _compact_shapes(of: Architecture) -> Iterator[tuple[str, Shape]]:
    features = of.num_features
    for number in range(of.num_blocks + 1):
        yield from _convolution(f"body.{2 * number}", features if number else COLORS, features)
        yield f"body.{2 * number + 1}.weight", (features,)
    yield from _convolution(f"body.{2 * of.num_blocks + 2}", features, COLORS * of.scale**2)
