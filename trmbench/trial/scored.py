"""Predictions that were made elsewhere become the rows of a trial like any other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from torch import Generator

from trmbench.errors import TrmbenchError
from trmbench.evaluation.given import given_predictions, require_faultless
from trmbench.evaluation.prediction_files import read_columns
from trmbench.plugin.manager import Plugin
from trmbench.plugin.registry import Entry
from trmbench.spec import Batch, Context, ModelSpec, TaskInfo, Trial
from trmbench.spec.status import FINISHED
from trmbench.store import Store
from trmbench.store.claims import claimed
from trmbench.trial.build import TrialParts
from trmbench.trial.evaluate import evaluate, tested_puzzles
from trmbench.trial.record import TrialRecord


class Elsewhere:
    """The solver whose answers are known, and which cannot be asked."""

    def predict(self, batch: Batch, generator: Generator) -> NoReturn:
        """Refuse to answer."""
        raise TrmbenchError("the predictions were made elsewhere", "score another file of them")


def elsewhere(name: str) -> ModelSpec:
    """Describe a model that is known by its predictions alone."""

    def build(options: object, info: TaskInfo, context: Context) -> Elsewhere:
        return Elsewhere()

    return ModelSpec(name, f"{name}, by its predictions", {}, build)


class _Parts(TrialParts):
    @cached_property
    def model_entry(self) -> Entry:
        """What stands for the model."""
        return Entry(elsewhere(self.trial.model), Plugin("score", "predictions", "given"))


def score_predictions(
    trial: Trial, file: Path, store: Store, allowed: Sequence[str] = ()
) -> list[str]:
    """Verify and score predictions of a trial's test puzzles, and write its rows.

    Args:
        trial: its configuration names the file in a section `predictions`.
        file: the predictions.
        store: where the rows go.
        allowed: faults that are no obstacle, of `trmbench.evaluation.given.FAULTS`.

    Returns:
        A line about each fault that was allowed.

    Raises:
        TrmbenchError: the task cannot be loaded, or the predictions are not what they should be.
    """
    columns = read_columns(file)
    parts = _Parts(trial)
    tested = tested_puzzles(parts)
    split = parts.task.split(parts.evaluation.split)
    given, faults = given_predictions(columns, parts.task, split, tested)
    lines = require_faultless(faults, len(tested), allowed)
    store.ensure_writable()
    with claimed(trial.results, trial.trial_id):
        record = TrialRecord(parts, store)
        record.data = parts.task.info
        record.figures |= evaluate(parts, parts.model, store, lambda done, total: None, given)
        record.figures["test_seconds"] = None  # what it took here is no part of answering
        record.write(FINISHED, None)
    return lines
