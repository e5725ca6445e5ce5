"""The score of weights in training on the puzzles that were held out of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.evaluation.answers import RecursiveSolver, predict
from trmbench.evaluation.scoring import score
from trmbench.trial.build import TrialParts


class HeldOut:
    """Scores weights with a model of its own, so that the training goes on as if nothing was asked.

    Args:
        parts: the trial's parts.
    """

    def __init__(self, parts: TrialParts) -> None:
        self._parts = parts
        self._model: Any = None

    def __call__(self, raw: Mapping[str, Tensor], averages: Mapping[str, Tensor]) -> float:
        """The task's score of the averages, or of the weights where there are none, in 0..1."""
        parts = self._parts
        if self._model is None:
            self._model = copy.deepcopy(parts.model)
        self._model.load_state_dict(raw)
        if averages:
            self._model.load_state_dict(averages, strict=False)
        told = (parts.dtype, parts.trial.seed, parts.schedule(1.0))
        solver = RecursiveSolver(self._model.eval(), None, *told)
        table, size = parts.task.split("validation"), parts.evaluation.batch_size
        answers = predict(solver, table, size, parts.streams, parts.device, by_step=False)
        figures, _ = score(parts.task, table, answers)
        return float(figures["score"])


def check_selection(parts: TrialParts) -> None:
    """Refuse to choose a checkpoint where there is nothing to choose by, or from.

    Raises:
        TrmbenchError: no puzzles are held out, or the harness does not train the model.
    """
    if parts.train.select == "last":
        if parts.evaluation.checkpoint == "last":
            raise TrmbenchError(
                "evaluation.checkpoint=last, but the last weights are the ones that are tested",
                "train with --set train.select=validation to have others",
            )
        return
    if not parts.needs_training:
        raise TrmbenchError(
            f"train.select=validation, but {parts.trial.model} is not trained step by step here",
            "leave train.select out",
        )
    if not len(parts.task.split("validation")):
        raise TrmbenchError(
            "train.select=validation chooses by puzzles that are held out, and there are none",
            "hold some out, such as --set task.validation=200",
        )
