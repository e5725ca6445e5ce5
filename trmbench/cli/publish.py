"""`trmbench publish`: results as a bundle, to be handed on."""

from __future__ import annotations

from pathlib import Path

import click

from trmbench.cli.options import results_argument


@click.command("publish", short_help="Write results as a bundle, to be handed on.")
@results_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="BUNDLE",
    help="The folder to write.",
)
@click.option("--licence", default="CC-BY-4.0", help="Under which the results may be used.")
def command(results: str, output: Path, licence: str) -> None:
    """Write the trials of RESULTS, failed ones included: a file for each model, task and preset.

    It holds rows, curves, answers and configuration, a digest of each, what was expected, and the
    licence; of paths only the last part, and no names of the machine or its user. Weights are not
    in it.
    """
    from trmbench.cli.console import console
    from trmbench.cli.execution import results_at
    from trmbench.report.words import counted
    from trmbench.store.bundles import publish

    for name, rows in publish(results_at(results), output, licence).items():
        size = (output / name).stat().st_size / 1e3
        console.print(
            f"wrote {output / name}: {counted(rows, 'row')}, {size:,.0f} kB", soft_wrap=True
        )
    console.print(f"Licence {licence}; `trmbench pull {output}` reads it.", soft_wrap=True)
