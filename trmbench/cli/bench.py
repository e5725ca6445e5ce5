"""`trmbench bench`: how fast training and testing are on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trmbench.cli.options import models_option, parse_overrides, set_option, tasks_option
from trmbench.errors import TrmbenchError, printable

if TYPE_CHECKING:
    from trmbench.bench.cells import Wanted


@click.command("bench", short_help="Measure how fast training and testing are on this machine.")
@models_option
@tasks_option
@click.option("--preset", "presets", multiple=True, help="mini, paper, ...; repeatable.")
@set_option
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    help="Where to measure.",
)
@click.option(
    "--compile/--no-compile", default=None, help="Compile the step.", show_default="on a CUDA GPU"
)
@click.option("--seconds", default=2.0, help="How long to measure each kind of step.")
@click.option("--steps", type=int, help="Measure this many steps instead.")
@click.option(
    "--profile",
    "trace",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.json",
    help="Write a trace of training steps of the one trial named, instead.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="How to print it.",
)
def command(
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    presets: tuple[str, ...],
    overrides: tuple[str, ...],
    device: str,
    compile: bool | None,
    seconds: float,
    steps: int | None,
    trace: Path | None,
    form: str,
) -> None:
    """Measure steps per second, and the share of this machine's matrix-product peak they reach.

    Nothing is downloaded or stored: the puzzles are generated in the task's shape, 16 of them.
    Without options the mini trials and a published one are measured.
    """
    from trmbench.bench.cells import Wanted

    wanted = Wanted(models, tasks, presets, parse_overrides(overrides), device, compile)
    if trace is None:
        _measure(wanted, seconds, steps, form)
    else:
        _profile(wanted, trace)


def _measure(wanted: Wanted, seconds: float, steps: int | None, form: str) -> None:
    import json

    from rich.text import Text

    from trmbench.bench.cells import measurements, named_cells
    from trmbench.bench.measure import Measurement, Skipped
    from trmbench.bench.table import HEADINGS, conditions, line, record, row
    from trmbench.cli.console import console, errors, warn

    names = named_cells(wanted, on_gpu=True)
    found: list[Measurement] = []
    skipped: list[Skipped] = []

    status = errors.status("measuring")

    def show(texts: Sequence[str]) -> None:
        status.stop()
        if form == "table":
            console.print(Text(line(texts, names)), soft_wrap=True)
        status.start()

    status.start()
    try:
        for each in measurements(wanted, seconds, steps):
            label = f"{each.model} on {each.task} ({each.preset}), {each.step}"
            if isinstance(each, Skipped):
                skipped.append(each)
                warn(f"{label}: not measured: {each.reason}")
                continue
            if not found:
                show(HEADINGS)
            found.append(each)
            show(row(each))
    finally:  # whatever happens, what was measured is told
        status.stop()
        if form == "json" and (found or skipped):
            click.echo(printable(json.dumps(record(found, skipped), indent=1)))
        elif found:
            console.print(*conditions(found), sep="\n")
    if not found:
        raise TrmbenchError("nothing could be measured", skipped[0].reason)


def _profile(wanted: Wanted, trace: Path) -> None:
    from trmbench.bench.cells import profile_training

    idle = profile_training(wanted, trace)
    click.echo(f"Wrote {trace}, for https://ui.perfetto.dev")
    if idle is not None:
        click.echo(f"The GPU waited for the host {100 * idle:.1f} % of the time.")
