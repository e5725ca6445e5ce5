"""What `--where` hides from a comparison: seeds of the cells that it keeps, and their siblings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from trmbench.comparison.cells import CellSummary
from trmbench.spec.trials import Row, seeds_named, split_of

OUTCOMES = frozenset(
    {
        "status",
        "error",
        "score",
        "exact_accuracy",
        "valid_accuracy",
        "cell_accuracy",
        "validation_accuracy",
        "exact_accuracy_by_step",
        "by_depth",
        "totals",
    }
)
"""Columns of a trial that tell how it went: who chooses by them chooses the result."""


class LeftOut:
    """The trials that `--where` leaves out.

    Args:
        rows: their rows.
        cells: the cells that are shown.
        outcomes: the columns of `OUTCOMES` that the condition names.
    """

    def __init__(
        self,
        rows: Iterable[Row] = (),
        cells: Sequence[CellSummary] = (),
        outcomes: Sequence[str] = (),
    ) -> None:
        self._outcomes = outcomes
        self._seeds: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._settings: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._shown = {cell.cell_id for cell in cells}
        for row in rows:
            self._seeds[row["cell_id"], row["evaluation_id"]].append(row)
            self._settings[_place(row)].add(row["cell_id"])

    def no_claim(self, cell: CellSummary) -> str | None:
        """Why a cell makes no claim: all of its seeds, from 0 on, have to count."""
        left = {row["seed"] for row in self._of(cell)}
        if left:
            return f"--where leaves out {seeds_named(left)}"
        gaps = set(range(len(cell.trials))) - {row["seed"] for row in cell.trials}
        return f"its seeds are not 0 to {len(cell.trials) - 1}" if gaps else None

    def obstacle(self, cell: CellSummary) -> str | None:
        """Why a cell carries no verdict: its trials, or its settings, were chosen by results."""
        if not self._outcomes or not (self._of(cell) or self._hidden(cell)):
            return None
        return f"--where chooses trials of {cell.name} by their results ({self._named})"

    def cautions(self, cells: Sequence[CellSummary]) -> list[str]:
        """Count the seeds and the settings that are hidden, and the gaps among the seeds."""
        lines = [line for cell in cells for line in self._about_seeds(cell)]
        for model in dict.fromkeys(cell.model for cell in cells):
            of_model = [cell for cell in cells if cell.model == model]
            hidden = self._hidden(of_model[0])
            if hidden:
                shown = len({cell.cell_id for cell in of_model})
                lines.append(
                    f"--where hides {hidden} of {hidden + shown} settings of {model} that were"
                    " tested here: the best of several looks better than it is, and p-values do"
                    " not count them"
                )
        return lines

    @property
    def _named(self) -> str:
        return ", ".join(self._outcomes)

    def _of(self, cell: CellSummary) -> list[Row]:
        return self._seeds.get((cell.cell_id, cell.evaluation_id), [])

    def _hidden(self, cell: CellSummary) -> int:
        """How many settings of the cell's model on its task and preset are not shown."""
        return len(self._settings.get(_place(cell.rows[0]), set()) - self._shown)

    def _about_seeds(self, cell: CellSummary) -> Iterable[str]:
        kept = {row["seed"] for row in cell.rows}
        left = {row["seed"] for row in self._of(cell)} - kept
        if left:
            every = len(kept | left)
            which = f"{every} seeds of {cell.name} ({seeds_named(left)})"
            yield f"--where leaves out {len(left)} of {which}"
        known = kept | left
        gaps = set(range(min(known), max(known))) - known if _is_row(known) else set()
        if gaps:
            of = f"of the seeds {min(known)} to {max(known)} of {cell.name}"
            yield f"{of} not all are stored ({seeds_named(gaps)} missing)"


def _place(row: Row) -> tuple[str, ...]:
    return row["model"], row["task"], row["preset"], split_of(row)


def _is_row(seeds: set[int]) -> bool:
    """Whether seeds were meant to be consecutive: at least half of the range is there."""
    return max(seeds) - min(seeds) < 2 * len(seeds)
