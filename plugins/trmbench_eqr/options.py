"""Options of EqR."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import TrmbenchError
from trmbench.nn import RecursionOptions


@dataclass(frozen=True)
class Options(RecursionOptions):
    """TRM without puzzle embedding, whose updates go most of the way only."""

    puzzle_positions: int = 0
    relaxation: float = 0.95
    """lambda: share of the new value in an update; the rest is the old one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.relaxation <= 1:
            raise TrmbenchError(
                f"model.relaxation is {self.relaxation}", "it must be above 0 and at most 1"
            )
