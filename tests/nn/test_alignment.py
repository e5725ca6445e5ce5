"""Products of 16-bit numbers get rows that GPUs have fast kernels for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd

from trmbench.nn import TokenMixing, layers
from trmbench.nn.linear import aligned

POSITIONS = 97  # of a published Sudoku: 81 cells and 16 puzzle positions


def gradients(mixing: TokenMixing, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    given = x.clone().requires_grad_()
    y = mixing.add_and_norm(given)
    return (y, *torch.autograd.grad(y.float().square().sum(), [given, *mixing.parameters()]))


def test_aligned_rows_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    mixing = TokenMixing(POSITIONS, 4.0, 256)
    x = torch.randn(2, POSITIONS, 16, dtype=torch.bfloat16)
    found = gradients(mixing, x)
    monkeypatch.setattr(layers, "aligned", lambda weight: weight)
    assert all(map(torch.equal, found, gradients(mixing, x)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_wider_numbers_stay_where_they_are(dtype: torch.dtype) -> None:
    weight = torch.randn(6, POSITIONS, dtype=dtype)
    assert aligned(weight) is weight


@pytest.mark.parametrize("shape", [(6, 97), (3, 6, 97), (6, 104)])
def test_16_bit_rows_begin_at_multiples_of_16_bytes(shape: tuple[int, ...]) -> None:
    weight = torch.randn(shape, dtype=torch.bfloat16)
    assert torch.equal(aligned(weight), weight)
    assert aligned(weight).stride(-2) * weight.itemsize % 16 == 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="dynamo looks for a compiler")
def test_rows_stay_aligned_when_compiled() -> None:
    found: list[tuple[int, ...]] = []

    def note(graph: torch.fx.GraphModule, inputs: Sequence[Any]) -> Any:
        products = graph.graph.find_nodes(op="call_function", target=torch.ops.aten.bmm.default)
        factors = [factor.meta["val"] for product in products for factor in product.args]
        found.extend(tuple(f.stride()) for f in factors if POSITIONS in (f.shape[1:]))
        return make_boxed_func(graph.forward)

    mixing = TokenMixing(POSITIONS, 4.0, 256)
    compiled = torch.compile(mixing.add_and_norm, backend=aot_autograd(fw_compiler=note))
    x = torch.randn(2, POSITIONS, 16, dtype=torch.bfloat16, requires_grad=True)
    compiled(x).sum().backward()
    of_weights = [stride for stride in found if stride[0] == 0]
    assert len(of_weights) == 4  # two products, and the gradients of what they multiply
    assert all(max(stride) * 2 % 16 == 0 for stride in of_weights), of_weights
