"""Whether a user's files still hold what a trial was trained on."""

from __future__ import annotations

import json
from typing import Any

from trmbench.config.cell import DATA
from trmbench.errors import TrmbenchError
from trmbench.spec import TaskInfo, TaskSpec, Trial
from trmbench.spec.trials import Row

HINT = (
    "`trmbench run` makes a cell of today's data; `trmbench evaluate TRIAL --rescore` scores the"
    " stored answers by corrected labels"
)


def require_same_files(trial: Trial, spec: TaskSpec, options: Any) -> None:
    """Compare the user's files with their digests in a trial's configuration.

    Raises:
        TrmbenchError: a file has other content than the trial's cell is named after.
    """
    told, found = trial.config.get(DATA, {}), spec.content_of(options)
    for key in told.keys() & found.keys():
        if told[key] != found[key]:
            raise TrmbenchError(
                f"the data of task.{key}={getattr(options, key)} changed since trial"
                f" {trial.trial_id} was begun",
                HINT,
            )


def is_undigested(trial: Trial, spec: TaskSpec) -> bool:
    """Whether a trial is older than the digests of the files that it reads."""
    return not trial.config.get(DATA) and bool(
        spec.content_of(spec.options(**trial.config["task"]))
    )


def require_same_puzzles(row: Row, info: TaskInfo) -> None:
    """Compare a task's puzzles with the ones that the row of a trial tells of.

    Raises:
        TrmbenchError: they are others.
    """
    data = json.loads(row["provenance"] or "{}").get("data") or {}
    if data.get("fingerprint") not in (None, info.fingerprint):
        raise TrmbenchError(f"the data of trial {row['trial_id']} changed since", HINT)
