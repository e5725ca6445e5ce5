"""The test of one trial: answers, votes, scores, rows."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from trmbench.errors import TrmbenchError, unknown
from trmbench.evaluation.answers import predict
from trmbench.evaluation.candidates import (
    answered_tokens,
    candidate_columns,
    owners_of,
    pool_of,
)
from trmbench.evaluation.demonstrations import pairs_of, shown
from trmbench.evaluation.depths import depth_curve
from trmbench.evaluation.identifiers import blank_identifiers, shuffled_identifiers
from trmbench.evaluation.sample import sample
from trmbench.evaluation.scoring import score
from trmbench.evaluation.voting import count_votes
from trmbench.plugin import registry
from trmbench.spec import Predictions, PuzzleTable, Solver, Task
from trmbench.spec.ids import short_hash
from trmbench.store import Store
from trmbench.store.final import save_answers
from trmbench.trial.ballots import BALLOT_SEED, Ballots
from trmbench.trial.build import TrialParts
from trmbench.trial.cost import answer_costs, flops_per_step, puzzle_costs
from trmbench.trial.rescoring import stored_answers, stored_costs


def evaluate(
    parts: TrialParts,
    solver: Solver,
    store: Store,
    on_progress: Callable[[int, int], None],
    given: Predictions | None = None,
) -> dict[str, Any]:
    """Test a solver on the trial's test puzzles and write the `puzzles`, `depths` and `votes` rows.

    The answers are on disk before they are scored, so a fault of the scoring loses no work.

    Args:
        parts: the trial's parts.
        solver: who answers.
        store: where the rows go.
        on_progress: gets the number of puzzles answered, and of all.
        given: answers that were given elsewhere, which no solver is asked for.

    Returns:
        The figures of the trial's row.
    """
    trial, task, started = parts.trial, parts.task, time.monotonic()
    table = tested_puzzles(parts)
    ballots = Ballots(parts, table) if parts.evaluation.votes > 1 else None
    stored = stored_answers(parts, store, table) if given is None else given
    answers = stored or _asked(parts, solver, table, ballots, on_progress)
    cast = answers if ballots is None or stored is not None else ballots.restored(answers)
    save_answers(store.checkpoints(trial.trial_id), trial.evaluation_id, cast)
    predictions, of_votes = _counted(store, parts, table, ballots, cast)
    figures, columns = score(task, table, predictions, of_votes)
    pool = pool_of(table, cast, None if ballots is None else ballots.table)
    if pool is not None:
        columns |= candidate_columns(task, table, pool, predictions)
    if stored is None:
        columns |= _costs(parts, table, answers, ballots)
    _write_rows(store, parts, "puzzles", columns)
    if given is None:
        figures |= _on_validation(parts, solver, on_progress)
    totals = {**figures["totals"], **_compute(answers, parts)}
    headline = _headline(parts, totals)
    return {
        **figures,
        **headline,
        **(stored_costs(parts, store) or _mean_costs(parts, solver, table, answers)),
        **_depths(store, parts, table, predictions, headline["primary_metric"]),
        "unique_share": _unique_share(task, table),
        "test_ids": short_hash(sorted(table.puzzle_ids.tolist())),
        "totals": json.dumps(totals),
        "test_seconds": time.monotonic() - started,
    }


def _on_validation(
    parts: TrialParts, solver: Solver, on_progress: Callable[[int, int], None]
) -> dict[str, float]:
    """The score on the training puzzles that were held out, where there are any."""
    task, validation = parts.task, parts.task.split("validation")
    if not len(validation) or parts.evaluation.split not in ("test", "train", "validation"):
        return {}
    asked = shown(solver, pairs_of(task, validation))
    held_out = answered(parts, asked, validation, on_progress)
    return {"validation_accuracy": score(task, validation, held_out)[0]["score"]}


def _asked(
    parts: TrialParts,
    solver: Solver,
    table: PuzzleTable,
    ballots: Ballots | None,
    on_progress: Callable[[int, int], None],
) -> Predictions:
    """The solver's answers to the puzzles, or to their augmented copies."""
    if ballots is None:
        return answered(parts, shown(solver, pairs_of(parts.task, table)), table, on_progress)
    voter = shown(solver, ballots.pairs)
    return answered(parts, voter, ballots.table, on_progress, by_step=False)


def answered(
    parts: TrialParts,
    solver: Solver,
    table: PuzzleTable,
    on_progress: Callable[[int, int], None],
    *,
    by_step: bool = True,
) -> Predictions:
    """The solver's answers to the puzzles of a table, with the identifiers that it is to see."""
    return predict(
        solver,
        _identified(table, parts),
        parts.evaluation.batch_size,
        parts.streams,
        parts.device,
        lambda done: on_progress(done, len(table)),
        by_step=by_step,
    )


