"""Foreign weights whose puzzle embeddings follow the identifiers of other data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from trmbench.errors import TrmbenchError
from trmbench.trial.build import TrialParts

SAFETENSORS = ".safetensors"
ROWS = "rows of the puzzle embedding"
"""The name of this fact in `ReferenceWeights.describe`."""


def named_by(parts: TrialParts) -> str | None:
    """Find the file that names the puzzle identifiers of a trial; None = its task names them."""
    option = parts.task_entry.spec.identifiers_option
    return None if option is None else parts.trial.config["task"].get(option)


def check_identifiers(parts: TrialParts, theirs: Mapping[str, Any], file: Path) -> None:
    """Refuse puzzle embeddings whose rows nobody assigns to variants.

    Args:
        parts: the trial that the weights are for.
        theirs: what the weights tell, see `ReferenceWeights.describe`.
        file: where the weights come from.

    Raises:
        TrmbenchError: the task has variants with embeddings of their own, and there is no file of
            identifiers, or it belongs to other weights.
    """
    rows, names = theirs.get(ROWS), named_by(parts)
    if parts.task_entry.spec.identifiers_option is None or rows is None:
        return
    if names is None and not _follows_the_task(file):
        raise TrmbenchError(
            f"{file.name} holds {rows:,} puzzle embeddings, which follow the variants of the data"
            " that they were trained on, not those made here",
            "add --identifiers FILE, the identifiers.json of that data",
        )
    if names is not None and rows != parts.task.info.num_puzzle_identifiers:
        raise TrmbenchError(
            f"{names} names {parts.task.info.num_puzzle_identifiers:,} puzzle identifiers,"
            f" {file.name} has {rows:,} puzzle embeddings",
            "give the identifiers.json of the data that the weights were trained on",
        )


def _follows_the_task(file: Path) -> bool:
    """Tell whether weights were exported here, from a trial with the task's own identifiers."""
    if file.suffix != SAFETENSORS:
        return False
    with safe_open(file, "pt") as content:
        metadata = content.metadata() or {}
    return "trial_id" in metadata and "identifiers" not in metadata


def check_unchanged(parts: TrialParts, imported: Mapping[str, str]) -> None:
    """Refuse weights whose identifiers changed since their import.

    Raises:
        TrmbenchError: the file of identifiers, or the data, changed since.
    """
    before = imported.get("data")
    if before is not None and before != parts.task.info.fingerprint:
        raise TrmbenchError(
            f"{named_by(parts)} or the data changed since {imported['file']} was imported",
            "import it again",
        )
