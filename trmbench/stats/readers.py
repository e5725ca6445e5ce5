"""Sample tables of other tools as studies: inspect_ai's and lm-eval's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .long_form import Columns, Study, tidy

GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""inspect_ai's grades: correct, partly, incorrect, no answer."""


def from_inspect(
    samples: Columns, score: str, *, model: str = "model", task: str | None = None
) -> Study:
    """Read `inspect_ai.analysis.samples_df(columns=EvalModel + EvalTask + SampleSummary)`.

    An epoch of a log is a run of the model as it is: compare with `units="checkpoints"`, unless
    each log is of another training.

    Args:
        samples: the table; of its columns `id`, `epoch`, `eval_id`, and those named here are read.
        score: the column of scores, such as "score_match": grades (C, P, I, N), numbers in 0..1 or
            booleans.
        model: the column that names the model.
        task: the column that names the task, such as "task_name"; None = one task.

    Raises:
        ValueError: a column is missing, or a score is none of these.
    """
    try:
        grades = [_grade(value) for value in samples[score]]
        runs = [f"{e} epoch {n}" for e, n in zip(samples["eval_id"], samples["epoch"], strict=True)]
        columns: dict[str, Any] = {
            "model": list(samples[model]),
            "item": list(samples["id"]),
            "score": grades,
            "run": runs,
        }
        if task is not None:
            columns["task"] = list(samples[task])
    except KeyError as missing:
        raise ValueError(f"the samples have no column {missing}") from None
    of_task = None if task is None else "task"
    return tidy(columns, model="model", item="item", score="score", seed="run", task=of_task)


def from_lm_eval(
    logs: Mapping[str, str | Path | Iterable[Mapping[str, Any]]],
    metric: str,
    *,
    filter: str | None = None,
) -> Study:
    """Read what `lm_eval --log_samples` writes: a `samples_TASK_*.jsonl` file per model.

    Args:
        logs: by the model's name its file, or the records of it.
        metric: the key of the score, such as "exact_match" or "acc".
        filter: which answer filter, such as "strict-match"; needed where there are several.

    Raises:
        ValueError: a record lacks the metric, filters are mixed, or a document is another one for
            one model than for the others.
    """
    columns: dict[str, list[Any]] = {"model": [], "item": [], "score": []}
    documents: dict[str, str] = {}
    for model, log in logs.items():
        records = list(_records(log))
        filters = sorted({str(record["filter"]) for record in records if "filter" in record})
        if filter is None and len(filters) > 1:
            raise ValueError(f"{model} has the filters {', '.join(filters)}: name one")
        for record in records:
            if filter is not None and record.get("filter", filter) != filter:
                continue
            if metric not in record:
                raise ValueError(f"{model}: a record has no {metric!r}: it has {sorted(record)}")
            item, digest = str(record["doc_id"]), str(record.get("doc_hash", ""))
            if documents.setdefault(item, digest) != digest:
                raise ValueError(f"{model}: document {item} is another one than for the others")
            columns["model"].append(model)
            columns["item"].append(item)
            columns["score"].append(float(record[metric]))
    return tidy(columns, model="model", item="item", score="score")


def _records(log: str | Path | Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if not isinstance(log, str | Path):
        return list(log)
    lines = Path(log).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _grade(value: object) -> float:
    """A score as a number in 0..1."""
    if isinstance(value, str) and value in GRADES:
        return GRADES[value]
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    raise ValueError(f"{value!r} is no score: grades are {', '.join(GRADES)}, else numbers")
