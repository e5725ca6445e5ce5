"""Which files a table is in; standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trmbench import TrmbenchError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
WHOLE = "data"
"""The name of the only file of a table, which is divided into training and test."""
_HINT = f"it needs train and test files, or one file ({', '.join(SUFFIXES)})"


def data_files(path: str, further: Sequence[str] = ()) -> dict[str, Path]:
    """Find the files by split: "train", "test" and further ones, or `WHOLE` alone.

    Args:
        path: a file, or a folder with files.
        further: names of test files next to `test`.

    Raises:
        TrmbenchError: there are none, or several by one name.
    """
    root = Path(path).expanduser()
    if root.is_file():
        return _whole(root, further)
    if not root.is_dir():
        raise TrmbenchError(f"there is no file or folder {root}", _HINT)
    found = sorted(file for file in root.iterdir() if file.suffix.lower() in SUFFIXES)
    if not found:
        raise TrmbenchError(f"{root} has no data", _HINT)
    names = ("train", "test", *further)
    files = {name: [file for file in found if file.stem.lower() == name] for name in names}
    for name, several in files.items():
        if len(several) > 1:
            those = " and ".join(file.name for file in several)
            raise TrmbenchError(f"{root} has {those}", f"leave one {name} file there")
    if not files["test"] and len(found) == 1:
        return _whole(found[0], further)
    for name, several in files.items():
        if not several:
            those = ", ".join(file.name for file in found)
            raise TrmbenchError(f"{root} has no {name} file, but {those}", _HINT)
    return {name: several[0] for name, several in files.items()}


def _whole(file: Path, further: Sequence[str]) -> dict[str, Path]:
    if file.suffix.lower() not in SUFFIXES:
        raise TrmbenchError(f"{file} is no table", f"use one of {', '.join(SUFFIXES)}")
    if further:
        raise TrmbenchError(
            f"task.splits={','.join(further)} needs a folder", "with a file of each name"
        )
    return {WHOLE: file}
