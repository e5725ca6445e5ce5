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
    each log is of another training. A sample that failed has no score: its item is left out of all
    runs, and counted.

    Args:
        samples: the table; of its columns `id`, `epoch`, `eval_id`, and those named here are read.
        score: the column of scores, such as "score_match": grades (C, P, I, N), numbers in 0..1 or
            booleans.
        model: the column that names the model.
        task: the column that names the task, such as "task_name"; None = one task.

    Raises:
        ValueError: a column is missing, a score is none of these, no sample has one, or there are
            several tasks and no column is named.
    """
    rows = {"eval_id", "epoch", "id", model, score, *([task] if task else [])}
    try:
        read = {name: list(samples[name]) for name in rows}
    except KeyError as missing:
        raise ValueError(f"the samples have no column {missing}") from None
    scored = [place for place, value in enumerate(read[score]) if not _is_missing(value)]
    if not scored:
        raise ValueError(f"no sample has a {score}")
    if task is None and len(tasks := _tasks(samples, scored)) > 1:
        raise ValueError(f'samples of the tasks {", ".join(tasks)}: give task="task_name"')
    columns = {name: [values[place] for place in scored] for name, values in read.items()}
    runs = zip(columns["eval_id"], columns["epoch"], strict=True)
    columns["run"] = [f"{log} epoch {epoch}" for log, epoch in runs]
    columns["grade"] = [_grade(value) for value in columns[score]]
    return tidy(columns, model=model, item="id", score="grade", seed="run", task=task)


def from_lm_eval(
    logs: Mapping[str, str | Path | Iterable[Mapping[str, Any]]],
    metric: str,
    *,
    filter: str | None = None,
) -> Study:
    """Read what `lm_eval --log_samples` writes: a `samples_TASK_*.jsonl` file per model and task.

    Args:
        logs: by the model's name its file for the task, or the records of it.
        metric: the key of the score, such as "exact_match" or "acc".
        filter: which answer filter, such as "strict-match"; needed where there are several.

    Raises:
        ValueError: a record lacks the metric, or has something else than a number there; filters
            are mixed, or a model lacks the one that is named; a document is another one for one
            model than for the others.
    """
    records = {model: list(_records(log)) for model, log in logs.items()}
    filters = {str(each.get("filter", "none")) for log in records.values() for each in log}
    if filter is None and len(filters) > 1:
        raise ValueError(f"there are the filters {', '.join(sorted(filters))}: name one")
    columns: dict[str, list[Any]] = {"model": [], "item": [], "score": []}
    documents: dict[str, str] = {}
    for model, log in records.items():
        meant = [each for each in log if filter is None or each.get("filter", filter) == filter]
        if not meant:
            of_filter = f" of the filter {filter!r}" if filter else ""
            raise ValueError(f"{model} has no record{of_filter}")
        for record in meant:
            item, digest = str(record["doc_id"]), str(record.get("doc_hash", ""))
            if documents.setdefault(item, digest) != digest:
                raise ValueError(f"{model}: document {item} is another one than for the others")
            columns["model"].append(model)
            columns["item"].append(item)
            columns["score"].append(_score(model, record, metric))
    return tidy(columns, model="model", item="item", score="score")


def _score(model: str, record: Mapping[str, Any], metric: str) -> float:
    if metric not in record:
        raise ValueError(f"{model}: a record has no {metric!r}: it has {sorted(record)}")
    if not isinstance(record[metric], bool | int | float):
        raise ValueError(f"{model}: {metric} is {record[metric]!r:.60}, no score of one document")
    return float(record[metric])


def _records(log: str | Path | Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if not isinstance(log, str | Path):
        return list(log)
    # Other line breaks than this one stand within texts.
    lines = Path(log).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def _tasks(samples: Columns, places: Sequence[int]) -> list[str]:
    """The names of the tasks of samples, where they tell them."""
    try:
        names = list(samples["task_name"])
    except KeyError:
        return []
    return sorted({str(names[place]) for place in places})


def _is_missing(value: object) -> bool:
    """Whether there is no score: None, NaN or pandas' NA."""
    return value is None or str(value) in ("nan", "<NA>")


def _grade(value: object) -> float:
    """A score as a number in 0..1."""
    if isinstance(value, str) and value in GRADES:
        return GRADES[value]
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    raise ValueError(f"{value!r} is no score: grades are {', '.join(GRADES)}, else numbers")
