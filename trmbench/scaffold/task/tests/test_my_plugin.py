"""The task keeps its contract and can be learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import my_plugin
import numpy as np
import pytest

from trmbench import TrmbenchError
from trmbench.testing import assert_task_conforms

(SPEC,) = my_plugin.trmbench_tasks()


def test_task_conforms() -> None:
    assert_task_conforms(SPEC)


def test_answer_in_the_wrong_order_is_refused() -> None:
    task = SPEC.load(my_plugin.Options(columns=3, train_puzzles=4, test_puzzles=4))
    question = np.array([[4, 2, 3, 1, 1, 1]], np.uint8)
    assert task.verify(question, np.array([[4, 2, 3, 2, 3, 4]], np.uint8)).all()
    assert not task.verify(question, np.array([[4, 2, 3, 2, 4, 3]], np.uint8)).any()


def test_too_many_puzzles_are_refused() -> None:
    with pytest.raises(TrmbenchError, match="only 45 different puzzles"):
        SPEC.load(my_plugin.Options(columns=2))


def test_task_is_learned(run_trial_of: Callable[..., dict[str, Any]]) -> None:
    """After a short training, cells are right far more often than one in nine."""
    row = run_trial_of("trm", "my-plugin", overrides={"train.steps": 100, "evaluation.limit": 50})
    assert row["cell_accuracy"] > 0.25
