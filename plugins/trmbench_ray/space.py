"""The settings that are tried: a TOML file whose values are lists and distributions of Ray Tune.

[train]
learning_rate = { loguniform = [1e-4, 1e-2] }
ema = [0.0, 0.999]                  # one of these

[model]
n = { randint = [2, 7] }            # 2 to 6, as Ray Tune counts
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trmbench import TrmbenchError

DISTRIBUTIONS = (
    *("uniform", "quniform", "loguniform", "qloguniform"),
    *("randint", "qrandint", "lograndint", "qlograndint"),
)
"""Functions of `ray.tune` that a file may name, with their arguments."""
SECTIONS = ("model", "train", "task", "execution")


def read_space(path: Path) -> dict[str, Any]:
    """Read a file as `param_space` of Ray Tune, by dotted setting.

    Raises:
        TrmbenchError: it cannot be read, or has something else in it.
    """
    from ray import tune

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrmbenchError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise TrmbenchError(f"{path} is not valid TOML: {error}", "correct that line") from error
    space: dict[str, Any] = {}
    for section, table in tables.items():
        if section not in SECTIONS or not isinstance(table, Mapping):
            raise TrmbenchError(
                f"{path} has {section!r}", f"its tables are {', '.join(SECTIONS)}, with settings"
            )
        for key, value in table.items():
            space[f"{section}.{key}"] = _chosen_from(tune, f"{section}.{key}", value)
    if not space:
        raise TrmbenchError(f"{path} names no setting", "such as [train] ema = [0.0, 0.999]")
    return space


def _chosen_from(tune: Any, key: str, value: Any) -> Any:
    if isinstance(value, list) and value:
        return tune.choice(value)
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in DISTRIBUTIONS:
        [(name, arguments)] = value.items()
        if isinstance(arguments, list):
            try:
                return getattr(tune, name)(*arguments)
            except (TypeError, ValueError) as error:
                raise TrmbenchError(f"{key}: {name}: {error}", "see Ray Tune's page") from error
    raise TrmbenchError(
        f"{key} is neither a list of values nor a distribution",
        f"such as {{ loguniform = [1e-4, 1e-2] }}; also {', '.join(DISTRIBUTIONS)}",
    )


def as_toml(settings: Mapping[str, Any]) -> str:
    """Write dotted settings as TOML tables; None, which TOML has not, is written as "none"."""
    sections: dict[str, list[str]] = {}
    for dotted, value in settings.items():
        section, _, key = dotted.partition(".")
        text = json.dumps("none" if value is None else value, ensure_ascii=False)
        sections.setdefault(section, []).append(f"{key} = {text}")
    return "\n\n".join("\n".join([f"[{name}]", *lines]) for name, lines in sections.items())
