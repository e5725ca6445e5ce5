"""ConceptARC (arXiv 2305.07141), found by its name instead of a path.

The released ARC commands of TRM and HRM train on it as well. The name means the same 160 tasks
wherever they lie: it is part of a cell's hash, and a path of one machine says nothing on another.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trmbench import TrmbenchError, hub_file
from trmbench_arc.options import CONCEPT_ARC, ArcOptions

if TYPE_CHECKING:
    from trmbench_arc.reading import ArcTask

VARIABLE = "TRMBENCH_CONCEPTARC"
"""The environment variable that says where the tasks are."""
FILES = ("arc-agi_concept_challenges.json", "arc-agi_concept_solutions.json")
"""As in the public repository of TRM, folder kaggle/combined."""
SHA256 = "0b70c8d3db0e11b7051445f586d5d39c10e6e16dd1e7735bd04c8c8eb90d246c"
"""Of the 160 tasks, as `fingerprint` makes it."""
HINT = (
    f"set {VARIABLE} to the folder of {' and '.join(FILES)}, or to a data set OWNER/NAME of the"
    " Hugging Face hub that has both"
)


def lacking(options: ArcOptions) -> Mapping[str, str]:
    """Say why the data of `task.extra` cannot be had on this machine; empty if they can."""
    if CONCEPT_ARC in options.extra_names:
        try:
            locate(options)
        except TrmbenchError as error:
            return {"extra": str(error)}
    return {}


def locate(options: ArcOptions) -> Path:
    """The file or folder of the tasks: where the environment says, else in `task.path`.

    Raises:
        TrmbenchError: there is none, or it cannot be downloaded.
    """
    named = os.environ.get(VARIABLE)
    place = Path(named or options.path or "").expanduser()
    if (place / FILES[0]).is_file():
        return place / FILES[0]
    if named and place.exists():
        return place
    if named and re.fullmatch(r"[\w.-]+/[\w.-]+", named):
        challenges, _ = (hub_file(named, name, HINT) for name in FILES)
        return challenges
    raise TrmbenchError(
        f"{VARIABLE}={named} does not exist" if named else f"{FILES[0]} is not at hand", HINT
    )


def read_concept_arc(options: ArcOptions) -> list[ArcTask]:
    """Read the tasks, and check that they are the published ones.

    Raises:
        TrmbenchError: they cannot be found or read, or are others.
    """
    from trmbench_arc.reading import read_tasks

    place = locate(options)
    tasks = read_tasks(place)
    if fingerprint(tasks) != SHA256:
        raise TrmbenchError(
            f"the {len(tasks)} tasks of {place} are not ConceptARC as published, with its"
            " 480 solutions",
            f"give other tasks as task.extra=PATH; for {CONCEPT_ARC}, {HINT}",
        )
    return tasks


def fingerprint(tasks: Iterable[ArcTask]) -> str:
    """SHA-256 of the names and of every grid, in the order of the tasks."""
    digest = hashlib.sha256()
    for task in tasks:
        digest.update(f"{task.name} {len(task.train)} {len(task.test)}".encode())
        for _, grid in task.sides():
            digest.update(f"{grid.shape}".encode() + grid.tobytes())
    return digest.hexdigest()
