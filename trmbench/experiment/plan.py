"""The trials of a run, and which of them are finished already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trmbench.config.cell import Cell, evaluation_hash
from trmbench.config.compose import checked_section
from trmbench.errors import TrmbenchError
from trmbench.spec import Trial
from trmbench.store import Store
from trmbench.store.final import has_final


@dataclass(frozen=True)
class Plan:
    """The trials of a run, and which of them are finished already."""

    cells: Sequence[Cell]
    trials: Sequence[Trial]
    finished: Sequence[Trial]

    @property
    def pending(self) -> list[Trial]:
        """The trials that are left to do."""
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
    finished = store.finished(trial.name for trial in trials)
    done = [trial for trial in trials if trial.name in finished]
    return Plan(cells, trials, done)


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
    if not has_final(store.checkpoints(row["trial_id"])):
        raise TrmbenchError(
            f"trial {row['trial_id']} has no final weights", "run it to its end first"
        )
    trial = store.trial_of(row)
    if changes.get("split") in ("train", "validation"):  # only test puzzles have copies that vote
        changes = {"votes": 1, **changes}
    evaluation = checked_section("evaluation", {**trial.config["evaluation"], **changes})
    return replace(
        trial,
        evaluation_id=evaluation_hash(evaluation),
        config={**trial.config, "evaluation": evaluation},
    )
