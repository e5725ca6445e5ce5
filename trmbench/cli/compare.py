"""`trmbench compare`: what was run, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from trmbench.cli.options import complete_studies, several_results_option
from trmbench.errors import TrmbenchError, printable, shown

if TYPE_CHECKING:
    from trmbench.store import Store

where_option = click.option(
    "--where",
    metavar="CONDITION",
    help="Which trials, such as 'model in (trm, hrm) and seed < 5'.",
)


QUESTION = (
    click.option(
        "--study",
        shell_complete=complete_studies,
        help="Only the cells of a study that comes with trmbench, named as it names them.",
    ),
    where_option,
    click.option(
        "--metric",
        default="score",
        metavar="NAME",
        help="score (the task's own), exact_accuracy, valid_accuracy, cell_accuracy, abstained;"
        " of K candidates pass@K, selected@K, mode@K, coverage@K, such as pass@8; a score that"
        " the task names; of ARC fractional_vote@2, all_vote@2 or output_vote@2.",
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
        "--not-worse-than",
        type=float,
        metavar="POINTS",
        help="A model may be worse by this: allows the verdict `not worse`.",
    ),
    click.option(
        "--plan",
        type=float,
        metavar="POINTS",
        help="Say how many seeds, or puzzles, find a difference of this size.",
    ),
    click.option(
        "--exceeds",
        type=float,
        metavar="PERCENT",
        help="Test whether each mean exceeds this (one-sided, 1 %, from 10 seeds on).",
    ),
    click.option(
        "--population",
        type=click.IntRange(2),
        metavar="N",
        help="Speak of N puzzles, of which the tested ones are a sample; the number tested ="
        " this test set. Without: puzzles like these.",
    ),
    click.option(
        "--looks",
        metavar="3,5,10",
        help="The numbers of seeds at which this study is looked at, fixed beforehand.",
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
    several_results_option,
    click.option(
        "--apart",
        is_flag=True,
        help="Each of several --results has cells of its own, even of trials that they share.",
    ),
)
"""The options of `compare` and `report` that say what is compared."""


def question_options(command: Any) -> Any:
    """Give a command the options that say what is compared."""
    for option in reversed(QUESTION):
        command = option(command)
    return command


def opened(results: Sequence[str], apart: bool = False) -> Store:
    """The results that `--results` names, read as one or kept apart."""
    from trmbench.cli.console import warn
    from trmbench.store.opening import open_results

    return open_results(results, warn, apart)


POINTS = ("margin", "not_worse_than", "plan", "exceeds")
"""Options in points, 0 to 100, of what a question has as a share."""


def compared(
    store: Store, study: str | None, looks: str | None, beside: str | None, **question: Any
) -> Any:
    """The comparison that the options of `question_options` ask for; its notes go to stderr.

    Args:
        store: what `opened` returns.
        study: the option of that name.
        looks: the option of that name.
        beside: the option --with.
        question: the other options.
    """
    from trmbench.cli.console import warn
    from trmbench.comparison.compare import compare_cells
    from trmbench.comparison.question import Question
    from trmbench.experiment.cells import cells_of_study

    for name in POINTS:
        points = question.pop(name)
        if points is not None and not 0 <= points <= 100:  # nor NaN
            option = f"--{name.replace('_', '-')}"
            raise TrmbenchError(f"{option} {points} is not possible", "use 0 to 100 points")
        question[name] = None if points is None else points / 100
    price = question["dollars_per_hour"]
    if price is not None and not 0 <= price < 1e6:
        raise TrmbenchError(f"--dollars-per-hour {price} is not possible", "use 0 to 1,000,000")
    asked = Question(
        study=partial(cells_of_study, study) if study else None,
        looks=_numbers(looks),
        published=beside == "published",
        **question,
    )
    found = compare_cells(store, asked)
    for note in found.notes:
        warn(note)
    return found


def _numbers(looks: str | None) -> tuple[int, ...]:
    if looks is None:
        return ()
    parts = [part.strip() for part in looks.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise TrmbenchError(
            f"--looks {shown(looks)} is no list of numbers of seeds", "write --looks 3,5,10"
        )
    return tuple(map(int, parts))


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
def command(
    form: str, fail_if_worse: bool, results: Sequence[str], apart: bool, **options: Any
) -> int:
    """Compare the cells of each task and preset: means, differences, verdicts in words."""
    if fail_if_worse and not options["baseline"]:
        raise TrmbenchError("--fail-if-worse needs to know worse than what", "add --baseline MODEL")
    found = compared(opened(results, apart), **options)
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
