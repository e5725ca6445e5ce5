"""trmbench from Python, for notebooks: the same code as the command line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
from trmbench.errors import TrmbenchError
from trmbench.experiment.cells import cells_of_study, choose_cells
from trmbench.experiment.execute import run as run_plan
from trmbench.experiment.plan import Plan, changed_data, plan
from trmbench.plugin import registry
from trmbench.spec import RunnerSpec
from trmbench.store import Store
from trmbench.store.expectations import write_expectations
from trmbench.store.opening import open_results
from trmbench.store.schemas import SCHEMAS

if TYPE_CHECKING:
    import pandas as pd

    from trmbench.comparison.compare import ComparedCells


def run(
    models: str | Sequence[str],
    tasks: str | Sequence[str],
    *,
    seeds: int | str | Iterable[int] | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    expect: Sequence[str] = (),
    config: str | Path | None = None,
    runner: str = "local",
    results: str | Path = "results",
    progress: bool | None = None,
) -> pd.DataFrame:
    """Train and test every model on every task, once per seed; finished trials are skipped.

    What is interrupted goes on with the same call, or with `trmbench resume`.

    Args:
        models: a name, or several.
        tasks: a name, or several.
        seeds: how many (5 = seeds 0 to 4), or which; None takes the seeds of `config`, or seed 0.
        preset: a name; None takes `paper` on a GPU, else `mini`.
        settings: dotted settings, such as `{"train.steps": 500}`.
        expect: predictions to be stored before the first trial, such as "trm > hrm by 5".
        config: a TOML file of settings and cells.
        runner: what executes the trials.
        results: the results folder, or its URL in an object store.
        progress: whether to show how far the run is; None does so in a notebook or a terminal.

    Returns:
        The `trials` rows of what was asked for; a failed trial is a row with its error.

    Raises:
        TrmbenchError: an unknown name or setting, bad data, a folder that cannot be written.
    """
    import pandas as pd

    file = None if config is None else Path(config)
    runs = registry.runners().find(runner).spec
    models, tasks = _names(models), _names(tasks)
    choice = choose_cells(models, tasks, preset, file, settings or {}, seeds, runs, expect)
    store = Store(results, warnings.warn)
    todo = plan(choice.cells, choice.seeds, store)
    for line in (*choice.warnings, *changed_data(choice.cells, store), *todo.warnings):
        warnings.warn(line, stacklevel=2)
    write_expectations(store, choice.expected)
    if todo.pending:
        store.ensure_writable()
        _execute(todo, store, runs, progress)
    return pd.DataFrame(todo.rows(store))


def _names(given: str | Sequence[str]) -> Sequence[str]:
    return [given] if isinstance(given, str) else given


def _execute(todo: Plan, store: Store, runs: RunnerSpec, show: bool | None) -> None:
    """Run what is pending, with a display where one is wanted."""
    from trmbench.bench.estimate import seconds_by_cell  # loads torch
    from trmbench.report.console import SafeConsole
    from trmbench.report.progress import TrialProgress

    console = SafeConsole()
    interactive = console.is_terminal or console.is_jupyter
    if not (interactive if show is None else show):
        for _ in run_plan(todo, store, runs, seconds_by_cell):
            continue  # the rows are in the store
        return
    names = {trial.trial_id: trial.name for trial in todo.pending}
    with TrialProgress(todo.pending, console, console.print) as shown:
        for result in run_plan(
            todo, store, runs, shown.estimating(seconds_by_cell), shown.on_event
        ):
            shown.on_result(result, *store.trials([names[result.trial_id]]))


def load(
    results: str | Path = "results", dataset: str = "trials", names: Iterable[str] | None = None
) -> pd.DataFrame:
    """One dataset of a results folder; damaged files are warned of and left out.

    Args:
        results: the results folder, or its URL in an object store.
        dataset: "trials", "curves", "puzzles", "depths" or "votes".
        names: the files wanted, without suffix; None = all.

    Raises:
        TrmbenchError: there is no such dataset.
    """
    if dataset not in SCHEMAS:
        raise TrmbenchError(f"unknown dataset {dataset!r}", f"one of: {', '.join(SCHEMAS)}")
    return Store(results, warnings.warn).read(dataset, names=names).to_pandas()


def compare(
    results: str | Path | Sequence[str | Path] = "results",
    *,
    study: str | None = None,
    apart: bool = False,
    **question: Any,
) -> ComparedCells:
    """Return what `trmbench compare` prints as values: cells, differences and verdicts.

    Args:
        results: a results folder, its URL, or a bundle; or several, whose rows are compared as one.
        study: a study that comes with trmbench: look at its cells only, named as it names them.
        apart: each of several places has cells of its own, even of trials that they share.
        question: fields of `trmbench.comparison.question.Question`, such as `baseline="direct"`.
    """
    places = [results] if isinstance(results, str | Path) else results
    cells = partial(cells_of_study, study) if study else None
    store = open_results(places, warnings.warn, apart)
    return compare_cells(store, Question(study=cells, **question))
