"""Puzzles leave the batch when they are settled, and only when that was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from trmbench import TrmbenchError
from trmbench.config.cell import evaluation_hash
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.experiment.cells import choose_cells
from trmbench.spec import Batch, StepOutput
from trmbench.store import Store
from trmbench.testing.running import run_one

STEPS = 6
DONE_AT = torch.tensor([1, 3, 99])
"""The step from which on each puzzle's state no longer changes."""


class Counter:
    """Counts to the first token of a puzzle, which it also answers; sure of it from 2 on."""

    max_steps = STEPS
    rows_seen: int = 0

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        return (torch.zeros(batch_size, 1, 1),)

    def forward(self, state: tuple[Tensor, ...], inputs: Tensor, ids: Tensor) -> StepOutput:
        self.rows_seen += len(inputs)
        count = torch.minimum(state[0][:, 0, 0] + 1, inputs[:, 0].float())
        logits = torch.nn.functional.one_hot(count.long(), 100)[:, None].float()
        return StepOutput((count[:, None, None],), logits, count - 1.5)

    __call__ = forward


def answer(solver: RecursiveSolver) -> Any:
    inputs = DONE_AT[:, None]
    batch = Batch(inputs, torch.zeros_like(inputs), DONE_AT, torch.arange(3))
    return solver.predict(batch, torch.Generator())


def test_an_unchanging_state_ends_the_work_on_a_puzzle_and_nothing_else_changes() -> None:
    model = Counter()
    early = answer(EarlyExitSolver(model, None, torch.float32, 0))
    # A state is seen to be final by the step that leaves it as it was.
    assert early.steps.tolist() == [2, 4, STEPS]
    assert model.rows_seen == 2 + 4 + STEPS
    whole = answer(RecursiveSolver(Counter(), None, torch.float32))
    assert whole.steps is None
    assert torch.equal(early.tokens, whole.tokens)
    assert torch.equal(early.tokens_by_step, whole.tokens_by_step)
    assert torch.equal(early.confidence, whole.confidence)


@pytest.mark.parametrize(("patience", "steps"), [(1, [6, 4, 6]), (2, [6, 5, 6])])
def test_steady_answers_count_only_with_a_positive_halting_logit(
    patience: int, steps: list[int]
) -> None:
    # The first puzzle's answer is steady from step 1 on, but its logit stays negative.
    assert answer(EarlyExitSolver(Counter(), None, torch.float32, patience)).steps.tolist() == steps


def test_a_batch_that_is_settled_throughout_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = torch.ones(2, 1, dtype=torch.long)
    batch = Batch(inputs, inputs, inputs[:, 0], inputs[:, 0])
    model = Counter()
    answers = EarlyExitSolver(model, 50, torch.float32, 0).predict(batch, torch.Generator())
    assert model.rows_seen == 4
    assert answers.tokens_by_step is not None and len(answers.tokens_by_step) == 50


def test_the_row_says_what_was_saved(tmp_path: Path) -> None:
    small = {"task.train_puzzles": 20, "task.test_puzzles": 6, "train.steps": 2}
    row = run_one("trm", "maze", tmp_path, overrides={**small, "evaluation.early_exit": 1})
    totals = json.loads(row["totals"])
    assert 1 <= totals["supervision_steps"] <= 4
    assert totals["share_of_all_steps"] == totals["supervision_steps"] / 4
    row = run_one("trm", "maze", tmp_path, overrides=small)
    assert "supervision_steps" not in json.loads(row["totals"])
    assert len(Store(tmp_path).trials()) == 2  # two evaluations of one trained trial


def test_off_it_leaves_the_hash_of_stored_evaluations() -> None:
    [cell] = choose_cells(["trm"], ["maze"], "mini", None, {}).cells
    before = {key: v for key, v in cell.values["evaluation"].items() if key != "early_exit"}
    assert cell.evaluation_id == evaluation_hash(before)
    [asked] = choose_cells(["trm"], ["maze"], "mini", None, {"evaluation.early_exit": 0}).cells
    assert asked.evaluation_id != cell.evaluation_id and asked.cell_id == cell.cell_id


def test_a_negative_patience_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="early_exit=-1"):
        choose_cells(["trm"], ["maze"], "mini", None, {"evaluation.early_exit": -1})
