"""Prints the table with which `run`, `resume` and `evaluate` end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trmbench.cli.console import console
from trmbench.comparison.cells import summarize
from trmbench.comparison.naming import described, unusual
from trmbench.experiment.cells import Choice
from trmbench.report.published import next_to_published
from trmbench.report.tables import footnote
from trmbench.report.terminal import cells_table, failures_table, rich_table
from trmbench.report.words import counted
from trmbench.spec import Trial
from trmbench.store import Store


def print_further(store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the cells as tested on the other test splits of their tasks, where there are any."""
    if rows:
        console.print("Other test splits, with verdicts of their own in `trmbench compare`:")
        console.print(cells_table(summarize(store, rows)))


def tested_as(trials: Sequence[Trial]) -> Iterator[str]:
    """Say on which puzzles, and how, trials are tested."""
    counts = Counter(trial.evaluation_id for trial in trials)
    settings = {trial.evaluation_id: trial.config["evaluation"] for trial in trials}
    for evaluation_id, number in counts.items():
        split, how = settings[evaluation_id]["split"], unusual(settings[evaluation_id])
        way = described({key: value for key, value in how.items() if key != "split"})
        on = f"Testing {counted(number, 'trial')} on the {split} split"
        yield f"{on}{', ' * bool(way)}{way} (evaluation {evaluation_id})"


def print_summary(
    store: Store, rows: Sequence[Mapping[str, Any]], wanted: int, choice: Choice | None = None
) -> bool:
    """Print the cells, the failures, and how many trials were not begun.

    Args:
        store: where the rows are from.
        rows: the rows of the trials asked for.
        wanted: how many trials were asked for.
        choice: the cells asked for, of a study that follows a published table.

    Returns:
        Whether every trial finished.
    """
    cells = summarize(store, rows)
    if choice is not None and choice.published:
        if {cell.metric for cell in cells} <= {"exact_accuracy", "valid_accuracy"}:
            cells = summarize(store, rows, "exact_accuracy")  # as what is published
        table, note = next_to_published(cells, choice.published, choice.published_rows)
        console.print(rich_table(table), note, sep="\n")
    else:
        console.print(cells_table(cells))
    console.print(footnote(cells))
    failed = [row for cell in cells for row in cell.failed]
    if failed:
        console.print(failures_table(failed))
    missing = wanted - len(rows)
    if missing:
        were = "trial was" if missing == 1 else "trials were"
        console.print(f"{missing} {were} not begun; the same command goes on with them.")
    return not failed and not missing
