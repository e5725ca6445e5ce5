"""`trmbench new`: a package of one's own to begin with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trmbench.scaffold import KINDS, MODEL_KINDS, create

NEXT_STEPS = {
    "model": "trmbench run --model {name} --task maze --preset mini",
    "task": "trmbench run --model trm --task {name} --preset mini",
    "runner": "trmbench run --model trm --task maze --preset mini --runner {name}",
}


@click.command("new", short_help="Write a plugin package to begin with.")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option(
    "--kind",
    "model_kind",
    type=click.Choice(MODEL_KINDS),
    help="Kind of model; asked for on a terminal, else recursive.",
)
@click.option(
    "--into",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where its folder is made.",
)
@click.option(
    "--from-table",
    "table",
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="For a task: its puzzles, as `--task table` reads them.",
)
def command(kind: str, name: str, model_kind: str | None, into: Path, table: Path | None) -> None:
    """Write a complete package NAME with a working model, task or runner, tests and tox.ini."""
    if model_kind is not None and kind != "model":
        raise click.UsageError(f"--kind is of models, and a {kind} is wanted")
    folder = create(kind, name, into, table, model_kind or _asked(kind))
    click.echo(f"{folder} is a package with a working {kind}. Next:")
    click.echo(f"  pip install -e {folder if folder.is_absolute() else f'./{folder}'}")
    click.echo(f"  trmbench plugins check {name}")
    click.echo(f"  {NEXT_STEPS[kind].format(name=name)}")


def _asked(kind: str) -> str:
    """Ask which kind of model is wanted, where somebody is there to answer."""
    default = MODEL_KINDS[0]
    if kind != "model" or not sys.stdin.isatty():
        return default
    choice: str = click.prompt("Kind of model", default, type=click.Choice(MODEL_KINDS))
    return choice
