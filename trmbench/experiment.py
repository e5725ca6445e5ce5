"""Cells and seeds to trials: skips what is finished, hands the rest to a runner."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from typing import Any

from trmbench import registry
from trmbench.claims import CLAIMED, holder
from trmbench.config import Cell, checked_section, compose, evaluation_hash
from trmbench.device import has_cuda
from trmbench.errors import TrmbenchError
from trmbench.plugins import plugin_manager
from trmbench.spec import Runner, Trial, TrialEvent, TrialResult
from trmbench.store import FAILED, FINAL, FINISHED, Store
from trmbench.study import pairs, read_study

AUTO_PRESET = "auto"
CLAIM_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Choice:
    """The cells a user asked for."""

    cells: Sequence[Cell]
    seeds: str | None
    """The seeds that a file asks for."""
    note: str | None
    """A line about what was chosen automatically."""
    published: str | None = None
    """The published table that a study follows."""
    published_rows: Mapping[str, str] = field(default_factory=dict)
    """By cell_id, the cell's row there."""


def choose_cells(
    models: Sequence[str],
    tasks: Sequence[str],
    preset: str | None,
    file: Traversable | None,
    overrides: Mapping[str, Any],
) -> Choice:
    """Resolve models x tasks, or the cells of a TOML file.

    Args:
        models: names; with a file, they replace the file's and choose among its cells.
        tasks: names, likewise.
        preset: a name, "auto", or None for the file's or auto; with a name, for every cell.
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
    cells: dict[str, Cell] = {}
    published_rows: dict[str, str] = {}
    for asked in study.cells:
        model = registry.models().find(asked.model).spec
        task = registry.tasks().find(asked.task).spec
        of_cell = (asked.preset if preset is None else None) or automatic or wanted
        for row in asked.rows(of_cell):
            cell = compose(model, task, of_cell, row.overrides, overrides)
            cells.setdefault(cell.cell_id, replace(cell, label=row.label))
            if study.published and asked.name:
                published_rows.setdefault(cell.cell_id, asked.name)
    note = None
    if automatic:
        found = "a GPU was found" if automatic == "paper" else "no GPU was found"
        note = f"Preset {automatic}, since {found}; --preset chooses another."
    return Choice(list(cells.values()), study.seeds, note, study.published, published_rows)


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

    def rows(self, store: Store) -> list[dict[str, Any]]:
        """The stored rows of the trials, in this order, by the labels given here."""
        labels = {cell.cell_id: cell.label for cell in self.cells}
        places = {trial.trial_id: place for place, trial in enumerate(self.trials)}
        rows = store.trials([trial.name for trial in self.trials])
        for row in rows:
            row["label"] = labels[row["cell_id"]] or row["label"]
        return sorted(rows, key=lambda row: places[row["trial_id"]])


def plan(cells: Sequence[Cell], seeds: Sequence[int], store: Store) -> Plan:
    """The trials of cells x seeds, cell by cell."""
    trials = [cell.trial(seed, store.address) for cell in cells for seed in seeds]
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
) -> Generator[TrialResult, None, None]:
    """Run trials, telling the plugins of each; yields the results as they come.

    A trial that another process does is left to the end, and looked after when that process is
    done with it.

    Args:
        trials: what to run.
        runner: who runs it.
        on_event: gets the progress.
        time_budget: seconds after which no further trial is begun; None = no limit.
    """
    by_id = {trial.trial_id: trial for trial in trials}
    announced: set[str] = set()
    queue = _Queue(trials, on_event, time_budget)

    def announce(event: TrialEvent) -> None:
        if event.trial_id not in announced and event.trial_id in by_id:
            announced.add(event.trial_id)
            plugin_manager().call("trmbench_trial_started", trial=by_id[event.trial_id])
        on_event(event)

    while queue.has_more():
        with closing(_results(runner.run(queue, announce))) as results:
            for result in (each for outcome in results for each in (outcome, *outcome.stacked)):
                trial = by_id[result.trial_id]
                if result.status == CLAIMED:
                    queue.put_aside(trial, str(result.error))
                    continue
                if result.status == FINISHED:
                    plugin_manager().call("trmbench_trial_finished", trial=trial, result=result)
                elif result.status == FAILED:
                    plugin_manager().call("trmbench_trial_failed", trial=trial, failure=result)
                yield result


def _results(of_runner: Iterator[TrialResult]) -> Generator[TrialResult, None, None]:
    """A generator, which can be closed, where the runner may have another iterator."""
    yield from of_runner


class _Queue:
    """Trials to hand out, those that other processes do set aside for another round."""

    def __init__(
        self,
        trials: Iterable[Trial],
        on_event: Callable[[TrialEvent], None],
        time_budget: float | None,
    ) -> None:
        self._next = deque(trials)
        self._aside: list[Trial] = []
        self._told: set[tuple[str, str]] = set()
        self._on_event = on_event
        self._deadline = math.inf if time_budget is None else time.monotonic() + time_budget

    def __iter__(self) -> Iterator[Trial]:
        while self._next and time.monotonic() <= self._deadline:
            self._take_back_freed()
            trial = self._next.popleft()
            other = holder(trial.results, trial.trial_id)
            if other is None:
                yield self._with_other_seeds(trial)
            else:
                self.put_aside(trial, f"{other} does it")

    def _with_other_seeds(self, trial: Trial) -> Trial:
        """The trial with those of its cell that are free, where seeds are to be stacked."""
        builds_upon = registry.models().find(trial.model).spec.base
        if not trial.config["execution"].get("stack_seeds") or builds_upon is not None:
            return trial
        others = [
            other
            for other in self._next
            if (other.cell_id, other.evaluation_id) == (trial.cell_id, trial.evaluation_id)
            and holder(other.results, other.trial_id) is None
        ]
        self._next = deque(other for other in self._next if other not in others)
        return replace(trial, stacked=tuple(others))

    def put_aside(self, trial: Trial, reason: str) -> None:
        """Keep a trial for later, and say why."""
        self._aside.append(trial)
        if (trial.trial_id, reason) not in self._told:
            self._told.add((trial.trial_id, reason))
            self._on_event(TrialEvent(trial.trial_id, "train", 0, 0, message=f"later: {reason}"))

    def has_more(self) -> bool:
        """Whether a trial can be handed out, once one is free, and there is time for it."""
        self._take_back_freed()
        while not self._next and self._aside and time.monotonic() <= self._deadline:
            time.sleep(CLAIM_POLL_SECONDS)
            self._take_back_freed()
        return bool(self._next) and time.monotonic() <= self._deadline

    def _take_back_freed(self) -> None:
        free = [t for t in self._aside if holder(t.results, t.trial_id) is None]
        self._next.extend(free)
        self._aside = [trial for trial in self._aside if trial not in free]


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
    trial = store.trial_of(row)
    if changes.get("split") == "train":  # only test puzzles have copies that vote
        changes = {"votes": 1, **changes}
    evaluation = checked_section("evaluation", {**trial.config["evaluation"], **changes})
    return replace(
        trial,
        evaluation_id=evaluation_hash(evaluation),
        config={**trial.config, "evaluation": evaluation},
    )
