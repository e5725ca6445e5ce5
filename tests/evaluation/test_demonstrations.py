"""Solvers that ask for the solved examples which come with a puzzle are handed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trmbench import Answers, Batch, ModelSpec, TrmbenchError, hookimpl
from trmbench.evaluation.demonstrations import pairs_of, shown
from trmbench.testing import TOY_TASK, run_one
from trmbench.testing.running import visible_plugin
from trmbench.testing.toy_model import Echo

TASK = TOY_TASK.load(TOY_TASK.options())


class Copycat:
    """Answers as the first example was answered; 1 where there is none."""

    def predict(
        self, batch: Batch, generator: torch.Generator, demonstrations: Sequence[Batch]
    ) -> Answers:
        first = [
            each.labels[0] if len(each.inputs) else torch.ones_like(batch.inputs[0])
            for each in demonstrations
        ]
        counts = torch.tensor([len(each.inputs) for each in demonstrations])
        return Answers(torch.stack(first), torch.zeros(len(first)), steps=counts)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [ModelSpec("copycat", "", {}, lambda options, info, context: Copycat())]


@pytest.fixture
def plugin() -> Iterator[None]:
    with visible_plugin("copycat", __name__), visible_plugin("toy", "trmbench.testing.toy"):
        yield


def asked(split: str) -> tuple[Batch, Answers]:
    table = TASK.split(split).select(slice(4))
    inputs = torch.from_numpy(table.inputs).long()
    rows = torch.arange(4)
    batch = Batch(inputs, torch.zeros_like(inputs), rows + 5, rows)
    solver = shown(Copycat(), pairs_of(TASK, table))
    return batch, solver.predict(batch, torch.Generator())


def test_each_puzzle_comes_with_its_examples() -> None:
    _, answers = asked("test")
    (_, wanted), _ = TASK.demonstrations("any")
    assert (answers.tokens.numpy() == wanted).all()
    assert answers.steps is not None and answers.steps.tolist() == [2] * 4


def test_a_puzzle_is_not_among_its_own_examples() -> None:
    batch, answers = asked("train")  # whose first two are the toy task's examples
    assert answers.steps is not None and answers.steps.tolist() == [1, 1, 2, 2]
    (question, _), (_, other) = TASK.demonstrations("any")
    assert np.array_equal(batch.inputs[0].numpy(), question)
    assert np.array_equal(answers.tokens[0].numpy(), other)


def test_examples_are_batches_like_any_other() -> None:
    seen: list[Batch] = []

    class Watching(Copycat):
        def predict(self, batch: Any, generator: Any, demonstrations: Any) -> Answers:
            seen.extend(demonstrations)
            return super().predict(batch, generator, demonstrations)

    inputs = torch.ones(1, 12, dtype=torch.long)
    batch = Batch(inputs, inputs, torch.tensor([7]), torch.tensor([3]))
    shown(Watching(), lambda row: TASK.demonstrations("")).predict(batch, torch.Generator())
    shown(Watching(), lambda row: ()).predict(batch, torch.Generator())
    two, none = seen
    assert [part.dtype for part in two] == [torch.int64] * 4
    assert two.puzzle_identifiers.tolist() == [7, 7] and two.rows.tolist() == [3, 3]
    assert none.inputs.shape == none.labels.shape == (0, 12)


def test_a_solver_that_asks_for_none_is_left_alone() -> None:
    echo = Echo()
    assert shown(echo, pairs_of(TASK, TASK.split("test"))) is echo


def test_where_copies_have_no_examples_votes_are_refused(plugin: None, tmp_path: Path) -> None:
    row = run_one("copycat", TOY_TASK.name, tmp_path)
    assert row["status"] == "finished" and '"supervision_steps": 2.0' in row["totals"]
    with pytest.raises(TrmbenchError, match="has not for augmented copies"):
        run_one("copycat", TOY_TASK.name, tmp_path, overrides={"evaluation.votes": 2})
