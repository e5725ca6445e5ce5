"""A limit on the test puzzles takes some that stand for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from helpers.trials import maze_trials

from trmbench.config.cell import evaluation_hash
from trmbench.evaluation.sample import sample
from trmbench.experiment.plan import reevaluations
from trmbench.spec import PuzzleTable
from trmbench.spec.settings import EvaluationSettings
from trmbench.store import Store
from trmbench.store.final import load_final
from trmbench.trial import evaluate
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial


def table(changes: np.ndarray, groups: np.ndarray | None = None) -> PuzzleTable:
    """Puzzles whose answers change so many of their 20 tokens."""
    inputs = np.ones((len(changes), 20), np.uint8)
    labels = np.where(np.arange(20) < changes[:, None], 2, 1).astype(np.uint8)
    ids = np.array([f"p{row:04}" for row in range(len(changes))])
    blank = np.zeros(len(ids), np.int32)
    return PuzzleTable(inputs, labels, blank, ids, ids if groups is None else groups)


def test_easy_and_hard_puzzles_have_their_shares() -> None:
    changes = np.repeat([2, 5, 19], [100, 300, 600])  # sorted: the first ones are all easy
    rows = sample(table(changes), 50)
    assert len(rows) == len(set(rows.tolist())) == 50 and (np.diff(rows) > 0).all()
    kinds, counts = np.unique(changes[rows], return_counts=True)
    assert kinds.tolist() == [2, 5, 19] and np.abs(counts - [5, 15, 30]).max() <= 1
    assert np.array_equal(rows, sample(table(changes), 50))


def test_groups_are_drawn_whole() -> None:
    groups = np.repeat([f"g{number}" for number in range(40)], np.tile([1, 4], 20))
    rows = sample(table(np.full(100, 3), groups), 30)
    assert 15 < len(rows) <= 30
    for name in set(groups[rows].tolist()):
        assert (groups[rows] == name).sum() == (groups == name).sum()
    assert len(sample(table(np.full(100, 3), np.repeat(["a", "b"], 50)), 7)) == 7


def test_the_first_puzzles_have_the_hash_of_before() -> None:
    usual = vars(EvaluationSettings())
    old = {key: value for key, value in usual.items() if key != "subset"}
    assert evaluation_hash(usual) == evaluation_hash(old)
    first = {**usual, "limit": 3, "subset": "first"}
    assert evaluation_hash(first) == evaluation_hash({**old, "limit": 3})
    assert evaluation_hash(first) != evaluation_hash({**first, "subset": "stratified"})


def test_a_limit_of_before_there_were_samples_takes_the_first_puzzles(tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path, 1, task__test_puzzles=12, evaluation__limit=3)
    assert run_trial(trial).error is None
    ids = TrialParts(trial).task.split("test").puzzle_ids.tolist()
    sampled = evaluate.tested_puzzles(TrialParts(trial)).puzzle_ids.tolist()
    assert len(sampled) == 3 and sampled != ids[:3]

    evaluation = {k: v for k, v in trial.config["evaluation"].items() if k != "subset"}
    old = replace(trial, config={**trial.config, "evaluation": evaluation})
    assert evaluate.tested_puzzles(TrialParts(old)).puzzle_ids.tolist() == ids[:3]
    [row] = Store(tmp_path).trials()
    Store(tmp_path).write_trial(old, {name: row[name] for name in ("status", "started_at")})
    folder = Store(tmp_path).checkpoints(old.trial_id)
    load_final(folder).save(folder, old)
    [again] = reevaluations(Store(tmp_path), Store(tmp_path).trials(), {"weights": "raw"})
    assert again.config["evaluation"]["subset"] == "first"
