"""`trmbench merge`: results of several places in one folder."""

from __future__ import annotations

import click

from trmbench.cli.options import results_option


@click.command("merge", short_help="Take over the results of other folders and bundles.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@results_option
@click.option("--dry-run", is_flag=True, help="Say what would be taken over; write nothing.")
def command(sources: tuple[str, ...], results: str, dry_run: bool) -> None:
    """Copy what the results folder lacks, with final weights, from other folders or bundles.

    What is finished there is never replaced. Nothing is copied where a trial has different answers
    in two of the places.
    """
    from trmbench.cli.console import console, warn
    from trmbench.report.words import counted
    from trmbench.store.merging import to_merge

    taken = to_merge(sources, results, warn)
    for each in taken:
        row = each.row
        label = f"{row['model']} {row['task']} seed {row['seed']}"
        console.print(f"{row['trial_id']}  {label}  from {each.origin}", soft_wrap=True)
        if not dry_run:
            each.copy()
    done = "would be taken over" if dry_run else "taken over"
    console.print(f"{counted(len(taken), 'row')} {done} into {results}", soft_wrap=True)
