"""What holds for every model of the papers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

import trmbench_direct
import trmbench_eqr
import trmbench_hrm
import trmbench_trm
import trmbench_urm
from trmbench import Context, RecursiveModel, TaskInfo
from trmbench.nn import PuzzleModel
from trmbench.testing import begin
from trmbench.training.losses import supervision_loss
from trmbench_urm.layers import ShortConvolution

SUDOKU = TaskInfo("", "", "", vocab_size=11, seq_len=81, grid_shape=(9, 9))
TINY = TaskInfo("", "", "", vocab_size=6, seq_len=9, grid_shape=(3, 3), num_puzzle_identifiers=4)
CPU = Context(seed=0, device=torch.device("cpu"))
SMALL = {"width": 16, "heads": 2, "expansion": 2.0, "multiple_of": 8, "puzzle_positions": 2}
RECURSION = {"T": 2, "n": 2, "supervision_steps": 3}
MLP = {"mixing": "mlp", "position_encoding": "none"}

VARIANTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "trm-attention": (trmbench_trm, SMALL | RECURSION),
    "trm-mlp": (trmbench_trm, SMALL | RECURSION | MLP),
    "trm-single-z": (trmbench_trm, SMALL | RECURSION | {"features": 1}),
    "trm-multi-z": (trmbench_trm, SMALL | RECURSION | {"features": 7, "n": 6}),
    "trm-separate": (trmbench_trm, SMALL | RECURSION | {"separate_networks": True}),
    "trm-one-step": (trmbench_trm, SMALL | RECURSION | {"gradient": "one_step"}),
    "trm-no-puzzle": (trmbench_trm, SMALL | RECURSION | MLP | {"puzzle_positions": 0}),
    "hrm": (trmbench_hrm, SMALL | RECURSION | {"layers": 1}),
    "urm": (trmbench_urm, SMALL | RECURSION | {"layers": 2}),
    "urm-mlp": (trmbench_urm, SMALL | RECURSION | MLP | {"layers": 1, "kernel": 3}),
    "eqr": (trmbench_eqr, SMALL | RECURSION | {"puzzle_positions": 0, "relaxation": 0.7}),
    "eqr-mlp": (trmbench_eqr, SMALL | RECURSION | MLP),
    "direct": (trmbench_direct, SMALL | {"layers": 2}),
    "direct-mlp": (trmbench_direct, SMALL | MLP | {"layers": 2}),
}
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def _begin(model: Any, size: int) -> Any:
    return begin(model, size, next(model.parameters()).dtype)


def _build(variant: str, info: TaskInfo = TINY) -> PuzzleModel:
    torch.manual_seed(0)
    plugin, options = VARIANTS[variant]
    model: PuzzleModel = plugin.build(plugin.Options(**options), info, CPU)
    with torch.no_grad():
        if model.halt_head is not None:
            model.halt_head.weight.normal_(std=0.1)
        if model.puzzle_embedding is not None:
            model.puzzle_embedding.weight.normal_()
    return model


def _batch(size: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randint(0, 6, (size, 9), generator=generator)
    return inputs, torch.randint(0, 4, (size,), generator=generator)


@pytest.mark.parametrize(
    ("plugin", "options", "count"),
    [
        (trmbench_trm, {**MLP}, 5_028_866),
        (trmbench_trm, {}, 6_828_034),
        (trmbench_hrm, {}, 27_275_266),
        (trmbench_direct, {}, 27_274_240),
        (trmbench_urm, {}, 13_662_210),
        (trmbench_eqr, {**MLP}, 4_855_298),
        (trmbench_eqr, {"layers": 1, "width": 128, "n": 4}, 263_938 + 5 * 2 * 128),
        (trmbench_trm, {"separate_networks": True}, 6_828_034 + 6_815_744),
    ],
)
def test_parameters_at_paper_scale(plugin: Any, options: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        context = Context(seed=0, device=torch.device("meta"))
        model = plugin.build(plugin.Options(**options), SUDOKU, context)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


@every_variant
def test_shapes_and_protocol(variant: str) -> None:
    model = _build(variant)
    assert isinstance(model, RecursiveModel)
    inputs, identifiers = _batch()
    state = _begin(model, 3)
    output = model(state, inputs, identifiers)
    assert output.logits.shape == (3, 9, 6)
    assert [z.shape for z in output.state] == [z.shape for z in state]
    assert not any(z.requires_grad for z in output.state)
    if variant.startswith("direct"):
        assert output.halt_logits is None and model.max_steps == 1
    else:
        assert output.halt_logits.shape == output.continue_logits.shape == (3,)
        assert model.max_steps == 3


@every_variant
def test_same_call_twice_gives_the_same_bits_and_changes_nothing(variant: str) -> None:
    model = _build(variant)
    state, batch = _begin(model, 3), _batch()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = model(state, *batch)
    second = model(state, *batch)
    assert torch.equal(first.logits, second.logits)
    assert all(torch.equal(a, b) for a, b in zip(first.state, second.state, strict=True))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@every_variant
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_computes_in_the_dtype_of_its_state(variant: str, dtype: torch.dtype) -> None:
    model = _build(variant)
    state = tuple(z.to(dtype) for z in _begin(model, 3))
    output = model(state, *_batch())
    assert output.logits.dtype == dtype
    assert all(z.dtype == dtype for z in output.state)
    if output.halt_logits is not None:
        assert output.halt_logits.dtype == torch.promote_types(dtype, torch.float32)
    supervision_loss(output, _batch()[0]).total.backward()
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())


@every_variant
def test_vmap_over_stacked_models_gives_each_models_own_output(variant: str) -> None:
    models = [_build(variant), _build(variant)]
    with torch.no_grad():
        for parameter in models[1].parameters():
            parameter.mul_(0.9)
    parameters, buffers = stack_module_state(models)
    state, (inputs, identifiers) = _begin(models[0], 3), _batch()

    def call(parameters: Any, buffers: Any) -> Any:
        output = functional_call(models[0], (parameters, buffers), (state, inputs, identifiers))
        return output.state, output.logits  # vmap cannot return the None of a missing head

    states, logits = vmap(call)(parameters, buffers)
    for index, model in enumerate(models):
        own = model(state, inputs, identifiers)
        assert torch.allclose(logits[index], own.logits, atol=1e-4)
        for ours, theirs in zip(states, own.state, strict=True):
            assert torch.allclose(ours[index], theirs, atol=1e-4)


def test_vmap_gives_gradients_of_puzzle_rows() -> None:
    models = [_build("trm-mlp"), _build("trm-mlp")]
    parameters, buffers = stack_module_state(models)
    state, (inputs, identifiers) = _begin(models[0], 3), _batch()
    rows = buffers["embedding.puzzle.weight"][:, identifiers].clone().requires_grad_()

    def loss(parameters: Any, buffers: Any, rows: torch.Tensor) -> torch.Tensor:
        output = functional_call(models[0], (parameters, buffers), (state, inputs, rows))
        return supervision_loss(output, inputs).total

    vmap(loss)(parameters, buffers, rows).sum().backward()
    assert models[0].puzzle_embedding is not None
    alone = models[0].puzzle_embedding.gather(identifiers)
    supervision_loss(models[0](state, inputs, alone), inputs).total.backward()
    assert rows.grad is not None and alone.grad is not None
    assert alone.grad.abs().max() > 0
    assert torch.allclose(rows.grad[0], alone.grad, atol=1e-3 * alone.grad.abs().max().item())


@every_variant
def test_every_parameter_gets_a_gradient(variant: str) -> None:
    model = _build(variant)
    inputs, identifiers = _batch()
    output = model(_begin(model, 3), inputs, identifiers)
    supervision_loss(output, inputs, torch.full((3,), 0.5)).total.backward()
    lacking = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert lacking == []


def test_puzzles_of_a_batch_do_not_touch_each_other() -> None:
    model = _build("trm-mlp")
    inputs, identifiers = _batch()
    changed = inputs.clone()
    changed[1] = 0
    state = _begin(model, 3)
    before, after = model(state, inputs, identifiers), model(state, changed, identifiers)
    assert torch.allclose(before.logits[0], after.logits[0], atol=1e-5)
    assert not torch.allclose(before.logits[1], after.logits[1], atol=1e-2)


def test_new_models_believe_that_they_are_wrong() -> None:
    model = trmbench_trm.build(trmbench_trm.Options(**SMALL, **RECURSION), TINY, CPU)
    output = model(_begin(model, 3), *_batch())
    assert torch.equal(output.halt_logits, torch.full((3,), -5.0))


def test_trm_recursion_is_the_papers() -> None:
    """T times: z <- f(x + y + z) n times, then y <- f(y + z)."""
    model = _build("trm-mlp").double()
    inputs, identifiers = _batch()
    y, z = _begin(model, 3)
    output = model((y, z), inputs, identifiers)
    x = model.embedding(inputs, identifiers, torch.float64)
    for _ in range(2):
        for _ in range(2):
            z = model.f_L(x + y + z)
        y = model.f_L(y + z)
    assert torch.allclose(output.state[0], y, atol=1e-10)
    assert torch.allclose(output.state[1], z, atol=1e-10)


def test_urm_loops_over_the_sum_of_state_and_question() -> None:
    model = _build("urm-mlp").double()
    inputs, identifiers = _batch()
    (h,) = _begin(model, 3)
    output = model((h,), inputs, identifiers)
    x = model.embedding(inputs, identifiers, torch.float64)
    for _ in range(2 * 2):
        h = model.network(h + x)
    assert torch.allclose(output.state[0], h, atol=1e-10)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_the_short_convolution_is_torchs_cut_to_the_positions(kernel: int) -> None:
    torch.manual_seed(0)
    convolution = ShortConvolution(5, kernel)
    x = torch.randn(3, 9, 5)
    expected = torch.nn.functional.conv1d(
        x.mT, convolution.weight, convolution.bias, padding=kernel // 2, groups=5
    )
    assert torch.allclose(convolution(x), expected[..., :9].mT, atol=1e-6)


def test_eqr_goes_most_of_the_way() -> None:
    """T times: z <- 0.3 z + 0.7 f(z + y + x) n times, then y the same from z."""
    model = _build("eqr-mlp").double()
    model.options = replace(model.options, relaxation=0.7)
    inputs, identifiers = _batch()
    y, z = (torch.randn(s.shape, dtype=torch.float64) for s in _begin(model, 3))
    output = model((y, z), inputs, identifiers)
    x = model.embedding(inputs, identifiers, torch.float64)
    for _ in range(2):
        for _ in range(2):
            z = 0.3 * z + 0.7 * model.f_L(z + y + x)
        y = 0.3 * y + 0.7 * model.f_L(y + z)
    assert torch.allclose(output.state[0], y, atol=1e-10)
    assert torch.allclose(output.state[1], z, atol=1e-10)


@pytest.mark.parametrize(
    "plugin", [trmbench_trm, trmbench_hrm, trmbench_direct, trmbench_urm, trmbench_eqr]
)
def test_presets_are_values_of_the_options(plugin: Any) -> None:
    for spec in plugin.trmbench_models():
        for preset in spec.presets.values():
            spec.options(**preset.options)
            for part in preset.for_task.values():
                spec.options(**{**preset.options, **part.options})


def test_listing_the_models_imports_no_torch() -> None:
    code = (
        "import sys, trmbench_trm, trmbench_hrm, trmbench_direct, trmbench_urm, trmbench_eqr\n"
        "plugins = (trmbench_trm, trmbench_hrm, trmbench_direct, trmbench_urm, trmbench_eqr)\n"
        "[p.trmbench_models() for p in plugins]\n"
        "print([m for m in ('torch', 'numpy', 'pandas', 'scipy', 'ray') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
