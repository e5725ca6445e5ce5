"""`trmbench compare`: what was run, with its uncertainty."""

from __future__ import annotations

from typing import Any

import click

from trmbench.cli.options import results_option
from trmbench.errors import TrmbenchError, printable

where_option = click.option(
    "--where",
    metavar="CONDITION",
    help="Which trials, such as 'model in (trm, hrm) and seed < 5'.",
)


def question_options(command: Any) -> Any:
    """The options of `compare` and `report` that say what is compared."""
    options = (
        where_option,
        click.option(
            "--metric",
            default="score",
            metavar="NAME",
            help="score (the task's own), exact_accuracy, valid_accuracy or cell_accuracy; of ARC"
            " also fractional_vote@2, all_vote@2 or output_vote@2.",
        ),
        click.option("--split", metavar="NAME", help="Only what was tested on this split."),
        click.option("--baseline", metavar="MODEL", help="Compare the others with this one only."),
        click.option(
            "--margin",
            type=float,
            metavar="POINTS",
            help="Differences below this do not matter: allows the verdict `equivalent`.",
        ),
        click.option(
            "--paired",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Which seeds are pairs: of the same weights or base (auto), or of equal number.",
        ),
        click.option(
            "--match",
            type=click.Choice(["depth", "flops", "seconds", "none"]),
            default="depth",
            help="What is made equal: each model at its greatest depth within the smaller budget.",
        ),
        click.option("--curve", is_flag=True, help="Show accuracy against FLOPs, depth by depth."),
        click.option(
            "--dollars-per-hour",
            type=float,
            metavar="PRICE",
            help="The price of the machine: tables then price a trial's training and test.",
        ),
        click.option("--force", is_flag=True, help="Compare what is not comparable, labelled so."),
        click.option("--ignore-failed", is_flag=True, help="Give verdicts despite failed trials."),
        click.option(
            "--with",
            "beside",
            type=click.Choice(["published"]),
            help="Show what papers report next to ours.",
        ),
        results_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def compared(results: str, margin: float | None, beside: str | None, **question: Any) -> Any:
    """The comparison that the options of `question_options` ask for; its notes go to stderr."""
    from trmbench.cli.console import warn
    from trmbench.comparison.compare import compare_cells
    from trmbench.comparison.question import Question
    from trmbench.store import Store

    if margin is not None and not 0 <= margin <= 100:  # nor NaN
        raise TrmbenchError(f"--margin {margin} is not possible", "use 0 to 100 points")
    price = question["dollars_per_hour"]
    if price is not None and not 0 <= price < 1e6:
        raise TrmbenchError(f"--dollars-per-hour {price} is not possible", "use 0 to 1,000,000")
    asked = Question(
        margin=None if margin is None else margin / 100,
        published=beside == "published",
        **question,
    )
    found = compare_cells(Store(results, warn), asked)
    for note in found.notes:
        warn(note)
    return found


@click.command("compare", short_help="Compare what was run, with its uncertainty.")
@question_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown", "latex"]),
    default="table",
    help="How to print it.",
)
@click.option("--fail-if-worse", is_flag=True, help="Exit 1 if a model is worse than --baseline.")
def command(form: str, fail_if_worse: bool, **options: Any) -> int:
    """Compare the cells of each task and preset: means, differences, verdicts in words."""
    if fail_if_worse and not options["baseline"]:
        raise TrmbenchError("--fail-if-worse needs to know worse than what", "add --baseline MODEL")
    found = compared(**options)
    if form == "table":
        from trmbench.cli.console import console
        from trmbench.report.terminal import comparison_view

        for part in comparison_view(found):
            console.print(part)
    else:
        from trmbench.report.formats import FORMATS

        click.echo(printable(FORMATS[form](found)))
    worse = any(difference.verdict == "worse" for difference in found.differences)
    return 1 if fail_if_worse and worse else 0
