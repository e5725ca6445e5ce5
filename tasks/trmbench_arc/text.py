"""ARC puzzles as people write them: grids in JSON, alone or with the task that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from trmbench import TrmbenchError
from trmbench_arc.grids import check_grid, decode, encode
from trmbench_arc.reading import ArcTask, Pair, parse_task

_HINT = (
    'write a grid as [[0, 1], [2, 3]], with the task whose rule counts as {"task": ID, "input":'
    ' GRID}, or a whole task as {"train": [...], "test": [...]}'
)


def read_inputs(text: str, tasks: Iterable[ArcTask]) -> list[tuple[str | None, np.ndarray]]:
    """Read test inputs (h, w), each with the id of the known task whose rule it follows, or None.

    A whole task is known by its demonstrations, whatever it is called.

    Raises:
        TrmbenchError: the text is none.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise TrmbenchError("the puzzle is no JSON", _HINT) from None
    if isinstance(values, Mapping) and "train" in values and "test" in values:
        asked = parse_task("typed", values, None, "the puzzle")
        name = next((task.name for task in tasks if _same(task.train, asked.train)), None)
        return [(name, pair.input) for pair in asked.test]
    if isinstance(values, Mapping):
        name = values.get("task")
        if name is not None and all(task.name != name for task in tasks):
            raise TrmbenchError(f"the model knows no ARC task {name!r:.40}", "leave out its name")
        return [(name, check_grid(values.get("input"), "the puzzle"))]
    return [(None, check_grid(values, "the puzzle"))]


def _same(one: tuple[Pair, ...], other: tuple[Pair, ...]) -> bool:
    """Whether two tasks have the same demonstrations."""
    sides = ([grid for pair in pairs for grid in pair] for pairs in (one, other))
    return len(one) == len(other) and all(
        a is not None and b is not None and np.array_equal(a, b)
        for a, b in zip(*sides, strict=True)
    )


def read_answer(text: str, canvas: int) -> np.ndarray:
    """Read an output grid as tokens (L,) uint8.

    Raises:
        TrmbenchError: the text is none that fits the canvas.
    """
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise TrmbenchError("the answer is no JSON", "write a grid as [[0, 1], [2, 3]]") from None
    return laid(check_grid(values, "the answer"), canvas)


def laid(grid: np.ndarray, canvas: int) -> np.ndarray:
    """Lay a grid (h, w) on the canvas, as tokens (L,) uint8.

    Raises:
        TrmbenchError: it is larger.
    """
    if max(grid.shape) > canvas:
        size = f"{grid.shape[0]}x{grid.shape[1]}"
        raise TrmbenchError(f"the grid is {size}", f"the model takes at most {canvas} a side")
    return encode(grid, canvas)


def write_grid(tokens: np.ndarray) -> str:
    """Write the grid that tokens (L,) spell as JSON; `[]` where they spell none."""
    grid: list[list[int]] = decode(tokens).tolist()
    return json.dumps(grid)
