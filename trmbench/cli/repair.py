"""`trmbench repair`: set aside what is damaged in a results folder."""

from __future__ import annotations

import click

from trmbench.cli.options import results_option


@click.command("repair", short_help="Set aside the damaged files of a results folder.")
@results_option
@click.option("--dry-run", is_flag=True, help="Say what would be moved; move nothing.")
def command(results: str, dry_run: bool) -> int:
    """Move damaged files to the folder `set-aside`, so that `run` does again what is missing.

    Nothing is deleted. Trials that a process does just now are left alone.
    """
    from trmbench.cli.console import console
    from trmbench.cli.execution import results_at
    from trmbench.store.aside import set_aside
    from trmbench.store.claims import holder
    from trmbench.store.faults import faults

    store = results_at(results)
    found = list(faults(store))
    for fault in found:
        console.print(f"{fault.path}: {fault.reason}", markup=False, soft_wrap=True)
        other = fault.trial_id and holder(store.root, fault.trial_id)
        if other:
            console.print(f"  left alone: {other} does this trial", markup=False, soft_wrap=True)
        elif not dry_run:
            for place in set_aside(store.root, *fault.aside):
                console.print(f"  moved to {place}", markup=False, soft_wrap=True)
    if found and not dry_run:
        again = f"trmbench resume --results {store.root}"
        console.print(f"What was asked for and is missing: {again}", markup=False, soft_wrap=True)
    if not found:
        console.print(f"Nothing is damaged in {store.root}.", markup=False, soft_wrap=True)
    return 0
