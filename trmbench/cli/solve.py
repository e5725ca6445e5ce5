"""`trmbench solve`: puzzles of the user, answered by a stored trial."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trmbench.cli.options import results_option
from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from trmbench.spec import Question
    from trmbench.trial.saved import SavedModel, Solution

MOST_DRAWN = 20
"""Answers that are drawn; more go to a file."""


@click.command("solve", short_help="Answer a puzzle of yours by a trained trial.")
@click.argument("trial")
@click.argument("puzzle", required=False)
@click.option("--all-seeds", is_flag=True, help="Have all trained seeds of the cell vote.")
@click.option("--depth", type=click.IntRange(1), help="Supervision steps; else as it was tested.")
@click.option("--steps", is_flag=True, help="Show the answer after every supervision step.")
@click.option(
    "--runtime",
    type=click.Choice(["torch", "onnx"]),
    default="torch",
    help="What computes the answer.",
)
@click.option(
    "--exported",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Have this file of `trmbench export` answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each puzzle.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the answers to a file, one a line; as JSON with --json.",
)
@results_option
def command(
    trial: str,
    puzzle: str | None,
    all_seeds: bool,
    depth: int | None,
    steps: bool,
    runtime: str,
    exported: Path | None,
    as_json: bool,
    output: Path | None,
    results: str,
) -> None:
    """Answer PUZZLE by TRIAL (the beginning of its id; a cell's id for all seeds of the cell).

    PUZZLE is a text, the name of a file, or missing: then it is read from the input. A text is one
    puzzle, row by row or in one line, or one puzzle in each line.
    """
    from trmbench.trial.saved import load_model

    text = _text(puzzle)
    is_program = exported is not None or runtime == "onnx"
    device = "cpu" if is_program else "auto"
    model = load_model(trial, results, all_seeds=all_seeds, depth=depth, device=device)
    if steps and (is_program or len(model.parts) > 1):
        raise TrmbenchError(
            "--steps shows the steps of one trial", "leave out --all-seeds and --runtime"
        )
    if is_program:
        from trmbench.trial.export import by_program

        model = by_program(model, exported)
    questions = model.read(text)
    _warn_of_blank_identifiers(model, questions)
    found = model.solve(questions)
    lines = [json.dumps(each.record()) if as_json else each.text for each in found]
    if output is not None:
        _write(output, lines)
    elif as_json:
        click.echo("\n".join(lines))
    else:
        _draw(model, found, steps)


def _text(puzzle: str | None) -> str:
    """The text itself, the content of the file of that name, or the input."""
    if puzzle is None or puzzle == "-":
        if sys.stdin.isatty():
            click.echo("Type the puzzle, then Ctrl-D:", err=True)
        return sys.stdin.read()
    path = Path(puzzle)
    try:
        is_file = path.is_file()
    except OSError:  # a text that is too long for a name
        is_file = False
    if not is_file:
        return puzzle
    try:
        return path.read_text(encoding="utf-8-sig")
    except ValueError as error:
        raise TrmbenchError(f"{path} is no text: {error}", "save it as UTF-8") from error


def _write(output: Path, lines: Sequence[str]) -> None:
    from trmbench.cli.console import console
    from trmbench.store.output import write_output

    content = "".join(f"{line}\n" for line in lines)
    write_output(output, lambda path: path.write_text(content, encoding="utf-8"))
    console.print(f"wrote {len(lines):,} answers to {output}", soft_wrap=True)


def _draw(model: SavedModel, found: Sequence[Solution], steps: bool) -> None:
    from trmbench.cli.console import console
    from trmbench.gallery.solutions import refinement_view, solution_view
    from trmbench.spec.puzzles import asked_places

    asked = asked_places(model.task)
    console.print(model.title, style="bold")
    for number, each in enumerate(found[:MOST_DRAWN], start=1):
        if len(found) > 1:
            console.print(f"\nPuzzle {number}", style="bold")
        for view in (refinement_view,) if steps else ():
            for part in view(model.task, each, asked):
                console.print(part)
        for part in solution_view(model.task, each, asked):
            console.print(part)
    if len(found) > MOST_DRAWN:
        console.print(f"and {len(found) - MOST_DRAWN:,} more: -o FILE writes them all")


def _warn_of_blank_identifiers(model: SavedModel, questions: Sequence[Question]) -> None:
    """Say when a model that knows rules by puzzle identifiers was given none."""
    from trmbench.cli.console import warn

    blank = any(question.puzzle_identifier == 0 for question in questions)
    if blank and model.task.info.num_puzzle_identifiers > 1:
        warn(
            f"{model.task.info.title} is told by puzzle identifiers which rule a puzzle follows;"
            " this puzzle has none, so that its answer is a guess"
        )
