"""The Sudoku task: 9x9 from the published Sudoku-Extreme files, other sizes generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_sudoku.options import SudokuOptions

if TYPE_CHECKING:
    from trmbench import Task


def _load(options: SudokuOptions) -> Task:
    from trmbench_sudoku.task import load

    return load(options)


PAPER = {"source": "hub", "train_puzzles": 1000, "variants": 1000}
MINI = {
    "source": "generated",
    "size": 6,
    "clues": 13,
    "train_puzzles": 400,
    "test_puzzles": 1000,
}
SUDOKU = TaskSpec(
    name="sudoku",
    title="Sudoku",
    options=SudokuOptions,
    load=_load,
    sample=SudokuOptions.benchmark_sample,
    presets={
        "paper": Preset(options=PAPER),
        "mini": Preset(options=MINI),
        "sizes": Preset(options={**PAPER, "test_sizes": "4,6,16"}, of_models="paper"),
        "mini-sizes": Preset(options={**MINI, "test_sizes": "4,9"}, of_models="mini"),
    },
)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the Sudoku task."""
    return [SUDOKU]