def _counted(
    store: Store, parts: TrialParts, table: PuzzleTable, ballots: Ballots | None, cast: Predictions
) -> tuple[Predictions, dict[str, float | np.ndarray]]:
    """Count the votes and write their rows; the winners, and the task's own figures of the vote.

    Without copies that vote, the answers are those that were cast.
    """
    if ballots is None:
        return cast, {}
    task, blank = parts.task, dataclasses.replace(cast, tokens=answered_tokens(cast))
    of_votes = dict(task.score_votes(table, ballots.table, blank))
    predictions, votes = count_votes(task, table, ballots.table, cast)
    store.write("votes", parts.trial.name, [{**_names(parts), **row} for row in votes])
    return predictions, of_votes


def _costs(
    parts: TrialParts, table: PuzzleTable, answers: Predictions, ballots: Ballots | None
) -> dict[str, Any]:
    """The column `cost`, where it is known puzzle by puzzle."""
    of_puzzles = puzzle_costs(parts, answers)
    if of_puzzles is not None and ballots is not None:
        of_puzzles = np.bincount(owners_of(table, ballots.table), of_puzzles, len(table))
    return {} if of_puzzles is None else {"cost": of_puzzles}


def _mean_costs(
    parts: TrialParts, solver: Solver, table: PuzzleTable, answers: Predictions
) -> dict[str, Any]:
    """What an answer cost on average, the answers to a puzzle's copies together."""
    asked, copies = shown(solver, pairs_of(parts.task, table)), len(answers.tokens) / len(table)
    return answer_costs(parts, asked, table, answers, copies)


def _unique_share(task: Task, table: PuzzleTable) -> float | None:
    """The share of the puzzles that have one answer alone; None where nobody knows."""
    unique = task.has_one_answer(table.inputs)
    return None if unique is None else float(np.mean(unique))


def _attempts(metric: str) -> int:
    """Answers to a puzzle that count as tried, which the name of a figure tells: "vote@2"."""
    found = re.search(r"vote@(\d+)$", metric)
    return int(found[1]) if found else 1


def _write_rows(
    store: Store, parts: TrialParts, dataset: str, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Write the rows of one dataset; a file without rows would say nothing, so there is none."""
    name = parts.trial.name
    if rows := len(columns["puzzle_id"]):
        repeated = {key: [value] * rows for key, value in _names(parts).items()}
        store.write(dataset, name, {**repeated, **columns})
    else:
        store.remove(dataset, name)


def _depths(
    store: Store, parts: TrialParts, table: PuzzleTable, predictions: Predictions, metric: str
) -> dict[str, Any]:
    """The depth curve, where the model was asked at several depths; its answers are written."""
    curve = depth_curve(parts.task, table, predictions, metric)
    if curve is None:
        store.remove("depths", parts.trial.name)
        return {}
    _write_rows(store, parts, "depths", curve.answers)
    each = flops_per_step(parts)
    return {
        "by_depth": [
            {**point, "flops": None if each is None else each * steps}
            for point, steps in zip(curve.points, curve.steps, strict=True)
        ]
    }


def tested_puzzles(parts: TrialParts) -> PuzzleTable:
    """Return the puzzles that the trial is tested on.

    Raises:
        TrmbenchError: the task has none of them, or no augmented copies that could vote.
    """
    evaluation = parts.evaluation
    known = ("train", "validation", *parts.task.info.test_splits)
    if evaluation.split not in known:
        raise unknown("value of evaluation.split:", evaluation.split, known)
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
    if evaluation.limit is None or evaluation.limit >= len(table):
        return table
    first = evaluation.subset == "first"
    return table.select(slice(evaluation.limit) if first else sample(table, evaluation.limit))


def _headline(parts: TrialParts, totals: Mapping[str, float]) -> dict[str, Any]:
    """The figure that stands for the trial, its model's choice or else its task's, by name.

    Its value replaces the mean over puzzles where it is one of the totals.
    """
    task = registry.tasks().own_name(parts.trial.task)
    wanted: str | None = parts.model_entry.spec.headline.get(task)
    if wanted is not None and wanted not in totals:
        raise TrmbenchError(
            f"model {parts.trial.model} reports {wanted!r}, which task {task} does not give",
            f"its spec's headline may be one of {', '.join(totals) or 'none'}",
        )
    metric = wanted or parts.task.info.primary_metric
    value = {"score": totals[metric]} if metric in totals else {}
    return {"primary_metric": metric, "attempts": _attempts(metric), **value}


def _compute(answers: Predictions, parts: TrialParts) -> dict[str, float]:
    """Supervision steps used per test puzzle, where not all; with early exit, as share of all."""
    if answers.steps is None:
        return {}
    used = float(answers.steps.mean())
    if not parts.needs_training:
        return {"supervision_steps": used}
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
