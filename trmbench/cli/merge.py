"""`trmbench merge`: results of several places in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trmbench.cli.options import results_option

if TYPE_CHECKING:
    from trmbench.store.merging import ToMerge


@click.command("merge", short_help="Take over the results of other folders and bundles.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@results_option
@click.option("--dry-run", is_flag=True, help="Say what would be taken over; write nothing.")
def command(sources: tuple[str, ...], results: str, dry_run: bool) -> None:
    """Copy what the results folder lacks, with final weights, from other folders or bundles.

    What is finished there is never replaced. Nothing is copied where a trial has different answers
    in two of the places. Of an expectation that several places have, the first writing counts.
    """
    from trmbench.cli.console import console, warn
    from trmbench.store.merging import to_merge

    taken = to_merge(sources, results, warn)
    for each in taken.rows:
        row = each.row
        label = f"{row['model']} {row['task']} seed {row['seed']}"
        console.print(f"{row['trial_id']}  {label}  from {each.origin}", soft_wrap=True)
    if not dry_run:
        taken.copy()
    done = "would be taken over" if dry_run else "taken over"
    console.print(f"{in_words(taken)} {done} into {results}", soft_wrap=True)


def in_words(taken: ToMerge) -> str:
    """Count what is taken over."""
    from trmbench.report.words import counted

    rows = counted(len(taken.rows), "row")
    expected = taken.expectations
    return f"{rows} and {counted(len(expected), 'expectation')}" if expected else rows
