"""A TOML file of settings, cells and products of settings: `run --config FILE`, `run --study NAME`.

models = ["trm"]            # with tasks: one cell per pair
tasks = ["maze", "sudoku"]
preset = "mini"
seeds = "0-4"
expect = ["trm > hrm by 5 on maze"]    # stored before the first trial, scored by `compare`

[train]                     # overrides for every cell; so are [task], [model], ...
steps = 500

[matrix]                    # one cell per combination
"model.n" = [2, 4, 6]

[[cells]]                   # cells named one by one
name = "TRM without EMA"
model = "trm"
task = "maze"
set = { "train.ema" = 0.0 }
matrix = { "model.n" = [2, 4] }    # of this cell alone; the rows are "TRM without EMA, n=2", ...
at.mini = { set = { "model.T" = 2 }, name = "..." }    # what differs at a preset
"""

from __future__ import annotations

import itertools
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from trmbench.config.values import flatten, read_toml
from trmbench.errors import TrmbenchError, shown, unknown
from trmbench.spec.settings import SECTIONS

TEXTS = ("title", "preset", "published")
KEYS = (*TEXTS, "models", "tasks", "seeds", "expect", "matrix", "cells", *SECTIONS)
CELL_KEYS = ("name", "model", "task", "preset", "set", "matrix", "at")
AT_KEYS = ("name", "set", "matrix")
MOST_CELLS = 1_000
"""Cells of one run."""


class StudyRow(NamedTuple):
    """One cell of a study at one preset."""

    label: str | None
    """What it is called in tables; None = by model and settings."""
    overrides: Mapping[str, Any]
    """Settings by dotted key."""


@dataclass(frozen=True)
class StudyCell:
    """One cell of a study, or one per combination of its matrix."""

    model: str
    task: str
    overrides: Mapping[str, Any]
    preset: str | None = None
    name: str | None = None
    """Where the study names a published table: the row there."""
    matrix: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    at: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The `name`, `set` and `matrix` that differ at a preset, by its name."""

    def rows(self, preset: str) -> list[StudyRow]:
        """The cell's rows at a preset, one per combination of the matrix."""
        here = self.at.get(preset, {})
        name = here.get("name", self.name)
        matrix = self._matrix(preset)
        rows = []
        for values in itertools.product(*matrix.values()):
            choice = dict(zip(matrix, values, strict=True))
            parts = [f"{key.rpartition('.')[2]}={value}" for key, value in choice.items()]
            label = ", ".join([name, *parts]) if name else None
            rows.append(StudyRow(label, {**self.overrides, **here.get("set", {}), **choice}))
        return rows

    @property
    def most_rows(self) -> int:
        """How many rows it has at the preset where it has most."""
        return max(math.prod(map(len, self._matrix(preset).values())) for preset in ("", *self.at))

    def _matrix(self, preset: str) -> Mapping[str, Sequence[Any]]:
        return {**self.matrix, **self.at.get(preset, {}).get("matrix", {})}


@dataclass(frozen=True)
class Study:
    """The cells that a TOML file asks for; whatever it leaves open is None or empty."""

    cells: Sequence[StudyCell]
    preset: str | None = None
    seeds: str | None = None
    title: str | None = None
    published: str | None = None
    """The table of a paper whose rows the cells are, as `source` in `trmbench.published`."""
    expected: Sequence[str] = ()
    """Predictions to be stored before the first trial."""

    def __post_init__(self) -> None:
        """Raises `TrmbenchError` for more cells than one run can have."""
        count = sum(cell.most_rows for cell in self.cells)
        if count > MOST_CELLS:
            raise TrmbenchError(
                f"{count:,} cells are asked for", f"at most {MOST_CELLS:,}: make the matrix smaller"
            )


def pairs(models: Sequence[str], tasks: Sequence[str]) -> Study:
    """The study of every model on every task."""
    return Study([StudyCell(model, task, {}) for model in models for task in tasks])


