"""`trmbench submit`: a tested trial's answers as the contest's file."""

from __future__ import annotations

import dataclasses
import glob
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trmbench import TrmbenchError

if TYPE_CHECKING:
    import pandas as pd

    from trmbench_arc.submission import Submission


@click.command()
@click.argument("trial")
@click.option("-o", "--output", default="submission.json", help="The file to write.")
@click.option("--results", default="results", help="The results folder.")
@click.option("--evaluation", default=None, help="Which evaluation, if the trial has several.")
def submit(trial: str, output: str, results: str, evaluation: str | None) -> None:
    """Write the contest's submission file of an ARC TRIAL (an id or its beginning)."""
    from trmbench_arc.submission import write_submission

    row = find_trial(Path(results), trial, evaluation)
    test_inputs = _test_inputs(row)
    write_submission(_submission(Path(results), row, test_inputs), test_inputs, output)
    click.echo(f"{output}: {len(test_inputs)} tasks, {sum(test_inputs.values())} test inputs")


def find_trial(results: Path, trial: str, evaluation: str | None) -> dict[str, Any]:
    """The row of a finished ARC trial.

    Raises:
        TrmbenchError: none or several fit, or the one that fits is of another task.
    """
    files = sorted((results / "trials").glob(f"{glob.escape(trial)}*.parquet"))
    rows = [row for file in files for row in _read(file).to_dict("records")]
    rows = [row for row in rows if row["evaluation_id"].startswith(evaluation or "")]
    if len(rows) != 1:
        found = ", ".join(f"{row['trial_id']} ({row['evaluation_id']})" for row in rows)
        raise TrmbenchError(
            f"{len(rows)} trials fit {trial!r} in {results}" + f": {found}" * bool(found),
            "name one by its id, and one --evaluation",
        )
    row: dict[str, Any] = rows[0]
    if row["task"] not in ("arc1", "arc2") or row["status"] != "finished":
        raise TrmbenchError(
            f"trial {row['trial_id']} is a {row['status']} trial of {row['task']}",
            "only finished ARC trials have submissions",
        )
    return row


def _submission(results: Path, row: dict[str, Any], test_inputs: dict[str, int]) -> Submission:
    """The two best answers of each test input; a trial without votes has one."""
    import numpy as np

    from trmbench_arc.grids import decode
    from trmbench_arc.submission import make_submission

    name = f"{row['trial_id']}-{row['evaluation_id']}.parquet"
    if (results / "votes" / name).exists():
        answers = _read(results / "votes" / name).sort_values(
            ["votes", "mean_halt_probability"], ascending=False, kind="stable"
        )
    else:
        answers = _read(results / "puzzles" / name)
    grids = {
        str(puzzle_id): [decode(np.frombuffer(answer, np.uint8)) for answer in group.answer[:2]]
        for puzzle_id, group in answers.groupby("puzzle_id")
    }
    return make_submission(
        {
            task: [grids.get(f"{task}/test/{number}", []) for number in range(count)]
            for task, count in test_inputs.items()
        }
    )


def _test_inputs(row: dict[str, Any]) -> dict[str, int]:
    """Per evaluation task of the trial's data its number of test inputs."""
    from trmbench_arc.options import Arc1Options
    from trmbench_arc.selection import select

    values = json.loads(row["config"])["task"]
    names = {field.name for field in dataclasses.fields(Arc1Options)}
    options = Arc1Options(**{key: value for key, value in values.items() if key in names})
    return {task.name: len(task.test) for task in select(options).evaluation}


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise TrmbenchError(f"cannot read {file}: {error}", "evaluate the trial again") from error
