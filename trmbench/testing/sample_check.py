"""The contract of `TaskSpec.sample`."""

from __future__ import annotations

from trmbench.testing.cases import TaskCase
from trmbench.testing.conformance import require

SAMPLE = 4
"""Puzzles asked of each split."""


def sample(case: TaskCase) -> None:
    """A sample for benchmarks is loaded from its options, in the shape of the task."""
    found = case.spec.sample_of(case.chosen_options, SAMPLE)
    if found is None:
        return
    require(
        isinstance(found.options, case.spec.options),
        f"sample returned options of type {type(found.options).__name__}, not"
        f" {case.spec.options.__name__}",
    )
    task, info = case.spec.load(found.options), case.task.info
    require(
        (task.info.grid_shape, task.info.vocab_size) == (info.grid_shape, info.vocab_size),
        f"the sample's grid is {task.info.grid_shape} with {task.info.vocab_size} tokens, the"
        f" task's is {info.grid_shape} with {info.vocab_size}",
    )
    for name in ("train", "test"):
        size = len(task.split(name))
        require(0 < size <= SAMPLE, f"the sample has {size} {name} puzzles, not 1 to {SAMPLE}")
