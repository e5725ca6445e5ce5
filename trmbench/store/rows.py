"""Whether the row of a trial can be believed: what every reader of rows relies on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from trmbench.spec.ids import is_id, trial_hash
from trmbench.spec.settings import CORE_SECTIONS
from trmbench.spec.status import STATUSES
from trmbench.store.files import reason_of
from trmbench.store.plain_json import parse
from trmbench.store.schemas import NEEDED

Row = Mapping[str, Any]
_IDS = ("trial_id", "evaluation_id", "cell_id")
_SHARES = (
    *("score", "exact_accuracy", "cell_accuracy", "valid_accuracy", "validation_accuracy"),
    "unique_share",
)
_COUNTS = (
    *("seed", "votes", "test_puzzles", "train_puzzles", "train_steps", "train_seconds"),
    *("test_seconds", "resumed_from_step", "peak_memory_bytes", "activation_bytes"),
    *("parameters", "puzzle_embedding_parameters", "depth", "candidates", "attempts"),
    *("train_presentations", "flops_per_step", "flops_per_answer", "train_flops"),
    *("train_joules", "test_joules", "selected_step"),
)
_OF_A_DEPTH = (
    *("score", "exact_accuracy", "valid_accuracy", "cell_accuracy", "halting_auc"),
    *("depth", "lost", "flops"),
)
"""Of a point of a depth curve: shares, then counts."""
MOST = 1e30
_LONGEST = {
    **dict.fromkeys(("model", "task", "preset", "label", "primary_metric", "device"), 10_000),
    "error": 200_000,
}
"""Characters of texts that are shown: a terminal takes minutes to wrap millions of them."""
_TABLES = ("packages", "git", "model", "task", "data", "base", "bases")
"""What provenance says in a table of its own."""


def problem(row: Row) -> str | None:
    """Why a row cannot be used; None if it can.

    Args:
        row: with all columns of the dataset `trials`.
    """
    missing = [name for name in NEEDED["trials"] if row[name] is None]
    if missing:
        return f"it has no {', '.join(missing)}"
    if not all(is_id(row[name]) for name in _IDS) or row["seed"] < 0:
        return "its ids are none"
    if trial_hash(row["cell_id"], row["seed"]) != row["trial_id"]:
        return "its trial is not the one of its cell and seed"
    if row["status"] not in STATUSES:
        return f"its status is {row['status']!r:.40}"
    for name, most in _LONGEST.items():
        if len(row[name] or "") > most:
            return f"its {name} has {len(row[name]):,} characters"
    return next(_of_numbers(row), None) or next(_of_json(row), None)


def _of_numbers(row: Row) -> Iterator[str]:
    shares = [(name, row[name]) for name in _SHARES]
    shares += [("exact_accuracy_by_step", share) for share in row["exact_accuracy_by_step"] or ()]
    for name, value in shares:
        if name == "exact_accuracy_by_step" and value is None:
            yield f"its {name} has gaps"
        elif value is not None and not (math.isnan(value) or 0 <= value <= 1):
            yield f"its {name} is {value:g}, which is no share"
    yield from _of_depths(row["by_depth"] or ())
    for name in _COUNTS:
        value = row[name]
        if value is not None and not (math.isnan(value) or 0 <= value < MOST):
            yield f"its {name} is {value:g}"


def _of_depths(points: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with a depth curve."""
    for point in points:
        if not isinstance(point, dict) or set(point) != set(_OF_A_DEPTH) or not point["depth"]:
            yield "its by_depth is no depth curve"
            return
        for place, name in enumerate(_OF_A_DEPTH):
            value, most = point[name], 1 if place < 5 else MOST
            is_number = type(value) in (int, float)
            if value is not None and not (is_number and (math.isnan(value) or 0 <= value <= most)):
                yield f"its by_depth has a {name} of {value!r:.40}"
    depths = [point["depth"] for point in points]
    if depths != sorted(set(depths)):
        yield "its by_depth is not in order"


def _of_json(row: Row) -> Iterator[str]:
    for name in ("config", "overrides", "provenance", "totals", "variants"):
        found = _problem_of_json(name, row[name] or "{}")
        if found:
            yield f"its {name} {found}"


@lru_cache(maxsize=4096)  # the trials of a cell have most of it in common
def _problem_of_json(name: str, text: str) -> str | None:
    try:
        value = parse(text)
    except ValueError as error:
        return f"is not JSON: {reason_of(error)}"
    if not isinstance(value, dict):
        return "is not a JSON object"
    if name == "config" and not is_config(value):
        return "lacks a section"
    if name == "totals" and not all(type(share) in (int, float) for share in value.values()):
        return "has a figure that is no number"
    if name == "variants" and not all(map(_is_variant, value.values())):
        return "has no shares"
    if name == "provenance" and not _is_provenance(value):
        return "is not what trmbench writes"
    return None


def _is_variant(value: Any) -> bool:
    """Whether a variant of a test tells its score and its flips."""
    return (
        isinstance(value, dict)
        and set(value) == {"score", "flipped"}
        and all(type(share) in (int, float) and 0 <= share <= 1 for share in value.values())
    )


def is_config(value: Any) -> bool:
    """Whether it has the sections that every version had, and nothing but sections."""
    return (
        isinstance(value, dict)
        and value.keys() >= {"task", "model", *CORE_SECTIONS}
        and all(isinstance(section, dict) for section in value.values())
    )


def _is_provenance(value: Mapping[str, Any]) -> bool:
    """Whether what a comparison looks at are single values, or tables of such."""
    tables = [value.get(name) or {} for name in _TABLES]
    if not all(
        isinstance(table, dict) and not any(isinstance(i, dict | list) for i in table.values())
        for table in tables
    ):
        return False
    packages, git, *_ = tables
    texts = [value.get("python"), value.get("cpu"), git.get("commit"), *packages.values()]
    return all(text is None or isinstance(text, str) for text in texts)
