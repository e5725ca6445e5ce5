"""Scores in long form, one row per answer, aligned by the ids of models, items and seeds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .cells import average_groups
from .checkpoints import CheckpointComparison, compare_checkpoints
from .comparison import Comparison, compare_all
from .intervals import PUZZLES_LIKE_THESE, Interval, interval


class Columns(Protocol):
    """A table by columns: a pandas, polars or Arrow table, or a dict of sequences."""

    def __getitem__(self, name: str, /) -> Any:
        """The column of a name."""


@dataclass(frozen=True)
class Found:
    """What was found of two models on one task."""

    task: str
    a: str
    b: str
    comparison: Comparison | CheckpointComparison

    def __str__(self) -> str:
        return f"{self.task}: {self.comparison}" if self.task else str(self.comparison)

    def record(self) -> dict[str, Any]:
        """The figures as plain values, in a row of a table."""
        found = self.comparison
        estimate = found.estimate
        corrected = (
            found.p_corrected
            if isinstance(found, CheckpointComparison)
            else found.evidence.p_corrected
        )
        return {
            "task": self.task,
            "a": self.a,
            "b": self.b,
            "difference": estimate.difference,
            "low": estimate.low,
            "high": estimate.high,
            "p_value": estimate.p_value,
            "p_corrected": corrected,
            "verdict": found.verdict,
            "sentence": str(found),
        }


class Findings(tuple[Found, ...]):
    """All comparisons of a call; `str()` writes a sentence for each."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def frame(self) -> Any:
        """The figures as a pandas DataFrame, a row per comparison.

        Raises:
            ModuleNotFoundError: pandas is not installed; `records` needs nothing.
        """
        import pandas

        return pandas.DataFrame(self.records())

    def records(self) -> list[dict[str, Any]]:
        """The figures as plain values, a dict per comparison."""
        return [found.record() for found in self]


class Study:
    """Models that answered the same items, perhaps with several seeds.

    Args:
        scores: by task and model the scores (K, P), items in one order within a task.
        notes: what was left out, in words.
    """

    def __init__(
        self, scores: Mapping[str, Mapping[str, NDArray[np.float64]]], notes: Sequence[str] = ()
    ) -> None:
        self.scores = scores
        self.notes = tuple(notes)

    def __str__(self) -> str:
        lines = [
            f"{task}{': ' if task else ''}{model}, {len(each)} x {each.shape[1]:,} scores,"
            f" mean {100 * each.mean():.1f} %"
            for task, models in self.scores.items()
            for model, each in models.items()
        ]
        return "\n".join([*lines, *self.notes])

    def cells(self, estimand: str = PUZZLES_LIKE_THESE) -> dict[tuple[str, str], Interval]:
        """The mean of each task and model with its interval; one seed: of this checkpoint only."""
        return {
            (task, model): interval(each, estimand)
            for task, models in self.scores.items()
            for model, each in models.items()
        }

    def compare(
        self,
        baseline: str | None = None,
        *,
        units: Literal["models", "checkpoints"] = "models",
        margin: float | None = None,
    ) -> Findings:
        """Compare all pairs of models of each task, or all with a baseline, as one Holm family.

        Args:
            baseline: the model that the others are compared with.
            units: "models" are trainings of which the seeds are a sample (at least 3 each);
                "checkpoints" are fixed systems, whose seeds are runs or epochs (1 suffices).
            margin: differences below it do not matter, in 0..1; of models only.

        Raises:
            ValueError: an unknown baseline or unit, or a margin for checkpoints.
        """
        triples = list(self._pairs(baseline))
        names = [(a, b) for _, a, b in triples]
        pairs = [(self.scores[task][a], self.scores[task][b]) for task, a, b in triples]
        found: list[Comparison | CheckpointComparison]
        if units == "models":
            found = [*compare_all(pairs, margin, names=names)]
        elif units == "checkpoints" and margin is None:
            found = [*compare_checkpoints(pairs, names)]
        else:
            raise ValueError(f'units "{units}" with a margin of {margin} are not known')
        return Findings(
            Found(task, a, b, one) for (task, a, b), one in zip(triples, found, strict=True)
        )

    def _pairs(self, baseline: str | None) -> Iterator[tuple[str, str, str]]:
        known = {model for models in self.scores.values() for model in models}
        if baseline is not None and baseline not in known:
            raise ValueError(f"no model {baseline!r}: there are {', '.join(sorted(known))}")
        for task, models in self.scores.items():
            for a, b in itertools.combinations(models, 2):
                if baseline is None or baseline == b:
                    yield task, a, b
                elif baseline == a:
                    yield task, b, a


