"""Packages to begin with: `trmbench new` copies one of these folders under another name.

Each folder next to this file is a complete package whose tests pass; `my-plugin`, `my_plugin` and
`MyPlugin` stand for the author's name.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import shutil
from pathlib import Path

from trmbench.errors import TrmbenchError

KINDS = ("model", "task", "runner")
MODEL_KINDS = ("recursive", "stochastic", "self-training", "solver")
"""Kinds of models; the files of all but the first replace some of the first one's."""
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
"""Suffixes of the files that a task can be made from."""
_IGNORED = ("__pycache__", ".pyc")


def create(
    kind: str,
    name: str,
    parent: Path,
    table: Path | None = None,
    model_kind: str = MODEL_KINDS[0],
) -> Path:
    """Write a new package into the folder `parent / name`.

    Args:
        kind: "model", "task" or "runner".
        name: of the distribution and of what it offers, such as "my-model".
        parent: an existing folder.
        table: for a task, the file or folder of its puzzles, which are copied.
        model_kind: for a model, one of `MODEL_KINDS`.

    Returns:
        The new folder.

    Raises:
        TrmbenchError: the name cannot be a package's, is taken, the folder exists already, or there
            is no table.
    """
    files = [] if table is None else _tables(kind, table)
    module = name.replace("-", "_")
    _check_name(name, module)
    folder = parent / name
    if folder.exists():
        raise TrmbenchError(f"{folder} exists already", "choose another name or remove it")
    title = "".join(word.capitalize() for word in name.split("-"))
    names = {"my-plugin": name, "my_plugin": module, "MyPlugin": title}
    for place, source in _template("table" if files else kind, model_kind).items():
        target = folder / _renamed(place, names)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_renamed(source.read_text(), names))
        except OSError as error:
            raise TrmbenchError(f"{target} cannot be written: {error.strerror}") from error
    for file in files:
        (folder / module / "data").mkdir(exist_ok=True)
        shutil.copyfile(file, folder / module / "data" / file.name)
    return folder


def _template(kind: str, model_kind: str) -> dict[str, Path]:
    """The files of a package by their place in it."""
    here = Path(__file__).parent
    layers = [here / kind, *([here / model_kind] if model_kind != MODEL_KINDS[0] else [])]
    return {
        str(source.relative_to(layer)): source
        for layer in layers
        for source in sorted(layer.rglob("*"))
        if source.is_file() and not any(part in str(source) for part in _IGNORED)
    }


def _tables(kind: str, place: Path) -> list[Path]:
    """The files of a table."""
    if kind != "task":
        raise TrmbenchError(f"a {kind} is not made from a table", "use `trmbench new task`")
    inside = sorted(place.iterdir()) if place.is_dir() else [place]
    files = [file for file in inside if file.suffix.lower() in TABLES and file.is_file()]
    if not files:
        raise TrmbenchError(f"{place} has no table", f"give files such as {', '.join(TABLES)}")
    return files


def _check_name(name: str, module: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or keyword.iskeyword(module):
        raise TrmbenchError(
            f"{name!r} cannot be the name of a package",
            "use lower-case letters, digits and single hyphens, such as my-model",
        )
    if importlib.util.find_spec(module) is not None:
        raise TrmbenchError(
            f"{name!r} is taken: there is a Python module {module!r} already",
            "choose another name",
        )


def _renamed(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text
