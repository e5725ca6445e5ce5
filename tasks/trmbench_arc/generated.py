"""Made-up ARC tasks on small grids: each follows one rule, and its demonstrations tell which."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trmbench_arc.grids import COLOURS
from trmbench_arc.reading import ArcTask, Pair
from trmbench_arc.rules import Rule, explanations, families

SIDE = 5
"""Rows and columns of every grid, as in Mini-ARC."""
COUNT = 149
"""Tasks to test on unless told, as many as Mini-ARC has."""
DEMONSTRATIONS = 4
SOURCE = "generated"


def generate(training: int, evaluation: int, seed: int) -> tuple[list[ArcTask], list[ArcTask]]:
    """Make tasks to train on with all pairs, and tasks to test on.

    The rule of a task is drawn from one of the families, each as likely; inputs are random cells of
    two to four colours. All rules that fit the demonstrations give the same output for the test
    input, so that a task has one right answer. No two pairs have the same input. The tasks to test
    on come first: they do not depend on the number of others.

    Args:
        training: number of tasks to train on.
        evaluation: number of tasks to test on.
        seed: data seed.
    """
    tasks = _tasks(np.random.default_rng(np.random.SeedSequence([seed, SIDE])))
    tested = [next(tasks) for _ in range(evaluation)]
    return [next(tasks) for _ in range(training)], tested


def _tasks(random: np.random.Generator) -> Iterator[ArcTask]:
    seen: set[bytes] = set()
    number, groups = 0, list(families().values())
    while True:
        family = list(groups[random.integers(len(groups))].values())
        rule = family[random.integers(len(family))]
        inputs = _inputs(random)
        while seen & _keys(inputs) or not _is_clear(rule, inputs):
            inputs = _inputs(random)
        seen |= _keys(inputs)
        pairs = [Pair(*pair) for pair in zip(inputs, rule(inputs), strict=True)]
        yield ArcTask(f"{SOURCE}-{number:05d}", tuple(pairs[:-1]), (pairs[-1],), SOURCE)
        number += 1


def _inputs(random: np.random.Generator) -> np.ndarray:
    """Draw the inputs of a task, (DEMONSTRATIONS + 1, 5, 5) uint8."""
    shape = (DEMONSTRATIONS + 1, SIDE, SIDE)
    colours = 1 + random.permutation(COLOURS - 1)[: random.integers(2, 5)]
    chosen = colours[random.integers(len(colours), size=shape)]
    filled = random.random(shape) < random.uniform(0.25, 0.6)
    return np.where(filled, chosen, 0).astype(np.uint8)


def _is_clear(rule: Rule, inputs: np.ndarray) -> bool:
    """Whether each pair shows the rule, and every explanation of the demonstrations agrees."""
    outputs = rule(inputs)
    if (inputs == outputs).all(axis=(1, 2)).any() or len(_keys(inputs)) < len(inputs):
        return False
    found = explanations(inputs[:-1], outputs[:-1])
    return all((other(inputs[-1:]) == outputs[-1:]).all() for other in found)


def _keys(inputs: np.ndarray) -> set[bytes]:
    return {grid.tobytes() for grid in inputs}
