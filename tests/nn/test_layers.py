from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch.overrides import TorchFunctionMode

from trmbench import TrmbenchError
from trmbench.nn import (
    Attention,
    Block,
    Linear,
    NetworkOptions,
    RecursionOptions,
    SwiGLU,
    TokenMixing,
    rms_norm,
    truncated_normal,
)
from trmbench.nn.layers import Rotary, hidden_features
from trmbench.nn.swiglu import add_swiglu_and_norm, swiglu

SMALL = NetworkOptions(width=16, heads=2, expansion=2.0, multiple_of=8)


def test_truncated_normal_has_the_wanted_deviation_after_truncation() -> None:
    torch.manual_seed(0)
    x = truncated_normal(1000, 1000, std=0.5)
    assert x.std().item() == pytest.approx(0.5, rel=2e-3)
    assert x.abs().max() <= 2 * 0.5 / 0.8796 + 1e-3  # cut at two deviations of the wide normal
    assert x.abs().max() > 2 * 0.5


@pytest.mark.parametrize(
    ("features", "expansion", "multiple_of", "hidden"),
    [(512, 4.0, 256, 1536), (97, 4.0, 256, 512), (48, 2.0, 16, 64), (36, 2.0, 16, 48)],
)
def test_hidden_features(features: int, expansion: float, multiple_of: int, hidden: int) -> None:
    assert hidden_features(features, expansion, multiple_of) == hidden


