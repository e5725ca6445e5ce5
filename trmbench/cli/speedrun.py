"""`trmbench speedrun`: the rules of a record, and who keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trmbench.cli.options import several_results_option

if TYPE_CHECKING:
    from trmbench.comparison.speedrun import Attempt
    from trmbench.report.tables import TextTable


@click.command("speedrun", short_help="Print and check the rules of a record in training time.")
@click.argument("track", required=False)
@several_results_option
def command(track: str | None, results: Sequence[str]) -> int:
    """Rank the cells that reach TRACK's target in the least training time, and check the rules.

    Without TRACK the tracks and the rules are printed. Exit code 1 if no cell keeps every rule.
    """
    from trmbench.cli.compare import opened
    from trmbench.cli.console import console
    from trmbench.comparison.speedrun import attempts, find_track
    from trmbench.report.terminal import rich_table

    if track is None:
        console.print(rich_table(_tracks()))
        console.print(RULES)
        return 0
    found = attempts(opened(results), find_track(track))
    console.print(rich_table(_ranking(track, found)))
    for attempt in found:
        broken = [check for check in attempt.checks if not check.holds]
        for check in broken:
            console.print(f"{attempt.cell.name}: not {check.rule} ({check.found})")
    return 0 if found[0].is_record else 1


RULES = """A record is the least mean training time on one kind of processor. Its rules:
- The target is met: the mean score over seeds lies above it with p < 0.01 (one-sided t-test).
- The seeds are fixed beforehand: 0, 1, 2, ..., all of them finished; no other counts.
- All trainings ran on the same kind of processor, each in one go.
- The data are the preset's, and its whole test set is tested as usual, with the last weights.
- Model, optimiser and every other setting are free."""


def _tracks() -> TextTable:
    from trmbench.comparison.speedrun import TRACKS
    from trmbench.report.tables import TextTable
    from trmbench.report.words import percent

    rows = tuple(
        (t.name, t.task, t.preset, t.device, percent(t.target), str(t.seeds), t.why)
        for t in TRACKS.values()
    )
    headings = ("track", "task", "preset", "device", "target", "seeds", "target from")
    return TextTable("Tracks", headings, rows, len(headings))


def _ranking(track: str, found: Sequence[Attempt]) -> TextTable:
    from trmbench.report.tables import TextTable
    from trmbench.report.words import duration

    rows = tuple(
        (
            each.cell.name,
            each.processor,
            "record" if each.is_record and place == 0 else "valid" if each.is_record else "no",
            duration(each.seconds),
            each.checks[0].found,
        )
        for place, each in enumerate(found)
    )
    headings = ("model", "processor", "keeps the rules", "training time", "mean")
    return TextTable(f"Speedrun {track}", headings, rows, 3)
