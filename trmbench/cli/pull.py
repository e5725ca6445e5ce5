"""`trmbench pull`: the results of others."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from trmbench.cli.merge import in_words


@click.command("pull", short_help="Get the results of others, from a bundle, a URL or the hub.")
@click.argument("source", metavar="BUNDLE|URL|hf:NAME")
@click.option(
    "--into", metavar="DIR", help="The results folder that gets them.", show_default="pulled/NAME"
)
def command(source: str, into: str | None) -> None:
    """Get a bundle that `trmbench publish` wrote, into a results folder of its own.

    Every file is checked against its digest. Trials that are there already stay; the same trial
    with other answers is refused.
    """
    from trmbench.cli.console import console, warn
    from trmbench.store.fetch import fetch, name_of
    from trmbench.store.merging import to_merge

    folder = into or str(Path("pulled") / name_of(source))
    with tempfile.TemporaryDirectory(prefix="trmbench-") as place:
        taken = to_merge([fetch(source, Path(place))], folder, warn)
        taken.copy()
    console.print(f"pulled {in_words(taken)} into {folder}", soft_wrap=True)
    console.print(f"Compare: trmbench compare --results results --results {folder}", soft_wrap=True)
