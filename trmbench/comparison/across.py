"""Models over several tasks, from four tasks on."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trmbench.stats.cells import MINIMUM_TASKS

if TYPE_CHECKING:
    from trmbench.comparison.cells import CellSummary
    from trmbench.stats import Aggregate

_Task = tuple[str, str]
"""The name of a task, and a preset."""
THRESHOLDS = np.linspace(0, 1, 101)


@dataclass(frozen=True, eq=False)
class AcrossTasks:
    """Summaries over the tasks that all of the models have finished trials of."""

    tasks: tuple[str, ...]
    interquartile_means: Mapping[str, Aggregate]
    """The means of the middle half of the runs, by cell name."""
    means: Mapping[str, Aggregate]
    """The plain means over tasks, by cell name."""
    improvement: Mapping[tuple[str, str], Aggregate]
    """Probability that a run of the first cell beats one of the second."""
    profiles: Mapping[str, np.ndarray]
    """Share of runs above each of `THRESHOLDS`, (101,), by cell name."""


def summarize_tasks(cells: Sequence[CellSummary]) -> AcrossTasks | None:
    """Summarise the cells (by name) that are finished in the same four tasks or more.

    Cells of other names are left out; only tasks that all remaining cells share, and in which they
    have one metric, count. A task with another preset is no further task: where tasks have several,
    the preset of the most tasks counts.
    """
    runs: dict[str, dict[_Task, np.ndarray]] = {}
    metrics: dict[_Task, set[str]] = {}
    for cell in cells:
        if cell.moments.seeds:
            task = cell.task, cell.preset
            runs.setdefault(cell.name, {})[task] = cell.moments.seed_means
            metrics.setdefault(task, set()).add(cell.metric)
    mixed = {task for task, found in metrics.items() if len(found) > 1}
    runs = {name: {t: s for t, s in of.items() if t not in mixed} for name, of in runs.items()}
    runs = {name: tasks for name, tasks in runs.items() if len(_distinct(tasks)) >= MINIMUM_TASKS}
    if not runs:
        return None
    shared = _distinct(
        [task for task in next(iter(runs.values())) if all(task in r for r in runs.values())]
    )
    if len(shared) < MINIMUM_TASKS:
        return None
    # scipy.stats takes a second to load: not for the usual case of few tasks.
    from trmbench.stats import (
        interquartile_mean,
        mean_over_tasks,
        performance_profile,
        probability_of_improvement,
    )

    scores = {name: [tasks[task] for task in shared] for name, tasks in runs.items()}
    return AcrossTasks(
        tasks=tuple(" ".join(task) for task in shared),
        interquartile_means={name: interquartile_mean(s) for name, s in scores.items()},
        means={name: mean_over_tasks(s) for name, s in scores.items()},
        improvement={
            (a, b): probability_of_improvement(scores[a], scores[b])
            for a, b in itertools.combinations(scores, 2)
        },
        profiles={name: performance_profile(s, THRESHOLDS) for name, s in scores.items()},
    )


def _distinct(tasks: Iterable[_Task]) -> list[_Task]:
    """Keep one preset of each task; where tasks have several, the tasks of one preset only."""
    found = list(tasks)
    if len({task for task, _ in found}) == len(found):
        return found
    presets = Counter(preset for _, preset in found)
    most, _ = presets.most_common(1)[0]
    return [(task, preset) for task, preset in found if preset == most]
