"""`trmbench list`: what is installed."""

from __future__ import annotations

from collections.abc import Callable

import click

from trmbench.plugin import registry
from trmbench.plugin.registry import Registry

REGISTRIES: dict[str, Callable[[], Registry]] = {
    "models": registry.models,
    "tasks": registry.tasks,
    "runners": registry.runners,
}


@click.command("list", short_help="List the models, tasks, runners, presets and studies.")
@click.argument("kind", type=click.Choice([*REGISTRIES, "presets", "studies"]))
def command(kind: str) -> None:
    """List what the installed plugins offer, with the distribution it comes from."""
    if kind == "presets":
        rows = _presets()
    elif kind == "studies":
        rows = _studies()
    else:
        rows = [
            (entry.spec.name, entry.spec.title, entry.plugin.distribution)
            for entry in REGISTRIES[kind]()
        ]
    _print_columns(rows)


def _presets() -> list[tuple[str, str, str]]:
    return [
        (f"{kind[:-1]} {entry.spec.name}", ", ".join(entry.spec.presets) or "any", "")
        for kind in ("models", "tasks")
        for entry in REGISTRIES[kind]()
    ]


def _studies() -> list[tuple[str, str, str]]:
    from trmbench.config.studies import find_study, study_names
    from trmbench.config.study import read_study

    return [(name, read_study(find_study(name)).title or "", "") for name in study_names()]


def _print_columns(rows: list[tuple[str, str, str]]) -> None:
    """Aligned columns, without the time that importing a table library takes."""
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for row in rows:
        click.echo(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )
