"""Cells and seeds to trials: skips what is finished, hands the rest to a runner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trmbench import registry
from trmbench.config import Cell, checked_section, compose, short_hash
from trmbench.device import has_cuda
from trmbench.errors import TrmbenchError
from trmbench.plugins import plugin_manager
from trmbench.spec import Runner, Trial, TrialEvent, TrialResult
from trmbench.store import FAILED, FINAL, FINISHED, Store
from trmbench.study import pairs, read_study

AUTO_PRESET = "auto"


@dataclass(frozen=True)
class Choice:
    """The cells a user asked for."""

    cells: Sequence[Cell]
    seeds: str | None
    """The seeds that a file asks for."""
    note: str | None
    """A line about what was chosen automatically."""


def choose_cells(
    models: Sequence[str],
    tasks: Sequence[str],
    preset: str | None,
    file: Path | None,
    overrides: Mapping[str, Any],
) -> Choice:
    """Resolve models x tasks, or the cells of a TOML file.

    Args:
        models: names; with a file, they replace the file's.
        tasks: names, likewise.
        preset: a name, "auto", or None for the file's or auto.
        file: a study (`trmbench.study`), or None.
        overrides: dotted settings of the command line.

    Raises:
        TrmbenchError: an unknown name, key or preset, a bad value, or nothing to do.
    """
    study = read_study(file, models, tasks) if file else pairs(models, tasks)
    if not study.cells:
        raise TrmbenchError(
            "nothing to run: name a model and a task", "such as --model trm --task maze"
        )
    wanted = preset or study.preset or AUTO_PRESET
    automatic = automatic_preset() if wanted == AUTO_PRESET else None
    cells = {
        cell.cell_id: cell
        for asked in study.cells
        for cell in [
            compose(
                registry.models().find(asked.model).spec,
                registry.tasks().find(asked.task).spec,
                preset or asked.preset or automatic or wanted,
                asked.overrides,
                overrides,
            )
        ]
    }
    note = None
    if automatic:
        found = "a GPU was found" if automatic == "paper" else "no GPU was found"
        note = f"Preset {automatic}, since {found}; --preset chooses another."
    return Choice(list(cells.values()), study.seeds, note)


def automatic_preset() -> str:
    """`paper` where there is a CUDA GPU, else `mini`."""
    return "paper" if has_cuda() else "mini"


@dataclass(frozen=True)
class Plan:
    """The trials of a run, and which of them are finished already."""

    cells: Sequence[Cell]
    trials: Sequence[Trial]
    finished: Sequence[Trial]

    @property
    def pending(self) -> list[Trial]:
        """What is left to do."""
        done = {trial.trial_id for trial in self.finished}
        return [trial for trial in self.trials if trial.trial_id not in done]


def plan(cells: Sequence[Cell], seeds: Sequence[int], store: Store) -> Plan:
    """The trials of cells x seeds, cell by cell."""
    trials = [cell.trial(seed, str(store.root)) for cell in cells for seed in seeds]
    columns = ["trial_id", "status"]
    rows = store.read("trials", columns, [trial.name for trial in trials]).to_pylist()
    finished = {row["trial_id"] for row in rows if row["status"] == FINISHED}
    done = [trial for trial in trials if trial.trial_id in finished]
    return Plan(cells, trials, done)


def execute(
    trials: Sequence[Trial],
    runner: Runner,
    on_event: Callable[[TrialEvent], None],
    time_budget: float | None = None,
) -> Iterator[TrialResult]:
    """Run trials, telling the plugins of each; yields the results as they come.

    Args:
        trials: what to run.
        runner: who runs it.
        on_event: gets the progress.
        time_budget: seconds after which no further trial is begun; None = no limit.
    """
    by_id = {trial.trial_id: trial for trial in trials}
    announced: set[str] = set()
    deadline = None if time_budget is None else time.monotonic() + time_budget

    def announce(event: TrialEvent) -> None:
        if event.trial_id not in announced and event.trial_id in by_id:
            announced.add(event.trial_id)
            plugin_manager().call("trmbench_trial_started", trial=by_id[event.trial_id])
        on_event(event)

    def within_budget() -> Iterator[Trial]:
        for trial in trials:
            if deadline is not None and time.monotonic() > deadline:
                return
            yield trial

    with closing(runner.run(within_budget(), announce)) as results:
        for result in results:
            trial = by_id[result.trial_id]
            if result.status == FINISHED:
                plugin_manager().call("trmbench_trial_finished", trial=trial, result=result)
            elif result.status == FAILED:
                plugin_manager().call("trmbench_trial_failed", trial=trial, failure=result)
            yield result


def reevaluation(store: Store, start: str, changes: Mapping[str, Any]) -> Trial:
    """A trained trial with other evaluation settings.

    Args:
        store: where the trial is.
        start: the beginning of its id.
        changes: keys of the `evaluation` section.

    Raises:
        TrmbenchError: there is no such trial, it is not trained, or a setting does not exist.
    """
    row = store.find_trial(start)[0]
    if not (store.checkpoints(row["trial_id"]) / f"{FINAL}.json").exists():
        raise TrmbenchError(
            f"trial {row['trial_id']} has no final weights", "run it to its end first"
        )
    config = json.loads(row["config"])
    evaluation = checked_section("evaluation", {**config["evaluation"], **changes})
    return Trial(
        **{name: row[name] for name in ("trial_id", "cell_id", "model", "task", "preset", "seed")},
        evaluation_id=short_hash(evaluation),
        config={**config, "evaluation": evaluation},
        overrides=json.loads(row["overrides"] or "{}"),
        results=str(store.root),
    )
