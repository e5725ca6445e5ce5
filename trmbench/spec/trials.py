"""Trials, and what executes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

Row = Mapping[str, Any]
"""A row of the results, by column."""


@dataclass(frozen=True)
class Trial:
    """One cell with one seed, resolved: what a runner hands to `trmbench.run_trial`."""

    trial_id: str
    cell_id: str
    evaluation_id: str
    model: str
    task: str
    preset: str
    seed: int
    config: Mapping[str, Mapping[str, Any]]
    """The sections: task, model, train, evaluation, execution, and the runner's own."""
    overrides: Mapping[str, Any]
    """What differs from the preset in what is learned, by dotted key."""
    results: str
    """The results folder."""
    cell_label: str | None = None
    """What a study calls the cell; for people, never hashed."""
    command: str = ""
    """The command line that asked for it."""
    stacked: tuple[int, ...] = ()
    """Further seeds of the cell, to be trained together with this one in one computation."""

    @property
    def threads(self) -> int:
        """CPU threads that the trial is worth, those of the seeds stacked with it included."""
        threads: int = max(1, self.config["train"]["threads"])
        return threads * (1 + len(self.stacked))

    @property
    def name(self) -> str:
        """The name of its files in the store (`row_name`)."""
        return row_name(vars(self))

    @property
    def label(self) -> str:
        """For people: model (or row of a study), task and seed."""
        return f"{self.cell_label or self.model} {self.task} seed {self.seed}"


def split_of(row: Row) -> str:
    """The split that a row's trial was tested on."""
    evaluation = json.loads(row["config"] or "{}").get("evaluation", {})
    split: str = evaluation.get("split") or "test"
    return split


def data_of(row: Row) -> str | None:
    """Return the fingerprint of the data that a trial had; None where it was not recorded."""
    found: str | None = (parsed(row["provenance"]).get("data") or {}).get("fingerprint")
    return found


def bases_of(row: Row) -> list[str]:
    """Name the trials that a trial builds upon, as far as its row recorded them."""
    provenance = parsed(row["provenance"])
    single = [base["trial_id"]] if (base := provenance.get("base")) else []
    return [*(provenance.get("bases") or ()), *single]


@lru_cache(maxsize=4096)  # the trials of a cell are compared with the trials of each other one
def parsed(text: str | None) -> Row:
    """Read the JSON of a row's column; empty where there is none."""
    found: Row = json.loads(text or "{}")
    return found


def row_name(row: Row) -> str:
    """The name, without suffix, of the files that hold a trial's rows for one evaluation."""
    return f"{row['trial_id']}-{row['evaluation_id']}"


def seeds_named(seeds: Iterable[int]) -> str:
    """Name seeds, many of them by their number."""
    names = [str(seed) for seed in sorted(seeds)]
    several = "seeds" if len(names) > 1 else "seed"
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]
    return f"{several} {', '.join(shown)}"


@dataclass(frozen=True)
class TrialEvent:
    """Progress of a running trial."""

    trial_id: str
    phase: str
    """"train" or "test"."""
    step: int
    """In "train" the training step, in "test" the puzzles answered."""
    total: int
    """How many of them there are; 0 in a mere note."""
    loss: float | None = None
    accuracy: float | None = None
    """Exact accuracy of what was just trained or tested on."""
    steps_per_second: float | None = None
    message: str | None = None
    """A line for the user."""
    points: Sequence[Row] = ()
    """The rows of the learning curve since the last event."""

    @classmethod
    def note(cls, trial_id: str, text: str) -> TrialEvent:
        """Tell the user something about a trial, in one line."""
        return cls(trial_id, "train", 0, 0, message=text)


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended; its rows are in the store by then."""

    trial_id: str
    status: str
    """"finished", "failed", "interrupted", or "claimed" by another process that does it."""
    error: str | None = None
    """Why it failed, in one line."""
    traceback: str | None = None
    """Where it failed, for `--debug`."""
    stacked: tuple[TrialResult, ...] = ()
    """How the seeds stacked with it ended."""


class Runner(Protocol):
    """Executes trials."""

    def run(
        self, trials: Iterable[Trial], on_event: Callable[[TrialEvent], None]
    ) -> Iterator[TrialResult]:
        """Yield each trial's result as it ends; a failed trial stops no other.

        Trials are taken one by one, when there is room for the next. When the generator is closed
        or an exception is thrown into it, running trials are asked to stop.
        """
        ...
