"""Scores in long form: aligned by ids; two checkpoints; other tools' samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trmbench.stats import compare, from_inspect, mcnemar, tidy

NAMES = {"model": "model", "item": "item", "score": "score"}


def long_form(scores: dict[str, np.ndarray], seed: int = 0) -> pd.DataFrame:
    """A row per score of models (K, P), in any order."""
    rows = [
        {"model": model, "seed": k, "item": f"p{i}", "score": float(value)}
        for model, each in scores.items()
        for k, run in enumerate(each)
        for i, value in enumerate(run)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=seed)


def drawn(share: float, seeds: int = 5, items: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, items)) < share


def test_rows_in_any_order_are_aligned_by_their_ids() -> None:
    a, b = drawn(0.8), drawn(0.6, seed=1)
    (found,) = tidy(long_form({"a": a, "b": b}), seed="seed", **NAMES).compare()
    expected = compare(a, b, names=("a", "b")).estimate
    assert found.comparison.estimate.difference == pytest.approx(expected.difference)
    assert found.comparison.estimate.p_value == pytest.approx(expected.p_value)
    assert str(found).startswith("a is better than b by ")


def test_what_is_missing_is_left_out_and_counted_and_what_is_twice_is_refused() -> None:
    frame = long_form({"a": drawn(0.8, 3), "b": drawn(0.6, 3, seed=1)})
    lacking = frame[~((frame.model == "b") & (frame.seed == 1) & frame.item.isin(["p3", "p7"]))]
    study = tidy(lacking, seed="seed", **NAMES)
    assert "2 of 200 items are left out" in str(study) and "(b 1 has 198)" in str(study)
    assert study.scores[""]["a"].shape == (3, 198)
    with pytest.raises(ValueError, match="item p.* is there twice"):
        tidy(frame, **NAMES)  # without the seeds
    with pytest.raises(ValueError, match="no column 'seeds'"):
        tidy(frame, seed="seeds", **NAMES)
    frame.loc[frame.index[0], "score"] = np.nan
    with pytest.raises(ValueError, match="1 of 1200 scores are missing"):
        tidy(frame, seed="seed", **NAMES)


def test_all_tasks_and_pairs_are_one_family_and_a_frame() -> None:
    frames = [
        long_form({"a": drawn(0.8), "b": drawn(0.6, seed=1), "c": drawn(0.6, seed=2)}).assign(
            task=task
        )
        for task in ("x", "y")
    ]
    study = tidy(pd.concat(frames), seed="seed", task="task", **NAMES)
    found = study.compare()
    assert len(found) == 6 and "Holm over 6" in str(found)
    frame = found.frame()
    assert list(frame.task) == ["x"] * 3 + ["y"] * 3 and "sentence" in frame
    assert [(each.a, each.b) for each in study.compare("b")][:2] == [("a", "b"), ("c", "b")]
    with pytest.raises(ValueError, match="no model 'd'"):
        study.compare("d")


def test_groups_are_averaged() -> None:
    frame = long_form({"a": drawn(0.8), "b": drawn(0.6, seed=1)})
    frame["cluster"] = frame.item.str.slice(1).astype(int) // 4
    study = tidy(frame, seed="seed", group="cluster", **NAMES)
    assert study.scores[""]["a"].shape == (5, 50)


def test_one_run_each_is_tested_by_mcnemar_and_several_by_a_paired_t() -> None:
    a, b = drawn(0.7, 1), drawn(0.5, 1, seed=1)
    (found,) = tidy(long_form({"a": a, "b": b}), **NAMES).compare(units="checkpoints")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    exact = stats.binomtest(only_a, only_a + only_b).pvalue
    assert found.comparison.estimate.p_value == pytest.approx(exact) == mcnemar(only_a, only_b)
    assert "these two checkpoints on items like these; exact McNemar p" in str(found)
    a, b = drawn(0.6, 4), drawn(0.55, 2, seed=1)
    study = tidy(long_form({"a": a, "b": b}), seed="seed", **NAMES)
    (found,) = study.compare(units="checkpoints")
    assert found.comparison.estimate.p_value == pytest.approx(
        stats.ttest_rel(a.mean(axis=0), b.mean(axis=0)).pvalue
    )
    with pytest.raises(ValueError, match="a margin"):
        study.compare(units="checkpoints", margin=0.02)


def test_checkpoints_that_are_alike_are_called_different_in_5_percent_of_worlds() -> None:
    generator = np.random.default_rng(0)
    rejected = []
    for _ in range(300):
        difficulty = generator.random(150)
        scores = {name: generator.random((1, 150)) < difficulty for name in "ab"}
        columns: dict[str, Any] = {
            "model": ["a"] * 150 + ["b"] * 150,
            "item": list(range(150)) * 2,
            "score": np.concatenate([scores["a"][0], scores["b"][0]]),
        }
        (found,) = tidy(columns, **NAMES).compare(units="checkpoints")
        rejected.append(found.comparison.verdict != "undecided")
    assert 0.005 <= np.mean(rejected) <= 0.07


def test_samples_of_inspect_are_read_with_their_grades_and_epochs() -> None:
    rows = [
        {"eval_id": model, "model": model, "id": i, "epoch": epoch, "score_match": grade}
        for model, grades in (("a", "CCCCCCPI"), ("b", "ICICICPN"))
        for epoch in (1, 2)
        for i, grade in enumerate(grades)
    ]
    study = from_inspect(pd.DataFrame(rows), "score_match")
    assert study.scores[""]["a"].tolist() == [[1, 1, 1, 1, 1, 1, 0.5, 0]] * 2
    assert "these two checkpoints" in str(study.compare(units="checkpoints"))
    with pytest.raises(ValueError, match="no column 'score_model'"):
        from_inspect(pd.DataFrame(rows), "score_model")


def test_no_interval_of_two_checkpoints_contradicts_their_verdict() -> None:
    def found(*only_a: int) -> Any:
        models = [f"m{k}" for k in range(len(only_a))] + ["base"]
        right = [np.arange(100) < 50 + more for more in (*only_a, 0)]
        columns = {
            "model": np.repeat(models, 100),
            "item": np.tile(np.arange(100), len(models)),
            "score": np.concatenate(right),
        }
        return tidy(columns, **NAMES).compare("base", units="checkpoints")[0].comparison

    undecided, decided = found(5), found(6)  # of 100 items, that the base does not solve
    assert undecided.estimate.p_value == pytest.approx(2 * 0.5**5)
    assert undecided.verdict == "undecided" and undecided.estimate.low < 0
    assert decided.verdict == "better" and decided.estimate.low > 0
    assert "uncorrected; " not in str(undecided)
    among = found(6, 1, 1)  # Holm over 3
    assert among.verdict == "undecided" and among.estimate.low > 0
    assert " uncorrected, these two checkpoints" in str(among)
