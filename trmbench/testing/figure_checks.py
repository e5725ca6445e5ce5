"""What a task may say beyond right and wrong: how many answers there are, and scores by name."""

from __future__ import annotations

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.evaluation.scoring import check_named
from trmbench.spec import Predictions
from trmbench.testing.cases import ROWS, TaskCase
from trmbench.testing.conformance import ConformanceError, require


def solutions(case: TaskCase) -> None:
    """Right answers are counted in whole numbers, which agree with `has_one_answer`."""
    table = case.tables["test"].select(slice(ROWS))
    counts = case.task.solutions(table.inputs)
    if counts is None:
        return
    require(
        np.shape(counts) == (len(table),) and np.issubdtype(counts.dtype, np.integer),
        f"solutions are {counts.dtype} of shape {np.shape(counts)}, not (N,) whole numbers",
    )
    require((counts >= 0).all(), f"a question has {counts.min()} solutions")
    single = case.task.has_one_answer(table.inputs)
    if single is not None:
        wrong = (counts > 0) & ((counts == 1) != single)
        bad = int(wrong.argmax())
        require(
            not wrong.any(),
            f"puzzle {table.puzzle_ids[bad]} has {counts[bad]} solutions, and has_one_answer says"
            f" {bool(single[bad])}",
        )


def named_scores(case: TaskCase) -> None:
    """Scores that a task names have a name that is free, and values in 0..1 for every puzzle."""
    table = case.tables["test"]
    given = Predictions(table.labels, np.ones(len(table), np.float32))
    try:
        check_named(len(table), case.task.score(table, given).by_name)
    except TrmbenchError as error:
        raise ConformanceError(str(error)) from None
