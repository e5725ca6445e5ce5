"""`trmbench submit`: a tested trial's answers as the contest's file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

import trmbench
from trmbench import TrmbenchError, printable
from trmbench_arc.options import OPTIONS

if TYPE_CHECKING:
    from trmbench_arc.voting import Tally, VoteResult

Row = dict[str, Any]


@click.command()
@click.argument("trials", nargs=-1, required=True, metavar="TRIAL...")
@click.option("-o", "--output", default="submission.json", help="The file to write.")
@click.option("--results", default="results", help="The results folder.")
@click.option("--evaluation", default=None, help="Which evaluation, if a trial has several.")
@click.option("--pool", is_flag=True, help="Count the votes of several trials together.")
def submit(
    trials: tuple[str, ...], output: str, results: str, evaluation: str | None, pool: bool
) -> None:
    """Write the contest's submission file of an ARC TRIAL (an id or its beginning).

    The votes of one trial count, unless several are named and --pool is given.
    """
    if len(trials) > 1 and not pool:
        raise TrmbenchError(
            f"{len(trials)} trials, but a submission is of one",
            "--pool counts the votes of several together, as the reference implementation does",
        )
    from trmbench_arc.submission import write_submission

    rows = [find_trial(results, trial, evaluation) for trial in trials]
    _require_poolable(rows)
    result = _votes(results, rows)
    test_inputs = {task: len(tallies) for task, tallies in result.tallies.items()}
    write_submission(result.submission(), test_inputs, output)
    counts = f"{len(test_inputs)} tasks, {sum(test_inputs.values())} test inputs"
    for line in (f"{output}: {counts}", *_summary(result, rows)):
        click.echo(printable(line))


def find_trial(results: str, trial: str, evaluation: str | None) -> Row:
    """The row of a finished ARC trial that was tested on the test inputs.

    Raises:
        TrmbenchError: none or several fit, or the one that fits is of another task.
    """
    rows: list[Row] = [
        row
        for row in trmbench.load(results).to_dict("records")
        if row["trial_id"].startswith(trial) and row["evaluation_id"].startswith(evaluation or "")
    ]
    tested = [row for row in rows if _config(row, "evaluation").get("split", "test") == "test"]
    if len(tested) != 1:
        found = ", ".join(f"{row['trial_id']} ({row['evaluation_id']})" for row in tested)
        raise TrmbenchError(
            f"{len(tested)} trials fit {trial!r} in {results}" + f": {found}" * bool(found),
            "name one by its id, and one --evaluation of the test split",
        )
    [row] = tested
    if row["task"] not in OPTIONS or row["status"] != "finished":
        raise TrmbenchError(
            f"trial {row['trial_id']} is a {row['status']} trial of {row['task']}",
            "only finished ARC trials have submissions",
        )
    return row


def _config(row: Row, section: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(row["config"]).get(section, {})
    return values


def _require_poolable(rows: Sequence[Row]) -> None:
    """Refuse to pool a trial with itself, or trials that were tested on other puzzles."""
    if len({row["trial_id"] for row in rows}) < len(rows):
        raise TrmbenchError("a trial is named twice", "its votes would count twice")
    if any(_config(row, "task") != _config(rows[0], "task") for row in rows):
        raise TrmbenchError(
            "the trials have different task settings", "pool trials of one task and one preset"
        )


def _votes(results: str, rows: Sequence[Row]) -> VoteResult:
    """The votes of the trials together; a trial without votes has one for each test input."""
    from trmbench_arc.grids import decode, encode
    from trmbench_arc.selection import select
    from trmbench_arc.voting import Tally, VoteResult

    values = _config(rows[0], "task")
    schema = OPTIONS[rows[0]["task"]]
    names = {field.name for field in dataclasses.fields(schema)}
    options = schema(**{key: value for key, value in values.items() if key in names})
    tallies = {
        task.name: [
            Tally(None if pair.output is None else encode(pair.output, options.canvas).tobytes())
            for pair in task.test
        ]
        for task in select(options).evaluation
    }
    for row in rows:
        for puzzle_id, answer, votes, confidence in _answers(results, row):
            tokens = encode(decode(answer), options.canvas).tobytes()
            _tally_of(puzzle_id, tallies).add(tokens, confidence, votes)
    return VoteResult(tallies)


def _tally_of(puzzle_id: str, tallies: Mapping[str, Sequence[Tally]]) -> Tally:
    """The votes on a test input, which is named TASK/test/NUMBER."""
    task, _, number = (*puzzle_id.rsplit("/", 2), "", "")[:3]
    if not number.isdecimal() or int(number) >= len(tallies.get(task, ())):
        raise TrmbenchError(
            f"the trial answered {puzzle_id!r:.60}, which is no test input of its task",
            "`trmbench doctor` looks at its files",
        )
    return tallies[task][int(number)]


def _answers(results: str, row: Row) -> list[tuple[str, Any, int, float]]:
    """(puzzle, tokens, votes, mean halting probability) of each distinct answer of a trial."""
    import numpy as np

    name = trmbench.row_name(row)
    if row["votes"] > 1:
        table = trmbench.load(results, "votes", [name])
        confidence = table["mean_halt_probability"]
    else:
        table = trmbench.load(results, "puzzles", [name]).assign(votes=1)
        confidence = table["halt_probability"]
    if table.empty:
        raise TrmbenchError(f"no answers of trial {name} in {results}", "evaluate it again")
    answers = [np.frombuffer(answer, np.uint8) for answer in table["answer"]]
    return list(zip(table["puzzle_id"], answers, table["votes"], confidence, strict=True))


def _summary(result: VoteResult, rows: Sequence[Row]) -> list[str]:
    """What the votes reach, and whose they are."""
    from trmbench_arc.scoring import SCORINGS
    from trmbench_arc.voting import VOTES_AT

    tallies = [tally for of_task in result.tallies.values() for tally in of_task]
    silent = sum(tally.votes == 0 for tally in tallies)
    of = f"the pooled votes of {len(rows)} trials" if len(rows) > 1 else "the votes of one trial"
    lines = [f"vote@k of {of}", "k".rjust(10) + "".join(f"{k:>9}" for k in VOTES_AT)]
    for scoring in SCORINGS:
        shares = (result.vote_at(k, scoring) for k in VOTES_AT)
        lines.append(scoring.rjust(10) + "".join(f"{100 * share:>7.1f} %" for share in shares))
    note = f"no answer to {silent} of {len(tallies)} test inputs; a black cell stands for it"
    return [*lines, note] if silent else lines
