"""The cells that a user asks for: models x tasks, or the cells of a TOML file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.resources.abc import Traversable
from typing import Any

from trmbench.config.cell import COMMAND_LINE, FILE, Cell
from trmbench.config.compose import compose
from trmbench.config.seeds import parse_seeds
from trmbench.config.studies import find_study
from trmbench.config.study import Study, StudyCell, pairs, read_study
from trmbench.errors import TrmbenchError, shown
from trmbench.machine import has_cuda
from trmbench.plugin import registry
from trmbench.spec import RunnerSpec
from trmbench.spec.expectations import Expectation, is_meant, read_expectation
from trmbench.spec.trials import Row

AUTO_PRESET = "auto"
MOST_TRIALS = 100_000
"""Trials of one run."""


@dataclass(frozen=True)
class Choice:
    """The cells that a user asked for."""

    cells: Sequence[Cell]
    seeds: Sequence[int]
    """The training seeds of each."""
    note: str | None
    """A line about what was chosen automatically."""
    warnings: Sequence[str] = ()
    """A line about each thing that the cells lack of their presets."""
    published: str | None = None
    """The published table that a study follows."""
    published_rows: Mapping[str, str] = field(default_factory=dict)
    """The cell's row in that table, by cell_id."""
    expected: Sequence[Expectation] = ()
    """Predictions to be stored before the first trial."""


def choose_cells(
    models: Sequence[str],
    tasks: Sequence[str],
    preset: str | None,
    file: Traversable | None,
    overrides: Mapping[str, Any],
    seeds: str | int | Iterable[int] | None = None,
    runner: RunnerSpec | None = None,
    expected: Sequence[str] = (),
) -> Choice:
    """Resolve models x tasks, or the cells of a TOML file.

    Args:
        models: names; with a file, they replace the file's and choose among its cells.
        tasks: names, used in the same way.
        preset: a name, "auto", or None for the file's or auto; with a name, for every cell.
        file: a study (`trmbench.config.study`), or None.
        overrides: dotted settings of the command line.
        seeds: as `parse_seeds` reads them; None for the file's, or seed 0.
        runner: who is to run them, whose options are settings as well.
        expected: predictions, such as "trm > hrm by 5"; the file's come first.

    Raises:
        TrmbenchError: an unknown name, key or preset, a bad value, or nothing to do.
    """
    study = _study(file, models, tasks)
    wanted = preset or study.preset or AUTO_PRESET
    automatic = automatic_preset() if wanted == AUTO_PRESET else None
    cells: dict[str, Cell] = {}
    published_rows: dict[str, str] = {}
    warnings: dict[str, None] = {}
    for asked in study.cells:
        of_cell = (asked.preset if preset is None else None) or automatic or wanted
        for cell, lacks in _composed_rows(asked, of_cell, overrides, runner):
            warnings |= dict.fromkeys(lacks)
            cells.setdefault(cell.cell_id, cell)
            if study.published and asked.name:
                published_rows.setdefault(cell.cell_id, asked.name)
    texts = (*study.expected, *expected)
    return Choice(
        list(cells.values()),
        _seeds(study.seeds or 1 if seeds is None else seeds, len(cells)),
        _note(automatic) if automatic else None,
        list(warnings),
        study.published,
        published_rows,
        [_of_cells(read_expectation(text), cells.values()) for text in texts],
    )


def cells_of_study(name: str, rows: Iterable[Row]) -> dict[str, str | None]:
    """Name the cells of a study that comes with trmbench, at the presets of the stored rows.

    Such a preset has rows of every task of the study: `mini-unique` is for mazes alone.

    Returns:
        The names in the study by cell_id; None = by model and settings.

    Raises:
        TrmbenchError: there is no such study.
    """
    file = find_study(name)
    tested: dict[str, set[str]] = {}
    for row in rows:
        tested.setdefault(row["task"], set()).add(row["preset"])
    tasks = {asked.task for asked in read_study(file).cells}
    presets = set.intersection(*(tested.get(task, set()) for task in tasks))
    chosen = [choose_cells((), (), preset, file, {}) for preset in sorted(presets)]
    return {cell.cell_id: cell.label for choice in chosen for cell in choice.cells}


def _study(file: Traversable | None, models: Sequence[str], tasks: Sequence[str]) -> Study:
    """Read the study of a file, or make that of every model on every task."""
    study = read_study(file, models, tasks) if file else pairs(models, tasks)
    if not study.cells:
        raise TrmbenchError(
            "nothing to run: name a model and a task", "such as --model trm --task maze"
        )
    return study


def _of_cells(expectation: Expectation, cells: Iterable[Cell]) -> Expectation:
    """Return the expectation, unless it is about nothing that is run."""
    for side in (expectation.a, expectation.b):
        if not any(
            is_meant(side, cell.label, cell.model, cell.values)
            and expectation.task in (None, cell.task)
            for cell in cells
        ):
            raise TrmbenchError(
                f"{shown(expectation.text)} expects something of {shown(side)}, which is not run",
                "name a model, a model with settings (trm model.n=2), or a cell of the study",
            )
    return expectation


def _seeds(wanted: str | int | Iterable[int], cells: int) -> list[int]:
    """Read the seeds of each of so many cells, unless these are too many trials."""
    seeds = parse_seeds(wanted)
    if cells * len(seeds) > MOST_TRIALS:
        asked_for = f"{cells:,} cells with {len(seeds):,} seeds each"
        raise TrmbenchError(f"{asked_for} are too many", f"at most {MOST_TRIALS:,} trials at once")
    return seeds


def _note(automatic: str) -> str:
    found = "a GPU was found" if automatic == "paper" else "no GPU was found"
    return f"Preset {automatic}, since {found}; --preset chooses another."


def _composed_rows(
    asked: StudyCell, preset: str, from_command: Mapping[str, Any], runner: RunnerSpec | None
) -> Iterator[tuple[Cell, list[str]]]:
    """Compose each row of a study's cell at a preset, with what it lacks."""
    for row in asked.rows(preset):
        cell, lacks = _composed(
            asked.model, asked.task, preset, row.overrides, from_command, runner
        )
        yield replace(cell, label=row.label), lacks


def _composed(
    model_name: str,
    task_name: str,
    preset: str,
    from_file: Mapping[str, Any],
    from_command: Mapping[str, Any],
    runner: RunnerSpec | None,
) -> tuple[Cell, list[str]]:
    """The cell, without data that only a preset wants and that cannot be had; and what it lacks."""
    model, task = registry.models().find(model_name).spec, registry.tasks().find(task_name).spec
    cell = compose(model, task, preset, from_file, from_command, runner)
    settings = cell.sections["task"]
    lacks = task.lacking(task.options(**cell.values["task"])) if task.lacking else {}
    without = {
        f"task.{field.name}": field.default
        for field in fields(task.options)
        if field.name in lacks
        and settings[field.name].origin not in (FILE, COMMAND_LINE)
        and settings[field.name].value != field.default
    }
    if not without:
        return cell, []
    warnings = [
        f"{model.name} on {task.name} WITHOUT task.{key}={settings[key].value}, which preset"
        f" {preset} wants: {reason}"
        for key, reason in lacks.items()
        if f"task.{key}" in without
    ]
    return compose(model, task, preset, from_file, {**from_command, **without}, runner), warnings


def automatic_preset() -> str:
    """`paper` where there is a CUDA GPU, else `mini`."""
    return "paper" if has_cuda() else "mini"
