"""Cells whose models answer a puzzle several times, or not at all: what that is worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trmbench.comparison.arrays import as_numpy, one_array
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.metrics import derived
from trmbench.spec.metrics import ABSTAINED, OF_CANDIDATES
from trmbench.spec.trials import Row, row_name
from trmbench.stats import risk_coverage
from trmbench.store import Store

_COLUMNS = (
    *("valid", "halt_probability", "abstained", "candidates", "candidates_right"),
    *("mode_right", "distinct_right", "solutions", "candidate_auc"),
)
_OF_FEWER = ("right_by_score", "times_found")
"""The columns that figures of fewer candidates than all need; they are large."""


class Rung(NamedTuple):
    """Figures of k candidates per puzzle; NaN where they are not known."""

    k: int
    passed: float
    """The chance that one of them is right: an oracle's figure, who knows the right answers."""
    selected: float
    """The chance that the one that the model chooses is right."""
    mode: float
    """The share of puzzles whose most frequent candidate is right."""
    coverage: float
    """The share of all right answers that is found."""

    @property
    def gap(self) -> float:
        """What choosing loses against the oracle."""
        return self.passed - self.selected


class SeveralAnswers(NamedTuple):
    """What a trial's candidates, scores and abstentions are worth; NaN where that is not known."""

    rungs: tuple[Rung, ...]
    """By k; none where there is one answer to each puzzle."""
    auc: float
    """The chance that a right candidate has a higher score than a wrong one of the same puzzle."""
    mixed: float
    """The share of puzzles that have both, over which `auc` is averaged."""
    distinct: float
    """Different right answers found per puzzle."""
    abstained: float
    """The share of puzzles without an answer."""
    aurc: float
    """The mean risk over all coverages, by the confidence in the answers."""


def has_several(row: Row) -> bool:
    """Whether a trial has candidates or votes, or may abstain."""
    counts = (row["candidates"] or 1, row["votes"] or 1)
    return max(counts) > 1 or f'"{ABSTAINED}"' in (row["totals"] or "")


def several_answers(store: Store, row: Row) -> SeveralAnswers:
    """Read what the candidates, scores and abstentions of a finished trial are worth."""
    return _of_table(store.read("puzzles", (*_COLUMNS, *_OF_FEWER), [row_name(row)]), fewer=True)


def _of_all_candidates(store: Store, row: Row) -> SeveralAnswers:
    """Do as `several_answers`, with the figures of all candidates alone."""
    table = store.read("puzzles", _COLUMNS, [row_name(row)])
    found = pc.min_max(table["candidates"]).as_py()
    if found["min"] != found["max"]:  # as many as every puzzle has are then fewer than all
        table = store.read("puzzles", (*_COLUMNS, *_OF_FEWER), [row_name(row)])
    return _of_table(table, fewer=False)


def _of_table(table: pa.Table, fewer: bool) -> SeveralAnswers:
    mixed = pc.is_valid(table["candidate_auc"])
    return SeveralAnswers(
        tuple(_rungs(table, fewer)),
        _mean(table["candidate_auc"]),
        _mean(mixed) if pc.any(mixed).as_py() else float("nan"),
        _mean(table["distinct_right"]),
        _mean(table["abstained"]),
        _risk(table),
    )


def of_cells(
    store: Store, cells: Iterable[CellSummary]
) -> list[tuple[CellSummary, SeveralAnswers]]:
    """Average over the seeds of each cell that has candidates or votes, or may abstain."""
    several = [cell for cell in cells if any(map(has_several, cell.trials))]
    found = [
        (cell, _averaged([_of_all_candidates(store, row) for row in cell.trials]))
        for cell in several
    ]
    return [pair for pair in found if pair[1].rungs or not math.isnan(pair[1].abstained)]


def _rungs(table: pa.Table, fewer: bool) -> Iterator[Rung]:
    """The figures of all candidates that every puzzle has, and before it of 1, 2, 4, ... ."""
    most: int | None = pc.min(table["candidates"]).as_py()
    if most is None or table["candidates"].null_count:
        return
    doubled = (2**power for power in range(most.bit_length()) if fewer)
    for k in sorted({*doubled, most}):
        yield Rung(k, *(_figure(table, f"{figure}@{k}") for figure in OF_CANDIDATES))


def _figure(table: pa.Table, metric: str) -> float:
    computed = derived(metric)
    values = computed.of(table) if computed else ""
    return float("nan") if isinstance(values, str) else float(np.mean(values))


def _risk(table: pa.Table) -> float:
    valid, sure = one_array(table["valid"]), one_array(table["halt_probability"])
    if not len(table) or valid.null_count or sure.null_count or pc.any(pc.is_nan(sure)).as_py():
        return float("nan")
    silent = as_numpy(one_array(pc.fill_null(table["abstained"], False)))
    return risk_coverage(as_numpy(sure), as_numpy(valid), silent).area


def _mean(values: pa.ChunkedArray) -> float:
    found = pc.mean(values).as_py()
    return float("nan") if found is None else float(found)


def _averaged(seeds: Sequence[SeveralAnswers]) -> SeveralAnswers:
    """The means over seeds, of the numbers of candidates that all of them have."""
    shared = set.intersection(*({rung.k for rung in seed.rungs} for seed in seeds))
    rungs = [
        Rung(*np.mean([rung for seed in seeds for rung in seed.rungs if rung.k == k], axis=0))
        for k in sorted(shared)
    ]
    others = [_known(values) for values in zip(*(seed[1:] for seed in seeds), strict=True)]
    return SeveralAnswers(tuple(rung._replace(k=int(rung.k)) for rung in rungs), *others)


def _known(values: Iterable[float]) -> float:
    """The mean of the numbers that are known."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
