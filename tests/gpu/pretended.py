"""A GPU that is only pretended: tensors on cuda:0 have shapes and no values, tensors on the CPU are real.

torch's FakeTensors refuse operands on different devices and most mixtures of number formats, as a GPU does; what they
let through (convolution, attention) is checked here. Every launch, wait and copy is entered in `Books`. It shows what a
program asks of a GPU. It shows neither how fast that is nor which numbers come out: whatever is read back is made up.
"""

import functools
from collections.abc import Callable, Generator, Hashable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._device import _device_constructors
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.gpu.books import Books, LiveBytes, place

CUDA = torch.device("cuda", 0)
aten: Any = torch.ops.aten

NO_WORK = ("aten::empty", "aten::detach", "aten::alias", "aten::_unsafe_view", "aten::lift_fresh", "aten::is_pinned")
"""Operations that launch nothing, views apart."""
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "native_group_norm", "native_layer_norm")
"""Operations whose operands must have one number format."""
READS = ("aten::nonzero", "aten::equal", "aten::unique", "aten::masked_select", "aten::_linalg_check_errors")
"""Operations whose result depends on values: the host waits for them."""


ON_HOST = "values_on_the_host"
IN_PLACE = "in place"


@dataclass(frozen=True, slots=True)
class Form:
    """Of a new tensor on the device."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    def made(self, fakes: FakeTensorMode) -> FakeTensor:
        with no_dispatch():
            meta = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device="meta")
        return FakeTensor(fakes, meta, CUDA)


class PretendedGpu(TorchDispatchMode):
    """`with gpu:` runs what follows on it. `books` are the current ones."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.live = LiveBytes()
        self.total_bytes = 24_000_000_000
        self.fakes = FakeTensorMode(allow_non_fake_inputs=True)
        self._known: dict[Hashable, Form | str] = {}
        self._handlers: dict[Any, Callable[..., Any]] = {
            aten._to_copy.default: self._to_copy,
            aten.copy_.default: self._copy,
            aten._local_scalar_dense.default: self._read_number,
            aten.convolution.default: self._convolve,
            aten.scaled_dot_product_attention.default: self._attend,
            aten._linalg_check_errors.default: self._look_at_errors,
            aten.dropout.default: self._drop_out,
        }

    @contextmanager
    def counting(self) -> Generator[Books]:
        """New books for this context."""
        before, self.books = self.books, Books()
        floor = self.live.now
        self.books.peak_bytes = floor
        try:
            yield self.books
        finally:
            self.books.peak_bytes -= floor
            self.books = before

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        options = dict(kwargs or {})
        given = tree_leaves((args, options))
        tensors = [each for each in given if isinstance(each, Tensor)]
        to_cuda = any(isinstance(each, torch.device) and each.type == "cuda" for each in given)
        if not to_cuda and not any(isinstance(each, FakeTensor) for each in tensors):
            return func(*args, **options)
        if func is torch.ops.prim.device.default:
            return args[0].device if not isinstance(args[0], FakeTensor) else args[0].fake_device
        if func.namespace == "prim":  # another question about a tensor
            with self.fakes:
                return func(*args, **options)
        if func in self._handlers:
            return self._kept(self._handlers[func](func, args, options))
        if _is_composite(func):
            with self:  # in inference mode such operations come whole
                if (result := func.decompose(*args, **options)) is not NotImplemented:
                    return result
        if func.overloadpacket.__name__.removesuffix("_") in PRODUCTS:
            _same(func.name(), *tensors)
        if func.name().startswith(READS):
            self.books.waits[place()] += 1
        if "index" in func.name() and any(not isinstance(each, FakeTensor) and each.dim() for each in tensors):
            self.books.pageable[place()] += 1
        return self._launched(func, args, options)

    def _launched(self, func: Any, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """The same operation on the same shapes gives tensors of the same shapes: they are worked out once."""
        if _is_work(func):
            self.books.launches[func.name()] += 1
        key = _key(func, args, options)
        if key is not None and (known := self._known.get(key)) is not None:
            return self._kept(known.made(self.fakes) if isinstance(known, Form) else args[0])
        with self.fakes:
            result = func(*args, **options)
        if key is not None and (form := _form(func, args, result)) is not None:
            self._known[key] = form
        return self._kept(result)

    def _kept(self, result: Any) -> Any:
        for each in tree_leaves(result):
            if isinstance(each, FakeTensor) and each.device.type == "cuda":
                self.live.add(each)
        self.books.peak_bytes = max(self.books.peak_bytes, self.live.now)
        return result

    # ---- between host and device

    def _to_copy(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        (source,) = args
        target = torch.device(options.get("device") or source.device)
        if not isinstance(source, FakeTensor):
            self._sent(source, options.get("non_blocking", False))
            with self.fakes:
                made = torch.empty_strided(
                    source.shape, source.stride(), dtype=options.get("dtype") or source.dtype, device=CUDA
                )
            if not source.is_floating_point():
                setattr(made, ON_HOST, source.clone())  # token numbers, which are read back
            return made
        if target.type == "cpu":
            self.books.waits[place()] += 1
            known = getattr(source, ON_HOST, None)
            return torch.zeros(source.shape, dtype=options.get("dtype") or source.dtype) if known is None else known
        return self._launched(func, args, options)

    def _copy(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        target, source = args[:2]
        if isinstance(target, FakeTensor) and isinstance(source, FakeTensor):
            return self._launched(func, args, options)
        if isinstance(target, FakeTensor):
            self._sent(source, args[2] if len(args) > 2 else options.get("non_blocking", False))
        else:
            self.books.waits[place()] += 1
        return target

    def _sent(self, source: Tensor, non_blocking: bool) -> None:
        if non_blocking and getattr(source, "in_pinned_memory", False):
            self.books.pinned += 1
        else:
            self.books.pageable[place()] += 1

    def _read_number(self, func: Any, args: tuple[Tensor], options: dict[str, Any]) -> bool | float | int:
        self.books.waits[place()] += 1
        kind = args[0].dtype
        return True if kind == torch.bool else 1.0 if kind.is_floating_point else 0

    def _look_at_errors(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.books.waits[place()] += 1

    # ---- what FakeTensors do not refuse, or do otherwise

    def _convolve(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
        """As cuDNN: channels last if the input or the kernels are; an input in the other layout is copied first."""
        x, kernels, bias = args[:3]
        _same("a convolution", x, kernels, *([] if bias is None else [bias]))
        last = any(
            each.is_contiguous(memory_format=torch.channels_last) and not each.is_contiguous() for each in (x, kernels)
        )
        layout = torch.channels_last if last else torch.contiguous_format
        if not x.is_contiguous(memory_format=layout):
            self.books.launches["layout of a convolution's input"] += 1
            with self.fakes:
                x = self._kept(x.contiguous(memory_format=layout))
        self.books.launches["aten::convolution"] += 1
        with self.fakes:
            return func(x, *args[1:]).contiguous(memory_format=layout)

    def _attend(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
        """One kernel, which writes heads next to each other, as flash attention does."""
        query, key, value = args[:3]
        _same("attention", query, key, value)
        self.books.launches["aten::scaled_dot_product_attention"] += 1
        batch, heads, tokens, _ = query.shape
        with self.fakes:
            made = torch.empty((batch, tokens, heads, value.shape[-1]), dtype=query.dtype, device=query.device)
            return made.transpose(1, 2)

    def _drop_out(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
        assert not args[2], "the model is not in eval mode"
        return args[0]

    # ---- what a CPU build of torch cannot do at all

    @contextmanager
    def installed(self) -> Generator[None]:
        """Replace the parts of torch that need a CUDA build, and the few that reach the device past the dispatcher."""
        real_tensor, real_tolist = torch.tensor, Tensor.tolist

        def tensor(data: Any, *, dtype: Any = None, device: Any = None, **options: Any) -> Tensor:
            made = real_tensor(data, dtype=dtype, **options)
            return made if device is None else made.to(device)

        def tolist(each: Tensor) -> Any:
            return real_tolist(each.cpu() if isinstance(each, FakeTensor) else each)

        def pin_memory(each: Tensor, device: Any = None) -> Tensor:
            each.in_pinned_memory = True  # pyright: ignore[reportAttributeAccessIssue]
            return each

        def synchronize(device: Any = None) -> None:
            self.books.waits[place()] += 1

        def reset_peak(device: Any = None) -> None:
            self.live.peak = self.live.now

        # kept at its first use: with the replaced torch.tensor in it, `with torch.device("meta")` would pass over the
        # real one ever after, and transformers would leave buffers of later models uninitialized
        _device_constructors()
        with ExitStack() as patches:
            for owner, name, replacement in (
                (torch.cuda, "memory_allocated", lambda device: self.live.now),
                (torch.cuda, "memory_reserved", lambda device: self.live.now),
                (torch.cuda, "max_memory_allocated", lambda device: self.live.peak),
                (torch.cuda, "reset_peak_memory_stats", reset_peak),
                (torch.cuda, "mem_get_info", lambda device: (self.total_bytes - self.live.now, self.total_bytes)),
                (torch.cuda, "_lazy_init", lambda: None),
                (torch.cuda, "empty_cache", lambda: None),
                (torch.cuda, "synchronize", synchronize),
                (torch, "tensor", tensor),
                (Tensor, "pin_memory", pin_memory),
                (Tensor, "tolist", tolist),
                (FakeTensor, "tolist", tolist),
                (nn.Module, "_apply", _apply),
            ):
                patches.enter_context(patch.object(owner, name, replacement))
            yield


@functools.cache
def _is_composite(func: Any) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd")


@functools.cache
def _is_work(func: Any) -> bool:
    return not func.is_view and not func.name().startswith(NO_WORK)


def _key(func: Any, args: Any, options: Mapping[str, Any]) -> Hashable | None:
    """None: the result may be another one the next time."""
    if func.is_view or func.name().startswith(READS):
        return None
    try:
        return (func, _described(args), tuple((name, _described(each)) for name, each in options.items()))
    except LookupError:
        return None


def _described(each: Any) -> Hashable:
    """Raises LookupError for a tensor with values."""
    if isinstance(each, FakeTensor):
        return (each.shape, each.stride(), each.dtype, each.fake_device)
    if isinstance(each, Tensor):
        raise LookupError
    if isinstance(each, list | tuple):
        return tuple(map(_described, each))
    return (type(each), each)


def _form(func: Any, args: tuple[Any, ...], result: Any) -> Form | str | None:
    """None: it is not one new tensor on the device."""
    if not isinstance(result, FakeTensor):
        return None
    if args and result is args[0]:
        return IN_PLACE
    is_new = not func._schema.is_mutable and result.fake_device.type == "cuda" and result.storage_offset() == 0
    return Form(result.shape, result.stride(), result.dtype) if is_new else None


def _same(what: str, *operands: Tensor) -> None:
    kinds = {(each.dtype, each.device) for each in operands}
    if len(kinds) > 1:
        raise RuntimeError(f"{what} of operands that differ in number format or device: {kinds}")


def _apply(module: Any, change: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
    """`nn.Module._apply` with new parameters: torch's own swaps tensors, which FakeTensors do not allow."""
    for child in module.children():
        child._apply(change)
    for name, weight in module._parameters.items():
        if weight is not None:
            module._parameters[name] = nn.Parameter(change(weight).detach(), requires_grad=False)
    for name, buffer in module._buffers.items():
        if buffer is not None:
            module._buffers[name] = change(buffer)
    return module
