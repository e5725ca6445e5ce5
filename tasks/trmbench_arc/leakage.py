"""Test pairs that also occur in training: reported where published, refused elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trmbench import TrmbenchError
from trmbench_arc.reading import ArcTask, Pair

PUBLISHED = {("070dd51e", "40853293")}
"""(evaluation task, training task) of ARC-AGI-1 that share a test pair as published (found by
comparing all pairs of the official data, version aa922be)."""


@dataclass(frozen=True)
class Leak:
    """A test pair that also occurs in training."""

    task: str
    pair: int
    training_task: str
    source: str
    """Where the training task comes from."""

    def __str__(self) -> str:
        return f"test pair {self.pair} of {self.task} is in training task {self.training_task}"


def overlap(trained: Iterable[ArcTask], tested: Iterable[ArcTask]) -> list[Leak]:
    """The test pairs of `tested` whose two grids are a pair of `trained`, test pairs included.

    ARC-AGI-2's training set holds 376 of ARC-AGI-1's 400 evaluation tasks in this sense.
    """
    seen: dict[tuple[object, ...], list[ArcTask]] = {}
    for task in trained:
        for pair in (*task.train, *task.test):
            seen.setdefault(_key(pair), []).append(task)
    leaks = []
    for task in tested:
        for number, pair in enumerate(task.test):
            found = seen.get(_key(pair), []) if pair.output is not None else []
            leaks += [Leak(task.name, number, other.name, other.source) for other in found]
    return leaks


def refuse_leaks(trained: Iterable[ArcTask], tested: Iterable[ArcTask]) -> list[Leak]:
    """The overlap that exists in the data as published.

    Raises:
        TrmbenchError: there is any other.
    """
    leaks = overlap(trained, tested)
    published = [leak for leak in leaks if (leak.task, leak.training_task) in PUBLISHED]
    others = [leak for leak in leaks if leak not in published]
    if others:
        tasks = {leak.task for leak in others}
        raise TrmbenchError(
            f"test outputs of {len(tasks)} evaluation task{'s'[: len(tasks) > 1]} would be trained "
            f"on: {others[0]} ({others[0].source})",
            "take these tasks out of the training data, or do not test on them",
        )
    return published


def _key(pair: Pair) -> tuple[object, ...]:
    return tuple((grid.shape, grid.tobytes()) for grid in pair if grid is not None)
