"""One trial as `show` prints it: its figures, curve, steps, configuration and provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from trmbench.comparison.candidates import several_answers
from trmbench.comparison.naming import described, unusual_evaluation
from trmbench.report.several import others, rungs_table
from trmbench.report.tables import TextTable
from trmbench.report.terminal import rich_table
from trmbench.report.words import (
    UNKNOWN,
    count,
    decimals,
    duration,
    energy,
    memory,
    metric_names,
    percent,
    scientific,
)
from trmbench.spec import Trial
from trmbench.spec.metrics import ABSTAINED
from trmbench.spec.trials import Row
from trmbench.store import Store

_BARS = "▁▂▃▄▅▆▇█"
_NAN = float("nan")


def trials_table(rows: Iterable[Row]) -> TextTable:
    """Make one line per trial and evaluation, and say how it was tested where that differs."""
    rows = list(rows)
    ways = [described(unusual_evaluation(row)) for row in rows]
    differ = any(ways)
    texts = tuple(
        (
            row["trial_id"],
            row["model"] or UNKNOWN,
            row["task"] or UNKNOWN,
            row["preset"] or UNKNOWN,
            UNKNOWN if row["seed"] is None else str(row["seed"]),
            row["status"] or UNKNOWN,
            *([way or "as usual"] if differ else []),
            percent(_number(row["score"])),
            duration(_number(row["train_seconds"])),
            f"{row['started_at']:%Y-%m-%d %H:%M}" if row["started_at"] else UNKNOWN,
        )
        for row, way in zip(rows, ways, strict=True)
    )
    names = ("trial", "model", "task", "preset", "seed", "status", *["tested"] * differ)
    return TextTable("Trials", (*names, "score", "train", "started"), texts, len(names))


def running_table(running: Iterable[tuple[Trial, str]]) -> TextTable:
    """Make one line per trial that is being done, with the process that does it."""
    texts = tuple(
        (trial.trial_id, trial.cell_label or trial.model, trial.task, str(trial.seed), process)
        for trial, process in running
    )
    return TextTable("Running now", ("trial", "model", "task", "seed", "by"), texts, 5)


def trial_view(store: Store, rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield one trial with each of its evaluations, piece by piece."""
    first = rows[0]
    yield Text(f"{first['model']} on {first['task']} ({first['preset']}), seed {first['seed']}")
    yield _pairs("Training", _training(first))
    yield from curve_view(store, first["trial_id"])
    for row in rows:
        yield from _evaluation(store, row)
    config: Mapping[str, Mapping[str, Any]] = json.loads(first["config"] or "{}")
    settings = {f"{part}.{key}": v for part, keys in config.items() for key, v in keys.items()}
    yield _pairs("Configuration", settings)
    yield _pairs("Provenance", dotted(json.loads(first["provenance"] or "{}")))


def _training(row: Row) -> dict[str, Any]:
    return {
        "trial": row["trial_id"],
        "cell": row["cell_id"],
        "status": row["status"],
        "error": row["error"],
        "training puzzles": count(_number(row["train_puzzles"])),
        "training steps": count(_number(row["train_steps"])),
        "training time": duration(_number(row["train_seconds"])),
        "resumed from step": row["resumed_from_step"],
        "parameters": count(_number(row["parameters"])),
        "puzzle embedding": count(_number(row["puzzle_embedding_parameters"])),
        "memory": memory(_number(row["peak_memory_bytes"])),
        "kept for a training step's gradient": memory(_number(row["activation_bytes"])),
        "training FLOPs": scientific(row["train_flops"]),
        "training energy": energy(row["train_joules"]),
        "device": row["device"],
        "started": _moment(row["started_at"]),
        "finished": _moment(row["finished_at"]),
    }


def curve_view(store: Store, trial_id: str) -> Iterator[RenderableType]:
    """Draw the learning curve as sparklines."""
    names = ("loss", "exact_accuracy", "cell_accuracy", "gradient_norm")
    curve = store.read("curves", ["step", *names], [trial_id])
    if len(curve) == 0:
        return
    steps = curve["step"].to_pylist()
    yield Text(f"Learning curve, training steps {steps[0]:,} to {steps[-1]:,}", "bold")
    for name in names:
        values = np.array([_number(value) for value in curve[name].to_pylist()])
        if np.isfinite(values).any():
            low, high = np.nanmin(values), np.nanmax(values)
            ends = f"{values[0]:.4g} to {values[-1]:.4g}, {low:.4g}..{high:.4g}"
            yield Text(f"{name.replace('_', ' '):>15} {sparkline(values)} {ends}")


