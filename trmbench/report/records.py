"""A comparison as plain values: the JSON file holds them, and CSV is made from them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from trmbench.comparison.across import AcrossTasks
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells, Difference
from trmbench.comparison.expectations import Outcome
from trmbench.comparison.measured import measured_on
from trmbench.comparison.origins import origins
from trmbench.report.compute import area_records, curve_record, depth_curves
from trmbench.report.several import several_record
from trmbench.stats import Comparison, Interval, predict

Record = dict[str, Any]
_FIGURES = (
    "difference",
    "low",
    "high",
    "estimand",
    "standard_error",
    "degrees_of_freedom",
    "p_value",
    "p_corrected",
    "margin",
    "p_equivalence",
    "probability_of_superiority",
    "minimum_detectable_difference",
    "seeds_needed",
    "variance_shares",
)
"""The figures of a difference, in their order in every file."""


def comparison_record(compared: ComparedCells) -> Record:
    """Make values that JSON knows of everything; shares are in 0..1, unknown numbers are None."""
    record: Record = {
        "cells": [cell_record(cell, compared.question.dollars_per_hour) for cell in compared.cells],
        "differences": [difference_record(difference) for difference in compared.differences],
        "curves": [curve_record(curve) for curve in depth_curves(compared.cells)]
        if compared.question.curve
        else [],
        "claims": [
            {"cell_id": cell.cell_id, "task": cell.task, "name": cell.name}
            | dataclasses.asdict(claim)
            for cell, claim in compared.claims
        ],
        "areas": area_records(compared) if compared.question.curve else [],
        "several_answers": [several_record(*each) for each in compared.several],
        "across_tasks": _across_record(compared.across) if compared.across else None,
        "published": [
            {
                **dataclasses.asdict(found.figure),
                "differs": list(found.why),
                "unknown": list(found.unknown),
            }
            for found in compared.published
        ],
        "expectations": [_outcome_record(outcome) for outcome in compared.outcomes],
        "cautions": [
            {
                "task": group.task,
                "preset": group.preset,
                "split": group.split,
                "caution": line,
            }
            for group in compared.groups
            for line in group.cautions
        ],
        "failures": [
            {name: row[name] for name in ("trial_id", "model", "task", "seed", "status", "error")}
            for row in compared.failed
        ],
        "notes": list(compared.notes),
        "question": dataclasses.asdict(compared.question),
        "forced": any(difference.forced for difference in compared.differences),
    }
    plain: Record = _plain(record)
    return plain


def _outcome_record(outcome: Outcome) -> Record:
    difference, low, high = outcome.interval or (math.nan,) * 3
    return {
        "expectation": outcome.expectation.text,
        "stored_at": outcome.stored_at.isoformat(),
        "begun_before": outcome.begun_before,
        "trials": outcome.trials,
        "task": outcome.task,
        "preset": outcome.preset,
        "difference": difference,
        "low": low,
        "high": high,
        "outcome": outcome.outcome,
        "reason": outcome.reason,
    }


def cell_record(cell: CellSummary, dollars_per_hour: float | None = None) -> Record:
    """Make the record of one cell; with the price of the machine also its cost."""
    found = cell.interval
    return {
        "cell_id": cell.cell_id,
        "evaluation_id": cell.evaluation_id,
        "name": cell.name,
        "model": cell.model,
        "task": cell.task,
        "preset": cell.preset,
        "split": cell.split,
        "metric": cell.metric,
        "seeds": found.seeds,
        "not_finished": len(cell.failed),
        "puzzles": cell.puzzles,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "estimand": found.estimand,
        "method": found.method,
        "sd": found.sd,
        "minimum": found.minimum,
        "maximum": found.maximum,
        "median": found.median,
        "low_puzzles_like_these": _or_nan(cell.population, "low"),
        "high_puzzles_like_these": _or_nan(cell.population, "high"),
        **_further(cell),
        "train_seconds": cell.mean("train_seconds"),
        "test_seconds": cell.mean("test_seconds"),
        "peak_memory_bytes": cell.mean("peak_memory_bytes"),
        "activation_bytes": cell.mean("activation_bytes"),
        "parameters": cell.mean("parameters"),
        "puzzle_embedding_parameters": cell.mean("puzzle_embedding_parameters"),
        "measured_on": measured_on(cell, dollars_per_hour),
        "overrides": dict(cell.overrides),
        "origins": origins(cell),
    }


def _further(cell: CellSummary) -> Record:
    """Where one further run would lie."""
    prediction = predict(cell.moments)
    return {"low_further_run": prediction.low, "high_further_run": prediction.high}


def _or_nan(interval: Interval, bound: str) -> float:
    """Return a bound for puzzles like these; one seed has an interval for its checkpoint only."""
    value: float = getattr(interval, bound)
    return value if interval.seeds > 1 else math.nan


def difference_record(difference: Difference) -> Record:
    """Make the record of one difference; `a` and `b` name cells of the same task and preset."""
    puzzles = difference.puzzles
    return {
        "a": difference.a.name,
        "b": difference.b.name,
        "a_cell_id": difference.a.cell_id,
        "b_cell_id": difference.b.cell_id,
        "task": difference.a.task,
        "preset": difference.a.preset,
        "split": difference.a.split,
        **_figures(difference.comparison),
        "puzzles": dataclasses.asdict(puzzles) if puzzles else None,
        "verdict": difference.verdict,
        "explanation": difference.explanation,
        "matched": difference.match.line,
        "a_depth": difference.match.a.cost.depth,
        "b_depth": difference.match.b.cost.depth,
        "a_flops_per_answer": difference.match.a.cost.flops,
        "b_flops_per_answer": difference.match.b.cost.flops,
        "obstacles": list(difference.obstacles),
        "forced": difference.forced,
        "on_this_test_set": _short(difference.on_this_set),
    }


def _short(found: Comparison | None) -> Record:
    """The verdict on a benchmark as such; None where the puzzles are a sample."""
    if found is None:
        return dict.fromkeys(("verdict", "low", "high", "p_corrected"))
    low, high = found.estimate.low, found.estimate.high
    p = found.evidence.p_corrected
    return {"verdict": found.verdict, "low": low, "high": high, "p_corrected": p}


def _figures(found: Comparison | None) -> Record:
    """List the figures of a comparison; each is None where nothing was compared."""
    if found is None:
        return dict.fromkeys(_FIGURES)
    record = dataclasses.asdict(found)
    # The corrected `p_equivalence` of the evidence is the one to show.
    figures = {**record, **record["estimate"], **record["evidence"], **record["power"]}
    return {name: figures[name] for name in _FIGURES}


def _across_record(across: AcrossTasks) -> Record:
    return {
        "tasks": list(across.tasks),
        "means": {name: dataclasses.asdict(found) for name, found in across.means.items()},
        "interquartile_means": {
            name: dataclasses.asdict(found) for name, found in across.interquartile_means.items()
        },
        "probability_of_improvement": [
            {"a": a, "b": b, **dataclasses.asdict(found)}
            for (a, b), found in across.improvement.items()
        ],
        "performance_profiles": {
            name: profile.tolist() for name, profile in across.profiles.items()
        },
    }


def _plain(value: Any) -> Any:
    """Put None for the numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
