"""Answers that are scored again, where the labels of a user's data were corrected."""

from __future__ import annotations

from typing import Any

from trmbench.errors import TrmbenchError
from trmbench.spec import Predictions, PuzzleTable, row_name
from trmbench.store import Store
from trmbench.store.final import load_answers
from trmbench.trial.build import TrialParts

_COSTS = ("flops_per_step", "flops_per_answer", "depth", "candidates")


def stored_costs(parts: TrialParts, store: Store) -> dict[str, Any] | None:
    """Read what the answers cost when they were given; None if no stored answers are scored."""
    trial, asked = parts.trial, parts.evaluation.answers
    if asked is None:
        return None
    rows = store.trials([row_name({"trial_id": trial.trial_id, "evaluation_id": asked})])
    return {name: row[name] for row in rows for name in _COSTS}


def stored_answers(parts: TrialParts, store: Store, table: PuzzleTable) -> Predictions | None:
    """Read the answers of the evaluation that `evaluation.answers` names; None if it names none.

    Args:
        parts: the trial's parts.
        store: where its answers are.
        table: the puzzles as the data have them today.

    Raises:
        TrmbenchError: there are no such answers, or they are to other questions.
    """
    trial, asked = parts.trial, parts.evaluation.answers
    if asked is None:
        return None
    name = row_name({"trial_id": trial.trial_id, "evaluation_id": asked})
    ids = store.read("puzzles", ["puzzle_id"], [name])["puzzle_id"].to_pylist()
    if ids != table.puzzle_ids.tolist():
        raise TrmbenchError(
            f"the questions changed since trial {trial.trial_id} answered them",
            "only labels may differ for --rescore; `trmbench run` makes a cell of today's data",
        )
    found = load_answers(store.checkpoints(trial.trial_id), asked)
    if found is None:
        raise TrmbenchError(
            f"the answers of evaluation {asked} are not in the trial's folder",
            "`trmbench run` makes a cell of today's data",
        )
    return found
