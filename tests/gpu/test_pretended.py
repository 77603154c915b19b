"""The pretended GPU refuses what a GPU refuses, and notices what costs; the budget notices what is more."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.gpu.books import Books
from tests.gpu.budget import Budget, Line, line_of
from tests.gpu.pretended import CUDA, PretendedGpu

HALF = torch.float16


@pytest.fixture
def running(gpu: PretendedGpu) -> Iterator[PretendedGpu]:
    with gpu.installed(), torch.inference_mode(), gpu:
        yield gpu


def on_device(*shape: int, dtype: torch.dtype = HALF) -> Tensor:
    return torch.empty(shape, dtype=dtype, device=CUDA)


REFUSED: dict[str, Callable[[], object]] = {
    "two devices": lambda: on_device(2, 3) + torch.ones(2, 3, dtype=HALF),
    "two devices in a product": lambda: on_device(2, 3) @ torch.ones(3, 2, dtype=HALF),
    "number formats in a product": lambda: on_device(2, 3) @ on_device(3, 2, dtype=torch.float32),
    "number formats in a linear layer": lambda: nn.functional.linear(on_device(2, 3), on_device(4, 3).float()),
    "number formats in a convolution": lambda: nn.functional.conv2d(
        on_device(1, 2, 4, 4), on_device(2, 2, 3, 3).float()
    ),
    "a convolution's bias on the host": lambda: nn.functional.conv2d(
        on_device(1, 2, 4, 4), on_device(2, 2, 3, 3), torch.zeros(2, dtype=HALF)
    ),
    "number formats in attention": lambda: nn.functional.scaled_dot_product_attention(
        on_device(1, 2, 4, 8), on_device(1, 2, 4, 8), on_device(1, 2, 4, 8).float()
    ),
    "number formats in a normalization": lambda: nn.functional.layer_norm(
        on_device(2, 8), (8,), on_device(8).float(), on_device(8).float()
    ),
    "shapes that do not fit": lambda: on_device(2, 3) @ on_device(2, 3),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_gpu_refuses_is_refused(running: PretendedGpu, what: str) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        REFUSED[what]()


WAITS: dict[str, Callable[[Tensor], object]] = {
    "item": lambda tensor: tensor.sum().item(),
    "bool": lambda tensor: bool((tensor > 0).all()),
    "cpu": lambda tensor: tensor.cpu(),
    "tolist": lambda tensor: tensor.tolist(),
    "copy to the host": lambda tensor: torch.zeros(3, dtype=HALF).copy_(tensor),
    "solve": lambda tensor: torch.linalg.solve(torch.outer(tensor, tensor).float(), tensor.float()),
    "synchronize": lambda _: torch.cuda.synchronize(),
}


@pytest.mark.parametrize("way", WAITS)
def test_every_wait_is_noticed(running: PretendedGpu, way: str) -> None:
    tensor = on_device(3)
    with running.counting() as books:
        WAITS[way](tensor)
    assert books.waits.total() == 1


def test_copies_wait_unless_they_come_from_pinned_memory(running: PretendedGpu) -> None:
    numbers = torch.ones(4)
    with running.counting() as books:
        numbers.to(CUDA)
        numbers.to(CUDA, non_blocking=True)
        torch.tensor([1.0, 2.0], device=CUDA)
        on_device(4).copy_(numbers)
        numbers.pin_memory().to(CUDA, non_blocking=True)
    assert (books.pinned, books.pageable.total()) == (1, 4)


def test_work_is_counted_and_views_are_free(running: PretendedGpu) -> None:
    a, b = on_device(4, 8), on_device(8, 6)
    with running.counting() as books:
        (a @ b).view(2, 12).mT[0].unsqueeze(0)
        a.add_(1)
        nn.functional.linear(a, b.mT, on_device(6))
    assert books.num_launches == 3


def test_bytes_are_counted_while_they_live(running: PretendedGpu) -> None:
    before = running.live.now
    with running.counting() as books:
        first = on_device(1000)
        half = first[:500]
        del first
        second = on_device(250)
        del second, half
        on_device(100)
    assert books.peak_bytes == 2500
    assert running.live.now == before


def test_torch_is_as_before_afterwards(gpu: PretendedGpu) -> None:
    before = (torch.tensor, Tensor.tolist, Tensor.pin_memory, nn.Module._apply, torch.cuda.synchronize)
    with gpu.installed():
        assert torch.tensor is not before[0]
    assert before == (torch.tensor, Tensor.tolist, Tensor.pin_memory, nn.Module._apply, torch.cuda.synchronize)
    assert not torch.cuda.is_available()


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Line(2000, 1, 1, 0, 600), True),
        (Line(1990, 1, 1, 0, 595), True),
        (Line(2001, 1, 1, 0, 600), False),
        (Line(2000 + 722, 1, 1, 0, 600), False),
        (Line(2000, 2, 1, 0, 600), False),
        (Line(2000, 1, 2, 0, 600), False),
        (Line(2000, 1, 1, 1, 600), False),
        (Line(2000, 1, 1, 0, 602), False),
        (Line(1500, 1, 1, 0, 600), False),  # much better than the table says
        (Line(2000, 0, 1, 0, 600), False),
    ],
)
def test_a_budget_fails_for_more_and_for_much_less(asked: Line, holds: bool) -> None:
    assert (not Line(2000, 1, 1, 0, 600).broken(asked)) is holds


@pytest.mark.parametrize(("name", "line"), Budget().lines.items())
def test_each_line_of_the_table_fails_for_the_least_that_is_more(name: str, line: Line) -> None:
    """A launch, a wait, a copy, a hundredth of the bytes."""
    assert line.broken(line) == set()
    for column, more in (("launches", 1), ("waits", 1), ("pinned", 1), ("pageable", 1)):
        assert line.broken(replace(line, **{column: getattr(line, column) + more})) == {column}
    assert line.broken(replace(line, live_mb=line.live_mb + 1 + line.live_mb // 100)) == {"live_mb"}


def test_books_make_a_line() -> None:
    books = Books(Counter(mm=3, add=2), Counter(a=1), Counter(b=2), 4, 1_000_001)
    assert line_of(books) == Line(5, 1, 4, 2, 2)