def tidy(
    frame: Columns,
    *,
    model: str,
    item: str,
    score: str,
    seed: str | None = None,
    task: str | None = None,
    group: str | None = None,
) -> Study:
    """Make a study of a table with a row per answer; items are aligned by their ids.

    An item that some run of a task lacks is left out for all of its task, and counted.

    Args:
        frame: the table.
        model: the column that names the model.
        item: the column that names the item.
        score: the column of scores, in 0..1, or booleans.
        seed: the column that names the training seed, or the epoch; None = one run each.
        task: the column that names the task; None = one task.
        group: the column that names the group of an item, whose members are not independent; the
            groups' means are compared then.

    Raises:
        ValueError: an item twice in a run, a score that is none, an item in two groups, or no
            item that all runs of a task have.
    """
    columns = {name: _column(frame, name) for name in (model, item, score)}
    count = len(columns[score])
    seeds, tasks, groups = (
        np.full(count, "") if name is None else _column(frame, name) for name in (seed, task, group)
    )
    values = np.asarray(columns[score], dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {count} scores are missing (NaN)")
    runs: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    of_item: dict[tuple[str, str], str] = {}
    rows = zip(tasks, columns[model], seeds, columns[item], groups, values, strict=True)
    for t, m, s, i, g, value in rows:
        run = runs.setdefault(str(t), {}).setdefault((str(m), str(s)), {})
        if str(i) in run:
            which = f"model {m}" + (f", seed {s}" if seed else "") + (f", task {t}" if task else "")
            raise ValueError(f"item {i} is there twice ({which}): name what tells its rows apart")
        run[str(i)] = float(value)
        if of_item.setdefault((str(t), str(i)), str(g)) != str(g):
            raise ValueError(f"item {i} is in the groups {of_item[str(t), str(i)]} and {g}")
    notes: list[str] = []
    scores = {t: _aligned(t, each, of_item if group else None, notes) for t, each in runs.items()}
    return Study(scores, notes)


def _aligned(
    task: str,
    runs: Mapping[tuple[str, str], Mapping[str, float]],
    group_of: Mapping[tuple[str, str], str] | None,
    notes: list[str],
) -> dict[str, NDArray[np.float64]]:
    """The scores (K, P) by model on the items that all runs have."""
    shared = sorted(set.intersection(*(set(run) for run in runs.values())))
    every = len(set().union(*runs.values()))
    where = f"task {task}: " if task else ""
    if not shared:
        raise ValueError(f"{where}no item was answered by all of the {len(runs)} runs")
    if len(shared) < every:
        least, fewest = min(runs.items(), key=lambda run: len(run[1]))
        notes.append(
            f"{where}{every - len(shared):,} of {every:,} items are left out, which some run lacks"
            f" ({' '.join(filter(None, least))} has {len(fewest):,})"
        )
    found: dict[str, list[list[float]]] = {}
    for (model, _), run in runs.items():
        found.setdefault(model, []).append([run[item] for item in shared])
    scores = {model: np.array(rows) for model, rows in found.items()}
    if group_of is None:
        return scores
    groups = np.array([group_of[task, item] for item in shared])
    return {model: average_groups(each, groups) for model, each in scores.items()}


def _column(frame: Columns, name: str) -> NDArray[Any]:
    try:
        return np.asarray(frame[name])
    except KeyError:
        raise ValueError(f"the table has no column {name!r}") from None
