"""`trmbench submit`: a tested trial's answers as the contest's file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trmbench import TrmbenchError

if TYPE_CHECKING:
    import pandas as pd


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
        TrmbenchError: none or several fit.
    """
    rows = _read(results / "trials")
    rows = rows[rows.trial_id.str.startswith(trial) & (rows.status == "finished")]
    if evaluation is not None:
        rows = rows[rows.evaluation_id.str.startswith(evaluation)]
    if len(rows) != 1:
        found = ", ".join(f"{row.trial_id} ({row.evaluation_id})" for row in rows.itertuples())
        raise TrmbenchError(
            f"{len(rows)} finished trials fit {trial!r} in {results}" + f": {found}" * bool(found),
            "name one by its id, and one --evaluation",
        )
    row: dict[str, Any] = rows.iloc[0].to_dict()
    if row["task"] not in ("arc1", "arc2"):
        message = f"trial {row['trial_id']} is of task {row['task']}"
        raise TrmbenchError(message, "only ARC trials have submissions")
    return row


def _submission(results: Path, row: dict[str, Any], test_inputs: dict[str, int]) -> Any:
    """The two best answers of each test input; a trial without votes has one."""
    import numpy as np

    from trmbench_arc.grids import decode
    from trmbench_arc.submission import make_submission

    key = [(name, "==", row[name]) for name in ("trial_id", "evaluation_id")]
    votes = results / "votes"
    answers = _read(votes, key) if votes.is_dir() else None
    if answers is None or answers.empty:
        answers = _read(results / "puzzles", key).assign(votes=1, mean_halt_probability=0.0)
    answers = answers.sort_values(
        ["votes", "mean_halt_probability"], ascending=False, kind="stable"
    )
    grids = {
        puzzle_id: [decode(np.frombuffer(answer, np.uint8)) for answer in group.answer[:2]]
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


def _read(folder: Path, filters: list[tuple[str, str, Any]] | None = None) -> pd.DataFrame:
    import pandas as pd

    if not folder.is_dir():
        raise TrmbenchError(f"no results in {folder}", "check --results")
    return pd.read_parquet(folder, filters=filters)
