"""`trmbench list`: what is installed, and what is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from trmbench.errors import TrmbenchError, printable
from trmbench.plugin import registry
from trmbench.plugin.registry import Registry

REGISTRIES: dict[str, Callable[[], Registry]] = {
    "models": registry.models,
    "tasks": registry.tasks,
    "optimizers": registry.optimizers,
    "runners": registry.runners,
}
PUBLISHED = ("published", "weights")
Rows = list[tuple[str, ...]]


@click.command(
    "list", short_help="List models, tasks, presets, studies, published figures and weights, ..."
)
@click.argument("kind", type=click.Choice([*REGISTRIES, "presets", "studies", *PUBLISHED]))
@click.option("--task", metavar="NAME", help="Only this task's published figures or weights.")
def command(kind: str, task: str | None) -> None:
    """List what the installed plugins offer, with the distribution it comes from.

    `published` lists what papers and others report, with what each figure was measured on;
    `weights` lists the public weights that `trmbench checkpoint import` knows by name.
    """
    if task and kind not in PUBLISHED:
        raise TrmbenchError(f"list {kind} takes no --task", f"it is for {' and '.join(PUBLISHED)}")
    if kind == "published":
        rows = _published(task)
    elif kind == "weights":
        rows = _weights(task)
    elif kind == "presets":
        rows = _presets()
    elif kind == "studies":
        rows = _studies()
    else:
        rows = [
            (entry.spec.name, entry.spec.title, entry.plugin.distribution)
            for entry in REGISTRIES[kind]()
        ]
    _print_columns(rows)


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


def _print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Aligned columns, without the time that importing a table library takes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        texts = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(printable("  ".join(texts).rstrip()))