def _evaluation(store: Store, row: Row) -> Iterator[RenderableType]:
    totals: Mapping[str, float] = json.loads(row["totals"] or "{}")
    several = several_answers(store, row)
    figures = {
        "evaluation": row["evaluation_id"],
        metric_names([row["primary_metric"] or "score"]): percent(_number(row["score"])),
        "exact accuracy": percent(_number(row["exact_accuracy"])),
        "valid accuracy": percent(_number(row["valid_accuracy"])),
        "cell accuracy": percent(_number(row["cell_accuracy"])),
        "validation": percent(_number(row["validation_accuracy"])),
        "test puzzles": count(_number(row["test_puzzles"])),
        "votes": row["votes"],
        "supervision steps": row["depth"],
        "FLOPs per step": scientific(row["flops_per_step"]),
        "FLOPs per answer": scientific(row["flops_per_answer"]),
        "test time": duration(_number(row["test_seconds"])),
        "test energy": energy(row["test_joules"]),
        **others(several),
        **{k: v for k, v in totals.items() if "@" not in k and k != ABSTAINED},
    }
    way = described(unusual_evaluation(row))
    yield _pairs(f"Test, {way}" if way else "Test", figures)
    if several.rungs:
        yield rich_table(rungs_table(several))
        totals = {k: v for k, v in totals.items() if not k.startswith("oracle_pass@")}
    if any("@" in name for name in totals):
        yield _at_table(totals)
    if row["by_depth"]:
        yield _depth_table(row["by_depth"])
    steps = row["exact_accuracy_by_step"]
    if steps and len(steps) > 1:
        yield Text("Exact accuracy after each supervision step", "bold")
        yield Text(f"{sparkline(np.array(steps), 0.0, 1.0)}  (the full block is 100 %)")
        yield Text("  ".join(f"{i}: {percent(share)}" for i, share in enumerate(steps, 1)))


def _depth_table(points: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Tabulate a depth curve: a line per depth."""
    shares = ("exact_accuracy", "valid_accuracy", "cell_accuracy")
    lines = tuple(
        (
            count(point["depth"]),
            *(percent(_number(point[name])) for name in shares),
            decimals(point["halting_auc"]),
            count(_number(point["lost"])),
            scientific(point["flops"]),
        )
        for point in points
    )
    names = ("depth", "exact", "valid", "cells", "halting AUC", "lost again", "FLOPs")
    return rich_table(TextTable("Depth curve: after so many supervision steps", names, lines, 0))


def _at_table(totals: Mapping[str, float]) -> RenderableType:
    """Tabulate shares named `figure@k`: a line per k, a column per figure."""
    named = {tuple(name.split("@")): value for name, value in totals.items() if "@" in name}
    figures = list(dict.fromkeys(figure for figure, _ in named))
    lines = tuple(
        (k.replace("_", " "), *(percent(named.get((figure, k), _NAN)) for figure in figures))
        for k in dict.fromkeys(k for _, k in named)
    )
    return rich_table(TextTable("", ("@", *(f.replace("_", " ") for f in figures)), lines, 1))


def sparkline(
    values: np.ndarray, low: float | None = None, high: float | None = None, width: int = 60
) -> str:
    """Draw a line of blocks, one per value or stretch of values; blank where there is none."""
    stretches = np.array_split(np.asarray(values, dtype=np.float64), min(width, len(values)))
    means = [float(np.mean(s[np.isfinite(s)])) if np.isfinite(s).any() else _NAN for s in stretches]
    low = np.nanmin(means) if low is None else low
    high = np.nanmax(means) if high is None else high
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(
        " " if np.isnan(mean) else _BARS[min(len(_BARS) - 1, max(0, round((mean - low) * scale)))]
        for mean in means
    )


def dotted(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested mappings into one with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= dotted(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = " ".join(map(str, value)) if isinstance(value, list) else value
    return flat


def _pairs(title: str, values: Mapping[str, Any]) -> RenderableType:
    grid = Table.grid(Column(), Column(overflow="fold"), padding=(0, 2))
    for key, value in values.items():
        if value not in (None, "", UNKNOWN):
            grid.add_row(Text(f"  {key}", "dim"), Text(str(value)))
    return Group(Text(title, "bold"), grid)


def _moment(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%d %H:%M:%S %Z}"


def _number(value: float | None) -> float:
    return _NAN if value is None else float(value)
