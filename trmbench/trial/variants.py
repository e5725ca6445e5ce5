"""The noise floor of a trial: how many answers change with what should change nothing?

One checkpoint is tested once more as it was, in batches of another size, in another precision,
compiled, and with the puzzles' interchangeable symbols renamed. A difference between two models
that is no larger than this is none of the models'.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from trmbench.errors import TrmbenchError
from trmbench.evaluation.scoring import score
from trmbench.spec import Predictions, PuzzleTable, Trial
from trmbench.spec.status import FINISHED
from trmbench.store import Store
from trmbench.store.claims import claimed
from trmbench.streams import stream_seed
from trmbench.trial.build import TrialParts
from trmbench.trial.evaluate import answered, tested_puzzles
from trmbench.trial.solver import solver_of
from trmbench.trial.weights import trained_parts

OTHER_PRECISION = {"float32": "bfloat16", "bfloat16": "float32"}


class Variant(NamedTuple):
    """A test that differs in nothing that should matter."""

    name: str
    parts: TrialParts
    compiled: bool = False
    renamed: np.ndarray | None = None
    """(V,) uint8 the token that stands for each token; None = itself."""


class Flips(NamedTuple):
    """What a variant gave."""

    name: str
    score: float
    """In 0..1."""
    flipped: float
    """Share of the puzzles with another score than the stored one."""
    problem: str | None = None
    """Why it was not tested."""


def noise_floor(trial: Trial, store: Store, on_start: Callable[[str], None]) -> list[Flips]:
    """Test a finished trial's weights in every variant and note the result in its row.

    Args:
        trial: as it was tested, without votes.
        store: where its rows are.
        on_start: gets the name of each variant before it is tested.

    Raises:
        TrmbenchError: it is not finished, has votes, or another process has it.
    """
    rows = [row for row in store.trials([trial.name]) if row["status"] == FINISHED]
    if not rows:
        raise TrmbenchError(f"{trial.label} has no finished test", "run or evaluate it first")
    if (rows[0]["votes"] or 1) > 1:
        raise TrmbenchError(
            f"{trial.label} is tested with votes, which hide what flips",
            "evaluate it with --votes 1, and then with --variants",
        )
    with claimed(trial.results, trial.trial_id):
        parts = trained_parts(trial)
        table = tested_puzzles(parts)
        before = _stored(store, trial, table)
        found = []
        for variant in _variants(parts):
            on_start(variant.name)
            found.append(_tested(variant, table, before))
        told = {
            flips.name: {"score": flips.score, "flipped": flips.flipped}
            for flips in found
            if flips.problem is None
        }
        store.write("trials", trial.name, [{**rows[0], "variants": json.dumps(told)}])
    return found


def _stored(store: Store, trial: Trial, table: PuzzleTable) -> np.ndarray:
    """(P,) the stored scores, in the order of the table."""
    rows = store.read("puzzles", ["puzzle_id", "score"], [trial.name])
    known = dict(zip(rows["puzzle_id"].to_pylist(), rows["score"].to_pylist(), strict=True))
    if set(known) != set(table.puzzle_ids.tolist()) or None in known.values():
        raise TrmbenchError(
            f"the stored answers of {trial.label} are not those of its test puzzles",
            "`trmbench evaluate` tests it again",
        )
    return np.array([known[name] for name in table.puzzle_ids.tolist()])


def _variants(parts: TrialParts) -> Iterator[Variant]:
    """Yield the variants that the model and the task know."""
    # The depth curve is not asked for.
    parts = parts.tested_otherwise(depth=1)
    yield Variant("again", parts)
    size = max(1, parts.evaluation.batch_size // 3)
    yield Variant(f"batches of {size}", parts.tested_otherwise(depth=1, batch_size=size))
    if parts.needs_training:
        precision = OTHER_PRECISION.get(parts.train.precision)
        if precision is not None:
            other = copy.copy(parts)
            other.train = dataclasses.replace(parts.train, precision=precision)  # type: ignore[arg-type]
            yield Variant(precision, other)
        yield Variant("compiled", parts, compiled=True)
    symbols = list(parts.task.info.symbols or ())
    if len(symbols) > 1:
        names = np.arange(parts.task.info.vocab_size, dtype=np.uint8)
        seed = stream_seed(parts.trial.seed, "variants")
        names[symbols] = np.random.default_rng(seed).permutation(names[symbols])
        yield Variant("symbols renamed", parts, renamed=names)


def _tested(variant: Variant, table: PuzzleTable, before: np.ndarray) -> Flips:
    parts = variant.parts
    asked = table
    if variant.renamed is not None:
        inputs, labels = variant.renamed[table.inputs], variant.renamed[table.labels]
        asked = dataclasses.replace(table, inputs=inputs, labels=labels)
    try:
        solver = solver_of(parts, variant.compiled)
        given = answered(parts, solver, asked, lambda done, total: None, by_step=False)
    except TrmbenchError as error:  # no compiler, or a device without this precision
        return Flips(variant.name, np.nan, np.nan, error.message)
    figures, columns = score(parts.task, table, _named_back(given, variant.renamed))
    now = np.asarray(columns["score"], dtype=np.float64)
    return Flips(variant.name, float(figures["score"]), float((abs(now - before) > 1e-9).mean()))


def _named_back(given: Predictions, renamed: np.ndarray | None) -> Predictions:
    """The answers with the symbols that the puzzles have."""
    if renamed is None:
        return given
    tokens = np.argsort(renamed).astype(given.tokens.dtype)[given.tokens]
    return dataclasses.replace(given, tokens=tokens)