@pytest.mark.parametrize("dim", [-1, -2])
def test_rms_norm_makes_the_mean_square_one(dim: int) -> None:
    x = torch.randn(3, 5, 7, dtype=torch.float64) * 10
    assert torch.allclose(rms_norm(x, dim).square().mean(dim), torch.ones(()).double(), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_norm_returns_no_alias_that_a_compiler_could_lose(dtype: torch.dtype) -> None:
    """A `to` of the same type gives the tensor itself; torch 2.11 then drops its gradient."""
    converted: list[torch.Tensor] = []

    class Conversions(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            out = func(*args, **(kwargs or {}))
            if func is torch.Tensor.to and out is args[0]:
                converted.append(out)
            return out

    with Conversions():
        y = rms_norm(torch.randn(3, 8, dtype=dtype))
    assert y.dtype == dtype and not any(y is each for each in converted)


def test_both_norm_paths_agree() -> None:
    x = torch.randn(3, 5, 7)
    assert torch.allclose(rms_norm(x, -2), rms_norm(x.mT).mT, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("mixing", ["attention", "mlp"])
def test_block_computes_in_the_dtype_of_its_input(dtype: torch.dtype, mixing: str) -> None:
    block = Block(NetworkOptions(mixing, 1, 16, 2, 2.0, 8), positions=5)
    y = block(torch.randn(2, 5, 16, dtype=dtype))
    assert y.dtype == dtype and y.shape == (2, 5, 16)
    assert all(p.dtype == torch.float32 for p in block.parameters())


def test_linear_weight_gradient_stays_float32_under_bfloat16() -> None:
    linear = Linear(4, 3, bias=True)
    linear(torch.randn(2, 4, dtype=torch.bfloat16)).sum().backward()
    assert linear.weight.grad is not None and linear.weight.grad.dtype == torch.float32


def test_token_mixing_is_a_swiglu_on_the_transposed_tensor() -> None:
    mixing = TokenMixing(5, 2.0, 8)
    x = torch.randn(3, 5, 7)
    plain = SwiGLU(5, 2.0, 8)
    plain.load_state_dict(mixing.state_dict())
    assert torch.allclose(mixing(x), plain(x.mT).mT, atol=1e-6)


@pytest.mark.parametrize("positions", [False, True])
def test_fused_step_has_the_values_and_gradients_of_its_formula(positions: bool) -> None:
    torch.manual_seed(0)
    dim, size = (-2, 5) if positions else (-1, 7)
    x, gate_up, down, wanted = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((3, 5, 7), (16, size), (size, 8), (3, 5, 7))
    )
    leaves = (x, gate_up, down)
    formula = rms_norm(x + swiglu(x, gate_up, down, dim), dim)
    fused = add_swiglu_and_norm(*leaves, dim)
    with torch.no_grad():
        assert torch.allclose(add_swiglu_and_norm(*leaves, dim), formula)
    assert torch.allclose(fused, formula)
    expected = torch.autograd.grad(formula, leaves, wanted)
    found = torch.autograd.grad(fused, leaves, wanted)
    for one, other in zip(expected, found, strict=True):
        assert torch.allclose(one, other)


@pytest.mark.parametrize("mixing", ["attention", "mlp"])
def test_block_can_be_vmapped_over_stacked_weights(mixing: str) -> None:
    blocks = [Block(NetworkOptions(mixing, 1, 16, 2, 2.0, 8), positions=5) for _ in range(3)]
    x = torch.randn(2, 5, 16)

    def loss(weights: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(blocks[0], weights, (x,)).square().sum(1).sin().sum()

    stacked, _ = torch.func.stack_module_state(blocks)
    gradients = torch.func.vmap(torch.func.grad(loss))(stacked)
    values = torch.func.vmap(loss)(stacked)
    for index, block in enumerate(blocks):
        own = dict(block.named_parameters())
        value = loss(own)
        assert torch.allclose(value, values[index], atol=1e-5)
        for name, gradient in zip(own, torch.autograd.grad(value, own.values()), strict=True):
            assert torch.allclose(gradient, gradients[name][index], atol=1e-5)


def test_mlp_block_normalises_over_the_positions_after_token_mixing() -> None:
    block = Block(NetworkOptions("mlp", 1, 16, 2, 2.0, 8), positions=5).double()
    x = torch.randn(2, 5, 16, dtype=torch.float64)
    mixed = x + block.mixing(x)
    mixed = mixed / (mixed.square().mean(1, keepdim=True) + 1e-5).sqrt()
    expected = mixed + block.mlp(mixed)
    expected = expected / (expected.square().mean(2, keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(block(x), expected, atol=1e-12)


def test_attention_equals_the_formula_written_out() -> None:
    attention = Attention(SMALL, positions=4).double()
    x = torch.randn(1, 4, 16, dtype=torch.float64)
    query, key, value = (x @ attention.qkv.weight.T)[0].split(16, dim=-1)
    heads = []
    for head in range(2):
        part = slice(8 * head, 8 * head + 8)
        rotated = [_rotate(t[:, part]) for t in (query, key)]
        scores = rotated[0] @ rotated[1].T / math.sqrt(8)
        heads.append(F.softmax(scores, -1) @ value[:, part])
    expected = torch.cat(heads, -1) @ attention.output.weight.T
    assert torch.allclose(attention(x)[0], expected, atol=1e-6)


def _rotate(x: torch.Tensor) -> torch.Tensor:
    """Features i and i + 4 of position p as a complex number, turned by p / 10000^(i / 4)."""
    angle = torch.outer(torch.arange(4.0), 10_000 ** -(torch.arange(4.0) / 4)).double()
    turned = torch.complex(x[:, :4], x[:, 4:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat((turned.real, turned.imag), -1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5), st.integers(0, 4))
def test_rotary_scores_depend_on_the_distance_only(start: int, distance: int) -> None:
    rotary = Rotary(12, 8)
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(2, 8, generator=generator).expand(1, 12, 1, 2, 8).transpose(2, 3)
    turned = rotary(vectors.double())[0, :, :, 0]
    score = turned[start, 0] @ turned[start + distance, 1]
    assert score.item() == pytest.approx((turned[0, 0] @ turned[distance, 1]).item(), abs=1e-5)


def test_rotary_tables_are_no_part_of_the_state() -> None:
    assert not any("rotary" in name for name in Block(SMALL, 5).state_dict())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 20, "heads": 4, "mixing": "attention"}, "width=20 .*twice the 4 heads"),
        ({"layers": 0}, "layers=0"),
        ({"mixing": "conv"}, "mixing=conv.*attention or mlp"),
        ({"position_encoding": "sine"}, "position_encoding=sine"),
        ({"expansion": 0.0}, "expansion=0.0"),
        ({"puzzle_positions": -1}, "puzzle_positions=-1"),
        ({"puzzle_positions": 1, "puzzle_dim": 513}, "puzzle_dim=513"),
        ({"T": 0}, "T=0"),
        ({"supervision_steps": 0}, "supervision_steps=0"),
    ],
)
def test_impossible_options_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        RecursionOptions(**values)  # type: ignore[arg-type]
