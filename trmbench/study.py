"""A TOML file of settings, cells and products of settings: what `run --config FILE` reads.

models = ["trm"]            # with tasks: one cell per pair
tasks = ["maze", "sudoku"]
preset = "mini"
seeds = "0-4"

[train]                     # overrides for every cell; likewise [task], [model], ...
steps = 500

[matrix]                    # one cell per combination
"model.n" = [2, 4, 6]

[[cells]]                   # cells named one by one
name = "TRM without EMA"
model = "trm"
task = "maze"
set = { "train.ema" = 0.0 }
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trmbench.config import flatten, read_toml
from trmbench.errors import TrmbenchError
from trmbench.settings import SECTIONS
from trmbench.suggest import unknown

KEYS = ("title", "models", "tasks", "preset", "seeds", "matrix", "cells", *SECTIONS)
CELL_KEYS = ("name", "model", "task", "preset", "set")


@dataclass(frozen=True)
class StudyCell:
    """One cell of a study."""

    model: str
    task: str
    overrides: Mapping[str, Any]
    preset: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Study:
    """What a TOML file asks for; what it leaves open is None or empty."""

    cells: Sequence[StudyCell]
    preset: str | None = None
    seeds: str | None = None
    title: str | None = None


def pairs(models: Sequence[str], tasks: Sequence[str]) -> Study:
    """The study of every model on every task."""
    return Study([StudyCell(model, task, {}) for model in models for task in tasks])


def read_study(path: Path, models: Sequence[str] = (), tasks: Sequence[str] = ()) -> Study:
    """Read a study; models and tasks given here replace the file's.

    Raises:
        TrmbenchError: the file is malformed, or has a key that means nothing.
    """
    content = read_toml(path)
    for key in content:
        if key not in KEYS:
            raise unknown(f"key in {path}:", key, KEYS)
    for section in (*SECTIONS, "matrix"):
        _require(path, section, content.get(section, {}), dict, "a table")
    common = flatten({name: content[name] for name in SECTIONS if name in content})
    combinations = _combinations(path, content.get("matrix", {}))
    cells = [
        StudyCell(model, task, {**common, **combination})
        for model in models or _names(path, content, "models")
        for task in tasks or _names(path, content, "tasks")
        for combination in combinations
    ]
    cells += [_named_cell(path, cell, common) for cell in content.get("cells", [])]
    seeds = content.get("seeds")
    return Study(
        [cell for cell in cells if not tasks or cell.task in tasks],
        content.get("preset"),
        None if seeds is None else str(seeds),
        content.get("title"),
    )


def _names(path: Path, content: Mapping[str, Any], key: str) -> list[str]:
    value = content.get(key, [])
    names = [value] if isinstance(value, str) else value
    _require(path, key, names, list, "a list of names")
    return list(names)


def _combinations(path: Path, matrix: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every choice of one value per key; one empty choice for an empty matrix."""
    for key, values in matrix.items():
        _require(path, f"matrix.{key}", values, list, 'a list, such as "model.n" = [2, 4]')
    return [
        dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())
    ]


def _named_cell(path: Path, cell: Any, common: Mapping[str, Any]) -> StudyCell:
    _require(path, "cells", cell, dict, "tables: [[cells]]")
    for key in cell:
        if key not in CELL_KEYS:
            raise unknown(f"key of [[cells]] in {path}:", key, CELL_KEYS)
    for key in ("model", "task"):
        if key not in cell:
            raise TrmbenchError(f"a cell in {path} names no {key}", f'add {key} = "..."')
    overrides = {**common, **cell.get("set", {})}
    return StudyCell(cell["model"], cell["task"], overrides, cell.get("preset"), cell.get("name"))


def _require(path: Path, key: str, value: Any, wanted: type, words: str) -> None:
    if not isinstance(value, wanted):
        raise TrmbenchError(f"{key} in {path} is {value!r}", f"it must be {words}")
