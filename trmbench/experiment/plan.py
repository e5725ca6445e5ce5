"""The trials of a run, and which of them are finished already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trmbench.config.cell import DATA, HASHED_SECTIONS, Cell, evaluation_hash
from trmbench.config.compose import checked_section
from trmbench.config.data import is_undigested, require_same_files, require_same_puzzles
from trmbench.config.stored import require_known_settings
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry
from trmbench.spec import Trial
from trmbench.spec.ids import is_id
from trmbench.spec.settings import EvaluationSettings
from trmbench.spec.status import FINISHED
from trmbench.spec.trials import Row, bases_of, split_of
from trmbench.store import Store
from trmbench.store.final import asked_evaluation, has_final


@dataclass(frozen=True)
class Plan:
    """The trials of a run, and which of them are finished already."""

    cells: Sequence[Cell]
    trials: Sequence[Trial]
    finished: Sequence[Trial]
    retrained: Sequence[Trial] = ()
    """Those of the pending ones that finished before, and whose weights are not there."""

    @property
    def pending(self) -> list[Trial]:
        """The trials that are left to do."""
        done = {trial.trial_id for trial in self.finished}
        return [trial for trial in self.trials if trial.trial_id not in done]

    @property
    def warnings(self) -> list[str]:
        """Write what should be known before the trials are run."""
        if not self.retrained:
            return []
        some, count = self.retrained[0], len(self.retrained)
        return [
            f"trained again, as the final weights are not in {some.results}: {count} finished"
            f" trial{'s' * (count > 1)}, such as {some.trial_id} ({some.label}); what is stored"
            " of a trial stays until it has finished again"
        ]

    def further_rows(self, store: Store) -> list[dict[str, Any]]:
        """The stored rows of the same trials as tested on the other test splits of their tasks."""
        asked = {trial.trial_id: trial.config["evaluation"] for trial in self.trials}
        found = store.trials(store.names_of(asked)) if self.trials else []
        return [row for row in found if _is_further(row, asked[row["trial_id"]])]

    def rows(self, store: Store) -> list[dict[str, Any]]:
        """The stored rows of the trials, in this order, by the labels given here."""
        labels = {cell.cell_id: cell.label for cell in self.cells}
        places = {trial.trial_id: place for place, trial in enumerate(self.trials)}
        rows = store.trials([trial.name for trial in self.trials])
        for row in rows:
            row["label"] = labels[row["cell_id"]] or row["label"]
        return sorted(rows, key=lambda row: places[row["trial_id"]])


def _is_further(row: Row, asked: Mapping[str, Any]) -> bool:
    """Whether a row is what a run writes for another split than the one that counts."""
    split = split_of(row)
    own = {"split": split, "votes": 1}
    is_other = split not in (asked["split"], "train", "validation")
    return is_other and row["evaluation_id"] == evaluation_hash({**asked, **own})


def plan(cells: Sequence[Cell], seeds: Sequence[int], store: Store) -> Plan:
    """The trials of cells x seeds, cell by cell."""
    trials = [cell.trial(seed, store.address) for cell in cells for seed in seeds]
    done = store.done(trials)
    finished = [trial for trial in trials if trial.name in done]
    pending = [trial for trial in trials if trial.name not in done]
    return Plan(cells, trials, finished, retrained(pending, store))


def retrained(trials: Sequence[Trial], store: Store) -> list[Trial]:
    """Return those of the trials that finished before, and whose weights are not there."""
    if not trials or not store.root.exists():
        return []
    names = store.names_of(trial.trial_id for trial in trials)
    lacking = {row["trial_id"] for row in store.trials(names) if _lacks_weights(store, row)}
    return [trial for trial in trials if trial.trial_id in lacking]


def _lacks_weights(store: Store, row: Row) -> bool:
    """Whether a trial has finished, and its weights or those of its bases are not all there."""
    owners = bases_of(row) or [row["trial_id"]] * (row["train_seconds"] is not None)
    return row["status"] == FINISHED and not _all_there(store, owners)


def changed_data(cells: Sequence[Cell], store: Store) -> list[str]:
    """Write a line for each cell that the store has trials of, on other data by the same name."""
    named = [cell for cell in cells if DATA in cell.sections]
    rows = store.trials() if named else []
    lines = []
    for cell in named:
        before = [row for row in rows if row["cell_id"] != cell.cell_id and _is_like(row, cell)]
        if before:
            known = any(DATA in json.loads(row["config"]) for row in before)
            lines.append(
                f"{cell.model} on {cell.task}: the store has {len(before)} trials of"
                f" {'other data' if known else 'data of which no digest was kept'} by the same"
                " name; they stay a cell of their own, compared and never pooled"
            )
    return lines


def _is_like(row: Mapping[str, Any], cell: Cell) -> bool:
    """Whether a stored row's learned settings are the cell's, as far as it has them."""
    if (row["model"], row["task"], row["preset"]) != (cell.model, cell.task, cell.preset):
        return False
    config, ours = json.loads(row["config"] or "{}"), cell.values
    return all(
        ours[section].get(key) == value
        for section in HASHED_SECTIONS
        for key, value in config.get(section, {}).items()
    )


def reevaluation(store: Store, start: str, changes: Mapping[str, Any]) -> Trial:
    """A trained trial with other evaluation settings.

    Args:
        store: where the trial is.
        start: the beginning of its id.
        changes: keys of the `evaluation` section; `rescore` scores the stored answers instead.

    Raises:
        TrmbenchError: there is no such trial, it is not trained, or a setting does not exist.
    """
    [trial] = reevaluations(store, [store.find_trial(start)[0]], changes)
    return trial


def reevaluations(
    store: Store, rows: Iterable[Row], changes: Mapping[str, Any], *, trained_only: bool = False
) -> list[Trial]:
    """Trained trials with other evaluation settings, each once.

    Args:
        store: where the trials are.
        rows: their rows.
        changes: keys of the `evaluation` section; what they leave is as the trial was run with,
            whatever it was tested with since.
        trained_only: leave out the trials without final weights instead of refusing them.

    Raises:
        TrmbenchError: a trial is not trained, cannot be used here, or a setting does not exist.
    """
    firsts: dict[str, Row] = {}
    for row in rows:
        firsts.setdefault(row["trial_id"], row)
    ready = {
        key: row
        for key, row in firsts.items()
        if has_final(store.checkpoints(key)) or (not trained_only and _stands(store, row))
    }
    if not trained_only and len(ready) < len(firsts):
        missing = next(key for key in firsts if key not in ready)
        raise TrmbenchError(f"trial {missing} has no final weights", "run it to its end first")
    return [_tested_again(_as_asked(store, row), row, dict(changes)) for row in ready.values()]


def _stands(store: Store, row: Row) -> bool:
    """Whether a trial has finished with what it builds upon, whose weights are all there."""
    bases = bases_of(row)
    return row["status"] == FINISHED and bool(bases) and _all_there(store, bases)


def _all_there(store: Store, trial_ids: Iterable[str]) -> bool:
    return all(is_id(each) and has_final(store.checkpoints(each)) for each in trial_ids)


def _as_asked(store: Store, row: Row) -> Trial:
    """A trained trial with the evaluation that it was run with."""
    trial = store.trial_of(row)
    folder = store.checkpoints(trial.trial_id)
    asked = asked_evaluation(folder) if has_final(folder) else {}
    evaluation = EvaluationSettings.told(asked or trial.config["evaluation"])
    config = {**trial.config, "evaluation": evaluation}
    return replace(trial, evaluation_id=evaluation_hash(evaluation), config=config)


def _tested_again(trial: Trial, row: Row, changes: dict[str, Any]) -> Trial:
    require_known_settings(trial)
    if changes.pop("rescore", False):
        return _rescoring(trial)
    _require_same_data(trial, row)
    if changes.get("split", "test") != "test":  # only test puzzles have copies that vote
        changes = {"votes": 1, **changes}
    return _with_evaluation(trial, changes)


def _require_same_data(trial: Trial, row: Mapping[str, Any]) -> None:
    """Refuse to test a trial on other data, before anything of it is written."""
    spec = registry.tasks().find(trial.task).spec
    options = spec.options(**trial.config["task"])
    require_same_files(trial, spec, options)
    if is_undigested(trial, spec):
        require_same_puzzles(row, spec.load(options).info)


def _rescoring(trial: Trial) -> Trial:
    """Name the stored answers of a trial, and the data of today."""
    spec = registry.tasks().find(trial.task).spec
    held = spec.content_of(spec.options(**trial.config["task"]))
    told = trial.config["evaluation"].get("answers") or trial.evaluation_id
    today = replace(trial, config={**trial.config, DATA: held})
    return _with_evaluation(today, {"answers": told})


def _with_evaluation(trial: Trial, changes: Mapping[str, Any]) -> Trial:
    evaluation = checked_section(
        "evaluation", {**EvaluationSettings.told(trial.config["evaluation"]), **changes}
    )
    return replace(
        trial,
        evaluation_id=evaluation_hash(evaluation),
        config={**trial.config, "evaluation": evaluation},
    )
