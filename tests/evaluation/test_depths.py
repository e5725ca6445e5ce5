"""The depth curve, by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from trmbench.evaluation.answers import RecursiveSolver, curve_depths
from trmbench.evaluation.depths import depth_curve
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.evaluation.ranking import auc
from trmbench.spec import Answers, Batch, Predictions, PuzzleTable, StepOutput, Task, TaskInfo


class Counts:
    """Answers the number of the step, up to the puzzle's token; sure of it from there on."""

    max_steps = 4

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        return (torch.zeros(batch_size, 1, 1),)

    def forward(self, state: tuple[Tensor, ...], inputs: Tensor, ids: Tensor) -> StepOutput:
        count = torch.minimum(state[0][:, 0, 0] + 1, inputs[:, 0].float())
        logits = torch.nn.functional.one_hot(count.long(), 100)[:, None].float()
        return StepOutput((count[:, None, None],), logits, count - inputs[:, 0] + 0.5)

    __call__ = forward


class Numbers(Task):
    info = TaskInfo("", "", "", vocab_size=100, seq_len=1, grid_shape=(1, 1))

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return np.asarray(answers[:, 0] % 2 == 0)


def answered(solver: RecursiveSolver) -> Answers:
    inputs = torch.tensor([[1], [6], [50]])
    rows = torch.arange(3)
    return solver.predict(Batch(inputs, torch.zeros_like(inputs), rows, rows), torch.Generator())


def test_the_depths_double_and_hold_the_answer_that_counts_and_the_last() -> None:
    assert curve_depths(1) == (1,)
    assert curve_depths(6) == (1, 2, 4, 6)
    assert curve_depths(6, 20) == (1, 2, 4, 6, 8, 16, 20)
    assert curve_depths(16, 3) == (1, 2, 4, 8, 16)


def test_one_pass_gives_the_answers_at_every_depth() -> None:
    answers = answered(RecursiveSolver(Counts(), None, torch.float32, depth=10))
    assert answers.by_depth is not None and answers.tokens_by_step is not None
    assert answers.tokens.flatten().tolist() == [1, 4, 4]  # after the four steps of training
    assert len(answers.tokens_by_step) == 4
    assert {d: a.tokens.flatten().tolist() for d, a in answers.by_depth.items()} == {
        1: [1, 1, 1],
        2: [1, 2, 2],
        4: [1, 4, 4],
        8: [1, 6, 8],
        10: [1, 6, 10],
    }


def test_with_an_early_exit_the_curve_is_the_same_and_tells_the_steps_done() -> None:
    whole = answered(RecursiveSolver(Counts(), None, torch.float32, depth=10))
    early = answered(EarlyExitSolver(Counts(), None, torch.float32, 0, depth=10))
    assert whole.by_depth is not None and early.by_depth is not None
    for depth, at in early.by_depth.items():
        assert torch.equal(at.tokens, whole.by_depth[depth].tokens)
        assert torch.equal(at.confidence, whole.by_depth[depth].confidence)
    assert early.steps is not None and early.steps.tolist() == [2, 4, 4]
    steps = {depth: at.steps.tolist() for depth, at in early.by_depth.items()}  # type: ignore[union-attr]
    assert steps[8] == [2, 7, 8] and steps[10] == [2, 7, 10]


def predictions(tokens: list[int], confidence: list[float]) -> Predictions:
    return Predictions(np.array(tokens, np.uint8)[:, None], np.array(confidence, np.float32))


def test_a_puzzle_that_was_solved_earlier_and_is_no_longer_is_lost() -> None:
    ids = np.array(["a", "b", "c"])
    labels = np.array([[1], [2], [3]], np.uint8)
    table = PuzzleTable(labels, labels, np.zeros(3, np.int32), ids, ids)
    at = {
        1: predictions([1, 2, 9], [0.9, 0.8, 0.1]),
        2: predictions([1, 8, 3], [0.2, 0.5, 0.5]),
        4: predictions([7, 8, 3], [0.1, 0.2, np.nan]),
    }
    counted = Predictions(at[2].tokens, at[2].confidence, by_depth=at)
    curve = depth_curve(Numbers(), table, counted, "exact_accuracy")
    assert curve is not None
    assert [point["exact_accuracy"] for point in curve.points] == [2 / 3, 2 / 3, 1 / 3]
    assert [point["lost"] for point in curve.points] == [0, 1, 2]
    assert [point["valid_accuracy"] for point in curve.points] == [1 / 3, 1 / 3, 1 / 3]
    assert [point["halting_auc"] for point in curve.points] == [1.0, 0.25, 0.0]
    kept = zip(curve.answers["depth"], curve.answers["puzzle_id"], strict=True)
    assert list(kept) == [(1, "b"), (1, "c"), (4, "a")]


def test_the_area_counts_ties_half_and_is_unknown_for_one_kind_alone() -> None:
    right = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), right) == 0.875
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), right) == 0.5
    assert auc(np.array([0.5, 0.5]), np.array([True, True])) is None
