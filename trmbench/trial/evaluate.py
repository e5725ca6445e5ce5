"""The test of one trial: answers, votes, scores, rows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.evaluation.answers import predict
from trmbench.evaluation.identifiers import blank_identifiers, shuffled_identifiers
from trmbench.evaluation.scoring import count_votes, score
from trmbench.spec import Predictions, PuzzleTable, Solver
from trmbench.store import Store
from trmbench.store.final import save_answers
from trmbench.trial.build import TrialParts
from trmbench.trial.rescoring import stored_answers

BALLOT_SEED = 0
"""Every model and every seed votes on the same augmented copies."""


def evaluate(
    parts: TrialParts, solver: Solver, store: Store, on_progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Test a solver on the trial's test puzzles and write the `puzzles` and `votes` rows.

    The answers are on disk before they are scored, so a fault of the scoring loses no work.

    Returns:
        The figures of the trial's row.
    """
    trial, task = parts.trial, parts.task

    def answer(table: PuzzleTable, *, by_step: bool = True) -> Predictions:
        return predict(
            solver,
            _identified(table, parts),
            parts.evaluation.batch_size,
            parts.streams,
            parts.device,
            lambda done: on_progress(done, len(table)),
            by_step=by_step,
        )

    started = time.monotonic()
    table = tested_puzzles(parts)
    ballots = _Ballots(parts, table) if parts.evaluation.votes > 1 else None
    stored = stored_answers(parts, store, table)
    if stored is not None:
        answers = predictions = stored
    elif ballots is None:
        answers = predictions = answer(table)
    else:
        answers = answer(ballots.table, by_step=False)
        predictions = ballots.restored(answers)
    save_answers(store.checkpoints(trial.trial_id), trial.evaluation_id, predictions)
    of_votes: Mapping[str, float] = {}
    if ballots is not None:
        of_votes = task.score_votes(table, ballots.table, predictions)
        predictions, votes = count_votes(table, ballots.table, predictions)
        store.write("votes", trial.name, [{**_names(parts), **row} for row in votes])
    figures, columns = score(task, table, predictions)
    repeated = {key: [value] * len(table) for key, value in _names(parts).items()}
    store.write("puzzles", trial.name, {**repeated, **columns})
    validation = task.split("validation")
    if len(validation):
        figures["validation_accuracy"] = score(task, validation, answer(validation))[0]["score"]
    totals = {**of_votes, **figures["totals"], **_compute(answers, parts)}
    return {
        **figures,
        **_headline(parts, totals),
        "totals": json.dumps(totals),
        "test_seconds": time.monotonic() - started,
    }


def tested_puzzles(parts: TrialParts) -> PuzzleTable:
    """Return the puzzles that the trial is tested on.

    Raises:
        TrmbenchError: the task has none of them, or no augmented copies that could vote.
    """
    evaluation = parts.evaluation
    table = parts.task.split(evaluation.split)
    if not len(table):
        raise TrmbenchError(
            f"evaluation.split={evaluation.split}, but task {parts.trial.task} has no such puzzles",
            "hold some out for it, such as --set task.validation=200",
        )
    if evaluation.votes > 1 and evaluation.split != "test":
        raise TrmbenchError(
            f"there are no votes on the {evaluation.split} split",
            "use --set evaluation.votes=1, or --votes 1",
        )
    return table.select(slice(evaluation.limit))


def _headline(parts: TrialParts, totals: Mapping[str, float]) -> dict[str, Any]:
    """The figure that stands for the trial, its model's choice or else its task's, by name.

    Its value replaces the mean over puzzles where it is one of the totals.
    """
    task = parts.trial.task.rpartition(":")[2]
    wanted: str | None = parts.model_entry.spec.headline.get(task)
    if wanted is not None and wanted not in totals:
        raise TrmbenchError(
            f"model {parts.trial.model} reports {wanted!r}, which task {task} does not give",
            f"its spec's headline may be one of {', '.join(totals) or 'none'}",
        )
    metric = wanted or parts.task.info.primary_metric
    value = {"score": totals[metric]} if metric in totals else {}
    return {"primary_metric": metric, **value}


def _compute(answers: Predictions, parts: TrialParts) -> dict[str, float]:
    """With an early exit: supervision steps used per test puzzle, and their share of all."""
    if answers.steps is None:
        return {}
    used = float(answers.steps.mean())
    every = parts.evaluation.steps or parts.model.max_steps
    return {"supervision_steps": used, "share_of_all_steps": used / every}


def _identified(table: PuzzleTable, parts: TrialParts) -> PuzzleTable:
    """The table with the puzzle identifiers that the model is to see."""
    if parts.evaluation.identifiers == "blank":
        return blank_identifiers(table)
    if parts.evaluation.identifiers == "shuffled":
        return shuffled_identifiers(table, BALLOT_SEED)
    return table


def _names(parts: TrialParts) -> dict[str, str]:
    return {"trial_id": parts.trial.trial_id, "evaluation_id": parts.trial.evaluation_id}


class _Ballots:
    """The votes on the puzzles of one table."""

    def __init__(self, parts: TrialParts, table: PuzzleTable) -> None:
        votes = parts.task.votes(parts.evaluation.votes, BALLOT_SEED)
        self._rows = np.flatnonzero(np.isin(votes.table.puzzle_ids, table.puzzle_ids))
        self._restore = votes.restore
        everything = len(self._rows) == len(votes.table)  # no copy of what may be a gigabyte
        self.table = votes.table if everything else votes.table.select(self._rows)

    def restored(self, predictions: Predictions) -> Predictions:
        """The answers in the frame of their puzzles."""
        return Predictions(self._restore(self._rows, predictions.tokens), predictions.confidence)
