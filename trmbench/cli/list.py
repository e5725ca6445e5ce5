"""`trmbench list`: what is installed, and what is published."""

from __future__ import annotations

from collections.abc import Callable

import click

from trmbench.errors import TrmbenchError, printable
from trmbench.plugin import registry
from trmbench.plugin.registry import Registry
from trmbench.report.console import SafeConsole
from trmbench.report.fitted import table_of_names

REGISTRIES: dict[str, Callable[[], Registry]] = {
    "models": registry.models,
    "tasks": registry.tasks,
    "optimizers": registry.optimizers,
    "runners": registry.runners,
}
PUBLISHED = ("published", "weights")
KINDS = (*REGISTRIES, "presets", "studies")
HEADINGS = ("name", "what it is", "from")
Rows = list[tuple[str, ...]]


@click.command(
    "list", short_help="List models, tasks, presets, studies, published figures and weights, ..."
)
@click.argument("kind", type=click.Choice([*KINDS, *PUBLISHED]), required=False)
@click.option("--task", metavar="NAME", help="Only this task's published figures or weights.")
def command(kind: str | None, task: str | None) -> None:
    """List what the installed plugins offer, or one KIND of it, with its distribution.

    `published` lists what papers and others report, with what each figure was measured on;
    `weights` lists the public weights that `trmbench checkpoint import` knows by name.
    """
    if task and kind not in PUBLISHED:
        words = f"list {kind}" if kind else "list"
        raise TrmbenchError(f"{words} takes no --task", f"it is for {' and '.join(PUBLISHED)}")
    if kind:
        return _print_columns(kind, _rows(kind, task))
    for each in KINDS:
        click.echo(f"{each}:")
        _print_columns(each, _rows(each, None))
    click.echo("Also: trmbench list published, trmbench list weights")


def _rows(kind: str, task: str | None) -> Rows:
    if kind in REGISTRIES:
        return [
            (entry.spec.name, entry.spec.title, entry.plugin.distribution)
            for entry in REGISTRIES[kind]()
        ]
    if kind in PUBLISHED:
        return _published(task) if kind == "published" else _weights(task)
    return _presets() if kind == "presets" else _studies()


def _presets() -> Rows:
    return [
        (f"{kind[:-1]} {entry.spec.name}", ", ".join(entry.spec.presets) or "any")
        for kind in ("models", "tasks")
        for entry in REGISTRIES[kind]()
    ]


def _studies() -> Rows:
    from trmbench.config.studies import find_study, study_names
    from trmbench.config.study import read_study

    return [(name, read_study(find_study(name)).title or "") for name in study_names()]


def _published(task: str | None) -> Rows:
    from trmbench.published import published_figures
    from trmbench.published.columns import COLUMNS, texts

    rows = [
        (figure.task, *texts(figure), figure.evidence or "-", figure.note)
        for figure in published_figures(task)
    ]
    return [("task", *COLUMNS, "evidence", "note"), *rows]


def _weights(task: str | None) -> Rows:
    from trmbench.published.checkpoints import public_weights

    headings = ("name", "model", "task", "repository", "file", "settings", "subsets", "expected")
    rows = [
        (
            *(found.name, found.model, found.task, found.repository, found.file),
            *(found.options or "-", found.identifiers or "-"),
            f"{found.expected} % ({found.metric})" if found.expected else "-",
            found.measured_by or "-",
            found.note,
        )
        for found in public_weights(task)
    ]
    return [(*headings, "measured by", "note"), *rows]


def _print_columns(kind: str, rows: Rows) -> None:
    """Aligned columns; on a terminal that is too narrow for them, a table that fits it."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console = SafeConsole()
    if console.is_terminal and sum(widths) + 2 * len(widths) > console.width:
        named = rows if kind in PUBLISHED else [HEADINGS[: len(widths)], *rows]
        return console.print(table_of_names("", named[0], named[1:]))
    for row in rows:
        texts = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(printable("  ".join(texts).rstrip()))
    return None
