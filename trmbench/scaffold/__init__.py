"""Packages to begin with: `trmbench new` copies one of these folders under another name.

Each folder next to this file is a complete package whose tests pass; `my-plugin`, `my_plugin` and
`MyPlugin` stand for the author's name.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from pathlib import Path

from trmbench.errors import TrmbenchError

KINDS = ("model", "task", "runner")
_IGNORED = ("__pycache__", ".pyc")


def create(kind: str, name: str, parent: Path) -> Path:
    """Write a new package into the folder `parent / name`.

    Args:
        kind: "model", "task" or "runner".
        name: of the distribution and of what it offers, such as "my-model".
        parent: an existing folder.

    Returns:
        The new folder.

    Raises:
        TrmbenchError: the name cannot be a package's, is taken, or the folder exists already.
    """
    module = name.replace("-", "_")
    _check_name(name, module)
    folder = parent / name
    if folder.exists():
        raise TrmbenchError(f"{folder} exists already", "choose another name or remove it")
    title = "".join(word.capitalize() for word in name.split("-"))
    names = {"my-plugin": name, "my_plugin": module, "MyPlugin": title}
    template = Path(__file__).parent / kind
    for source in sorted(template.rglob("*")):
        if source.is_file() and not any(part in str(source) for part in _IGNORED):
            target = folder / _renamed(str(source.relative_to(template)), names)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_renamed(source.read_text(), names))
            except OSError as error:
                raise TrmbenchError(f"{target} cannot be written: {error.strerror}") from error
    return folder


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
