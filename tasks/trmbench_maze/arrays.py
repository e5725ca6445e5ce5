"""Mazes as arrays: the `train/all__inputs.npy` that the builders of HRM, TRM and EqR write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from trmbench import Puzzles, TrmbenchError, hub_file
from trmbench_maze.options import ARRAYS, MazeOptions
from trmbench_maze.verify import has_ends, solves

REPOSITORY, FOLDERS = "locuslab/EqR-data", ("maze-30x30-unique-1k", "data/maze-30x30-unique-1k")
"""The data set of Maze-Unique, and where its files may lie."""
_HINT = "get the folder elsewhere and use --set task.path=DIR, or --set task.source=generated"


def array_puzzles(options: MazeOptions) -> tuple[Puzzles, Puzzles, str]:
    """Training puzzles, test puzzles and their source, from `task.path` or from the hub.

    Raises:
        TrmbenchError: a file is missing, cannot be downloaded, or holds no such mazes.
    """
    if options.path:
        folder = Path(options.path).expanduser()
        return *_read(lambda name: folder / name, options), str(folder)
    place = _published_folder()
    found = _read(lambda name: hub_file(REPOSITORY, f"{place}/{name}", _HINT), options)
    return *found, REPOSITORY


def _published_folder() -> str:
    """The folder of the data set, of which one file is fetched to see."""
    errors: list[TrmbenchError] = []
    for folder in FOLDERS:
        try:
            hub_file(REPOSITORY, f"{folder}/{ARRAYS[0]}", _HINT)
            return folder
        except TrmbenchError as error:
            errors.append(error)
    raise errors[0]


def _read(locate: Callable[[str], Path], options: MazeOptions) -> tuple[Puzzles, Puzzles]:
    train, test = (
        Puzzles(*(_array(locate(name), options.size) for name in names))
        for names in (ARRAYS[:2], ARRAYS[2:])
    )
    for names, puzzles in ((ARRAYS[:2], train), (ARRAYS[2:], test)):
        _check(names, puzzles, options.size)
    wanted = (options.train_puzzles, options.test_puzzles)
    train, test = (
        _some(puzzles, count, options.data_seed)
        for puzzles, count in zip((train, test), wanted, strict=True)
    )
    return train, test


def _array(path: Path, size: int) -> np.ndarray:
    try:
        found: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TrmbenchError(f"{path} cannot be read: {error}", "it must be an array") from error
    tokens: np.ndarray = found.astype(np.uint8)
    if found.ndim != 2 or found.shape[1] != size**2 or (tokens != found).any():
        raise TrmbenchError(
            f"{path} holds {found.shape}, no mazes of {size}x{size} cells",
            f"tokens, {size**2} in each row",
        )
    return tokens


def _check(names: Sequence[str], puzzles: Puzzles, size: int) -> None:
    if len(puzzles.inputs) != len(puzzles.labels):
        raise TrmbenchError(f"{' and '.join(names)} differ in length", "download them again")
    right = has_ends(puzzles.inputs) & solves(puzzles.inputs, puzzles.labels, size)
    if not right.all():
        raise TrmbenchError(
            f"{names[1]}, row {int((~right).argmax())}: no shortest path of its maze",
            "download it again",
        )


def _some(puzzles: Puzzles, count: int | None, seed: int) -> Puzzles:
    """So many of the puzzles, drawn with the data seed, in their order."""
    if count is None:
        return puzzles
    if count > len(puzzles.inputs):
        raise TrmbenchError(
            f"there are {len(puzzles.inputs)} puzzles, {count} are asked for",
            "lower task.train_puzzles or task.test_puzzles",
        )
    drawn = np.random.default_rng(seed).permutation(len(puzzles.inputs))[:count]
    return puzzles.select(np.sort(drawn))
