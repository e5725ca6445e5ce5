"""The Maze task: 30x30 from the published Maze-Hard files, smaller ones generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_maze.options import MazeOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: MazeOptions) -> Task:
    from trmbench_maze.task import load

    return load(options)


UNIQUE = {"perfect": True, "unique_path": True}
"""Maze-Unique (arXiv 2605.21488): one way from start to goal."""
MAZE = TaskSpec(
    name="maze",
    title="Maze",
    options=MazeOptions,
    load=_load,
    sample=MazeOptions.benchmark_sample,
    presets={
        # The released builder augments nothing, although the TRM paper speaks of 8 transforms.
        "paper": Preset(options={"source": "hub", "augment": False}),
        "mini": Preset(
            options={
                "source": "generated",
                "size": 6,
                "min_path_length": 6,
                "unique_path": True,
                "train_puzzles": 400,
                "test_puzzles": 1000,
            }
        ),
        "unique": Preset(
            options={
                **UNIQUE,
                "source": "hub",
                "augment": False,
                "min_path_length": 100,
                "max_path_length": 140,
            },
            of_models="paper",
        ),
        "mini-unique": Preset(
            options={
                **UNIQUE,
                "source": "generated",
                "size": 8,
                "min_path_length": 4,
                "max_path_length": 14,
                "train_puzzles": 400,
                "test_puzzles": 1000,
            },
            of_models="mini",
        ),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Maze task."""
    return [MAZE]
