"""From cells and seeds to trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from trmbench import Trial, TrialEvent, TrialResult, TrmbenchError
from trmbench.experiment.cells import choose_cells
from trmbench.experiment.execute import execute
from trmbench.experiment.plan import plan
from trmbench.store import Store


def test_finished_trials_are_skipped_and_more_seeds_add_only_theirs(tmp_path: Path) -> None:
    cells = choose_cells(["trm"], ["maze"], "mini", None, {}).cells
    store = Store(tmp_path)
    first = plan(cells, [0, 1], store)
    assert len(first.pending) == 2
    store.write_trial(first.trials[0], {"status": "finished"})
    store.write_trial(first.trials[1], {"status": "failed"})
    again = plan(cells, [0, 1, 2], store)
    assert [trial.seed for trial in again.finished] == [0]
    assert [trial.seed for trial in again.pending] == [1, 2]


def test_every_model_meets_every_task_once() -> None:
    cells = choose_cells(["trm", "trm"], ["maze", "sudoku"], "mini", None, {}).cells
    assert [(cell.model, cell.task) for cell in cells] == [("trm", "maze"), ("trm", "sudoku")]


def test_nothing_named_is_an_error_with_an_example() -> None:
    with pytest.raises(TrmbenchError, match="--model trm --task maze"):
        choose_cells([], [], None, None, {})


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'maze'"):
        choose_cells(["trm"], ["mase"], "mini", None, {})
    with pytest.raises(TrmbenchError, match="did you mean 'trm'"):
        choose_cells(["trmm"], ["maze"], "mini", None, {})


class SlowRunner:
    """Takes trials one by one, and notes when it is closed."""

    closed = False

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        try:
            for trial in trials:
                yield TrialResult(trial.trial_id, "finished")
        finally:
            self.closed = True


def test_a_spent_time_budget_begins_no_further_trial(tmp_path: Path) -> None:
    todo = plan(choose_cells(["trm"], ["maze"], "mini", None, {}).cells, range(3), Store(tmp_path))
    assert list(execute(todo.pending, SlowRunner(), print, time_budget=0)) == []
    assert len(list(execute(todo.pending, SlowRunner(), print, time_budget=60))) == 3


def test_leaving_early_closes_the_runner(tmp_path: Path) -> None:
    todo = plan(choose_cells(["trm"], ["maze"], "mini", None, {}).cells, range(3), Store(tmp_path))
    runner = SlowRunner()
    results = execute(todo.pending, runner, print)
    next(results)
    results.close()
    assert runner.closed


class MappingRunner:
    """Has an iterator that is no generator, and so cannot be closed."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        return map(lambda trial: TrialResult(trial.trial_id, "finished"), trials)


def test_results_that_cannot_be_closed_are_used_all_the_same(tmp_path: Path) -> None:
    todo = plan(choose_cells(["trm"], ["maze"], "mini", None, {}).cells, range(3), Store(tmp_path))
    results = execute(todo.pending, MappingRunner(), print)
    assert next(results).status == "finished"
    assert len(list(results)) == 2