def read_study(path: Traversable, models: Sequence[str] = (), tasks: Sequence[str] = ()) -> Study:
    """Read a study; models and tasks given here replace the file's and choose among its cells.

    Raises:
        TrmbenchError: the file is malformed, or has a key that means nothing.
    """
    content = read_toml(path)
    _refuse_unknown(f"key in {path}:", content, KEYS)
    for section in SECTIONS:
        _require(path, section, content.get(section, {}), dict, "a table")
    _require_texts(path, "", content, TEXTS)
    common = flatten({name: content[name] for name in SECTIONS if name in content})
    matrix = _matrix(path, "matrix", content)
    has_pairs = "cells" not in content or "models" in content or "tasks" in content
    all_models, all_tasks = (_names(path, content, key) for key in ("models", "tasks"))
    cells = [
        StudyCell(model, task, common, matrix=matrix)
        for model in models or all_models
        for task in tasks or all_tasks
        if has_pairs
    ]
    _require(path, "cells", content.get("cells", []), list, "tables: [[cells]]")
    named = [_named_cell(path, cell, common) for cell in content.get("cells", [])]
    cells += [
        cell
        for cell in named
        if (not models or cell.model in models) and (not tasks or cell.task in tasks)
    ]
    seeds = content.get("seeds")
    _require(path, "seeds", 1 if seeds is None else seeds, int | str, 'such as 5 or "0-4"')
    return Study(
        cells,
        content.get("preset"),
        None if seeds is None else str(seeds),
        content.get("title"),
        content.get("published"),
        _names(path, content, "expect"),
    )


def _names(path: Traversable, content: Mapping[str, Any], key: str) -> list[str]:
    value = content.get(key, [])
    names = [value] if isinstance(value, str) else value
    _require(path, key, names, list, "a list of texts")
    for name in names:
        _require(path, key, name, str, "a list of texts")
    return list(names)


def _matrix(path: Traversable, where: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
    matrix: Mapping[str, Any] = table.get("matrix", {})
    _require(path, where, matrix, dict, "a table")
    for key, values in matrix.items():
        _require(path, f"{where}.{key}", values, list, 'a list, such as "model.n" = [2, 4]')
        if not values:
            raise TrmbenchError(f"{where}.{key} in {path} is an empty list", "give it values")
    return matrix


def _named_cell(path: Traversable, cell: Any, common: Mapping[str, Any]) -> StudyCell:
    _require(path, "cells", cell, dict, "tables: [[cells]]")
    _refuse_unknown(f"key of [[cells]] in {path}:", cell, CELL_KEYS)
    for key in ("model", "task"):
        if key not in cell:
            raise TrmbenchError(f"a cell in {path} names no {key}", f'add {key} = "..."')
    _require_texts(path, "cells.", cell, ("name", "model", "task", "preset"))
    _require(path, "cells.at", cell.get("at", {}), dict, "tables by preset: at.mini = { ... }")
    for preset, table in cell.get("at", {}).items():
        _require(path, f"cells.at.{preset}", table, dict, "a table")
        _refuse_unknown(f"key of at.{preset} in {path}:", table, AT_KEYS)
        _require_texts(path, f"cells.at.{preset}.", table, ("name",))
        _require(path, f"cells.at.{preset}.set", table.get("set", {}), dict, "a table")
        _matrix(path, f"cells.at.{preset}.matrix", table)
    _require(path, "cells.set", cell.get("set", {}), dict, "a table")
    return StudyCell(
        cell["model"],
        cell["task"],
        {**common, **cell.get("set", {})},
        cell.get("preset"),
        cell.get("name"),
        _matrix(path, "cells.matrix", cell),
        cell.get("at", {}),
    )


def _refuse_unknown(kind: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise unknown(kind, key, known)


def _require_texts(
    path: Traversable, where: str, table: Mapping[str, Any], keys: Sequence[str]
) -> None:
    for key in keys:
        _require(path, f"{where}{key}", table.get(key, ""), str, "a text")


def _require(
    path: Traversable, key: str, value: object, wanted: type | types.UnionType, words: str
) -> None:
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise TrmbenchError(f"{key} in {path} is {shown(value)}", f"it must be {words}")
