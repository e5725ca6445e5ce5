"""The tests of one trial: on each test split, and with each of its two sets of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trmbench.machine import EnergyMeter
from trmbench.spec.status import FINISHED
from trmbench.store import Store
from trmbench.store.final import FinalWeights
from trmbench.trial.build import TrialParts
from trmbench.trial.evaluate import evaluate
from trmbench.trial.memory import testing_in_memory
from trmbench.trial.record import TrialRecord
from trmbench.trial.solver import solver_of


class TrialTest:
    """Tests a trial; whatever is tested further has rows of its own.

    Args:
        parts: the trial's parts; its model has its final weights.
        store: where the rows go.
        record: the trial's row, which gets the figures of the test that counts.
        on_progress: gets the number of puzzles answered, and of all.
    """

    def __init__(
        self,
        parts: TrialParts,
        store: Store,
        record: TrialRecord,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._parts, self._store, self._record = parts, store, record
        self._on_progress = on_progress
        self._solver = solver_of(parts, bool(parts.execution.compile))

    def run(self, final: FinalWeights | None) -> None:
        """Test all there is to test, last of all what counts: a finished trial has all rows.

        Args:
            final: the model's weights; None = it answers as it is.
        """
        parts = self._parts
        evaluation = parts.evaluation
        if evaluation.split == "test" and evaluation.answers is None:
            if final is not None and final.last and evaluation.checkpoint != "last":
                last = parts.tested_otherwise(checkpoint="last")
                final.load_as_asked(last.model, last.evaluation)
                self._test_further(last)
                final.load_as_asked(parts.model, evaluation)
            for split in parts.task.info.test_splits[1:]:
                self._test_further(parts.tested_on(split))
        meter = EnergyMeter(parts.device)

        def metered(done: int, total: int) -> None:
            meter.update()
            self._on_progress(done, total)

        self._record.figures |= self._tested(parts, metered)
        self._record.figures["test_joules"] = meter.joules

    def _test_further(self, parts: TrialParts) -> None:
        record = self._record.of(parts)
        record.figures |= self._tested(parts, self._on_progress)
        record.write(FINISHED, None)

    def _tested(self, parts: TrialParts, tell: Callable[[int, int], None]) -> dict[str, Any]:
        with testing_in_memory(parts):
            return evaluate(parts, self._solver, self._store, tell)
