"""SE-RRM treats symbols alike, and says how confident it is by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import trmbench_se_rrm
from trmbench import Batch, Context, StepOutput, TaskInfo, TrmbenchError
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.spec.settings import TrainSettings
from trmbench.streams import Draws, Streams
from trmbench.testing import step
from trmbench.training.halting import Halting
from trmbench_se_rrm.layers import drawn_masks
from trmbench_se_rrm.model import SERRM

SUDOKU = TaskInfo("", "", "", vocab_size=11, seq_len=81, grid_shape=(9, 9))
ARC = TaskInfo("", "", "", vocab_size=12, seq_len=900, grid_shape=(30, 30))
MAZE = TaskInfo("", "", "", vocab_size=6, seq_len=900, grid_shape=(30, 30))
TINY = TaskInfo("", "", "", vocab_size=7, seq_len=12, grid_shape=(3, 4), num_puzzle_identifiers=4)
SMALL = {"width": 16, "heads": 2, "head_width": 8, "symbol_heads": 2, "symbol_head_width": 4}
SMALL |= {"multiple_of": 8, "T": 2, "n": 2, "supervision_steps": 3}
CPU = Context(seed=0, device=torch.device("cpu"))


def _model(**options: Any) -> SERRM:
    torch.manual_seed(0)
    chosen = trmbench_se_rrm.Options(**{**SMALL, **options})
    model: SERRM = trmbench_se_rrm.build(chosen, TINY, CPU)
    model = model.double()
    if model.puzzle_embedding is not None:
        model.puzzle_embedding.weight.normal_()
    return model


def _two_steps(model: SERRM, inputs: torch.Tensor, rows: torch.Tensor) -> StepOutput:
    output = model(model.initial_state(len(inputs)), inputs, rows)
    second: StepOutput = model(output.state, inputs, rows)
    return second


def _renamed(seed: int = 0) -> torch.Tensor:
    """A permutation of the tokens that keeps the special ones."""
    generator = torch.Generator().manual_seed(seed)
    symbols = 2 + torch.randperm(TINY.vocab_size - 2, generator=generator)
    return torch.cat((torch.arange(2), symbols))


def _inputs() -> torch.Tensor:
    return torch.randint(0, 7, (3, 12), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "options", [{}, {"extra_positions": 3}, {"position_encoding": "learned"}, {"layers": 1}]
)
def test_renaming_the_symbols_of_the_question_renames_them_in_the_answer(
    options: dict[str, Any],
) -> None:
    model, inputs, rows, new_names = _model(**options), _inputs(), torch.arange(3), _renamed()
    plain, renamed = _two_steps(model, inputs, rows), _two_steps(model, new_names[inputs], rows)
    torch.testing.assert_close(renamed.logits[..., new_names], plain.logits)
    assert torch.equal(renamed.logits.argmax(-1), new_names[plain.logits.argmax(-1)])
    torch.testing.assert_close(renamed.state[0][:, new_names], plain.state[0])
    torch.testing.assert_close(renamed.confidence, plain.confidence)
    one, other = plain.logits[..., 2], plain.logits[..., 3]
    assert not torch.allclose(one, other, atol=1e-2)  # two symbols, two answers


def test_a_puzzle_embedding_may_tell_the_symbols_of_its_puzzle_apart() -> None:
    model, inputs, rows, new_names = (
        _model(puzzle_embedding=True),
        _inputs(),
        torch.arange(3),
        _renamed(),
    )
    plain, renamed = _two_steps(model, inputs, rows), _two_steps(model, new_names[inputs], rows)
    assert not torch.allclose(renamed.logits[..., new_names], plain.logits, atol=1e-3)
    assert model.puzzle_embedding is not None
    numbers = model.puzzle_embedding.weight[:, SMALL["width"] :]
    numbers[:, new_names] = numbers.clone()  # renamed as well
    renamed = _two_steps(model, new_names[inputs], rows)
    torch.testing.assert_close(renamed.logits[..., new_names], plain.logits)


def test_the_special_tokens_and_a_model_without_equivariance_are_told_apart() -> None:
    swapped = torch.tensor([1, 0, *range(2, 7)])
    for model, names in ((_model(), swapped), (_model(equivariant=False), _renamed())):
        plain = _two_steps(model, _inputs(), torch.arange(3))
        renamed = _two_steps(model, names[_inputs()], torch.arange(3))
        assert not torch.allclose(renamed.logits[..., names], plain.logits, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "info", "count"),
    [
        ({"n": 6, "extra_positions": 4}, SUDOKU, 1_970_176),
        ({"equivariant": False}, MAZE, 1_976_832),
        ({"puzzle_embedding": True}, ARC, 1_967_104),
    ],
)
def test_parameters_at_paper_scale(options: dict[str, Any], info: TaskInfo, count: int) -> None:
    meta = torch.device("meta")
    with meta:
        model = trmbench_se_rrm.build(trmbench_se_rrm.Options(**options), info, Context(0, meta))
    assert sum(parameter.numel() for parameter in model.parameters()) == count


@pytest.mark.parametrize("options", [{"extra_positions": 3}, {"equivariant": False, "layers": 1}])
def test_the_formula_gives_the_operations_that_torch_counts(options: dict[str, Any]) -> None:
    model = _model(**options)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        model(model.initial_state(1), _inputs()[:1], torch.zeros(1, dtype=torch.long))
    assert counter.get_total_flops() == model.forward_flops().total


def test_rotary_positions_tell_rows_from_columns_of_the_grid() -> None:
    cos = _model().network.get_buffer("layers.0.over_positions.rotary.cos")
    of_rows, of_columns = cos.view(3, 4, 2, 2, 2).unbind(-2)  # 3 rows, 4 columns
    assert torch.equal(of_rows, of_rows[:, :1].expand_as(of_rows))
    assert torch.equal(of_columns, of_columns[:1].expand_as(of_columns))
    assert not torch.equal(of_rows[0], of_rows[1])
    assert not torch.equal(of_columns[:, 0], of_columns[:, 1])


def test_confidence_is_the_probability_of_the_least_certain_position() -> None:
    output = _two_steps(_model(), _inputs(), torch.arange(3))
    expected = [min(p.max().item() for p in puzzle) for puzzle in output.logits.softmax(-1)]
    assert output.confidence is not None and not output.confidence.requires_grad
    assert output.confidence.tolist() == pytest.approx(expected)


def test_the_harness_takes_the_stated_confidence_for_that_of_the_answer() -> None:
    model = _model().eval()
    batch = Batch(_inputs(), torch.zeros_like(_inputs()), torch.arange(3), torch.arange(3))
    output = model(model.initial_state(3), batch.inputs, batch.puzzle_identifiers)
    answers = RecursiveSolver(model, 1, torch.float64).predict(batch, torch.Generator())
    assert output.confidence is not None
    assert torch.equal(answers.confidence, output.confidence.float())
    assert answers.confidence.max() < 0.5  # so that nothing is taken for solved
    early = EarlyExitSolver(model, 4, torch.float64, patience=1)
    assert early.predict(batch, torch.Generator()).steps.tolist() == [4, 4, 4]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_puzzles_halt_at_random_in_training_whatever_the_confidence(share: float) -> None:
    model, slots = _model(), 2_000
    halting = Halting(model, TrainSettings(halt_exploration=share), Streams(0, CPU.device))
    sure = torch.ones(slots)
    output = StepOutput((), torch.zeros(slots, 1, 1), halt_logits=sure, confidence=sure)
    done = torch.ones(slots, dtype=torch.long)
    halted = [halting(step, done, output) for step in range(2)]
    assert halted[0].float().mean().item() == pytest.approx(share, abs=0.04)
    assert torch.equal(halted[0], halted[1]) == (share in (0.0, 1.0))
    assert halting(0, done + 2, output).all()  # at the last step


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head_width": 6}, "model.head_width is 6"),
        ({"position_encoding": "none"}, "rope2d or rope or learned"),
    ],
)
def test_options_that_make_no_network_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        trmbench_se_rrm.Options(**options)


def _trained_step(model: SERRM, seed: int = 0) -> StepOutput:
    inputs, rows = _inputs(), torch.arange(3)
    return step(
        model, model.initial_state(3), inputs, rows, training=True, labels=inputs, seed=seed
    )


def test_dropout_is_drawn_in_training_and_left_out_at_test() -> None:
    model, plain = _model(dropout=0.5), _model()
    inputs, rows = _inputs(), torch.arange(3)
    first, again, other = (_trained_step(model, seed).logits for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.allclose(first, other, atol=1e-3)
    at_test = step(model, model.initial_state(3), inputs, rows).logits
    assert torch.equal(at_test, _two_steps_of(plain)[0].logits)
    as_released = _model(dropout=0.5, dropout_at_test=True)
    drawn = step(as_released, model.initial_state(3), inputs, rows).logits
    assert not torch.allclose(drawn, at_test, atol=1e-3)


def _two_steps_of(model: SERRM) -> list[StepOutput]:
    first = model(model.initial_state(3), _inputs(), torch.arange(3))
    return [first, model(first.state, _inputs(), torch.arange(3))]


def test_dropout_leaves_out_its_share_of_the_attention_and_keeps_the_mean() -> None:
    x, options = torch.zeros(50, 7, 12, 16), trmbench_se_rrm.Options(**SMALL)
    (masks, *_) = drawn_masks(x, options, 0.2, Draws(torch.arange(50)))
    for mask, shape in zip(masks, ((50, 7, 2, 12, 12), (50, 12, 2, 7, 7)), strict=True):
        assert mask.shape == shape and set(mask.unique().tolist()) == {0.0, 1.25}
        assert (mask == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    layer = _model().network.layers[0].over_positions
    x = torch.randn(3, 7, 12, 16, dtype=torch.float64)
    torch.testing.assert_close(layer(x, torch.ones(3, 7, 2, 12, 12).double()), layer(x))


def test_dropout_computed_again_is_the_same_dropout() -> None:
    gradients = []
    for recompute in (False, True):
        model = _model(dropout=0.5)
        model.network.recompute = recompute
        _trained_step(model).logits.square().sum().backward()
        gradients.append([p.grad for p in model.parameters() if p.grad is not None])
    assert all(map(torch.equal, *gradients)) and len(gradients[0]) > 5


@pytest.mark.parametrize("symbols", [(1, 4, 5), (2, 3, 4, 5, 6)])
def test_the_task_says_which_tokens_are_interchangeable(symbols: tuple[int, ...]) -> None:
    options = trmbench_se_rrm.Options(**{**SMALL, "extra_positions": 2})
    model = trmbench_se_rrm.build(options, replace(TINY, symbols=symbols), CPU).double()
    names = torch.arange(7)
    names[list(symbols)] = names[list(symbols)].roll(1)
    others = torch.arange(7)
    others[[0, symbols[0]]] = others[[symbols[0], 0]]
    plain, renamed, wrong = (
        _two_steps(model, inputs, torch.arange(3)).logits
        for inputs in (_inputs(), names[_inputs()], others[_inputs()])
    )
    torch.testing.assert_close(renamed[..., names], plain)
    assert not torch.allclose(wrong[..., others], plain, atol=1e-3)


def test_a_task_without_interchangeable_tokens_is_refused() -> None:
    info = replace(TINY, title="Mirror", symbols=())
    with pytest.raises(TrmbenchError, match="Mirror has no interchangeable tokens"):
        trmbench_se_rrm.build(trmbench_se_rrm.Options(**SMALL), info, CPU)
    trmbench_se_rrm.build(trmbench_se_rrm.Options(**SMALL, equivariant=False), info, CPU)
