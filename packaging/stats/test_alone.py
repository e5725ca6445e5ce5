"""The distribution where nothing is installed but numpy and scipy: `tox -e stats`."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
import trmbench_stats
from trmbench_stats import compare, exceeds, from_lm_eval, interval, predict, tidy


def test_neither_torch_nor_trmbench_is_there() -> None:
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert not loaded & {"torch", "trmbench", "pandas", "pyarrow", "lazy_loader", "matplotlib"}
    with pytest.raises((ImportError, ValueError)):
        importlib.util.find_spec("trmbench.stats")


def test_every_public_name_is_there() -> None:
    assert len([name for name in dir(trmbench_stats) if not name.startswith("_")]) > 40


def test_models_and_records_are_compared() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.random((10, 300)) < 0.8, generator.random((10, 300)) < 0.6
    found = compare(a, b, names=("a", "b"))
    assert str(found).startswith("a is better than b by ")
    assert interval(a).low < 0.8 < predict(a).high
    assert exceeds(a, 0.7).verdict == "exceeds"


def test_a_table_by_columns_needs_no_pandas() -> None:
    items = [str(item) for item in range(50)]
    scores = {"model": ["a"] * 50 + ["b"] * 50, "item": items + items[::-1]}
    right = [True] * 40 + [False] * 10
    scores["score"] = right + [True] * 25 + [False] * 25  # b's items are the other way round
    (found,) = tidy(scores, model="model", item="item", score="score").compare(units="checkpoints")
    assert "exact McNemar" in str(found)
    assert found.record()["difference"] == pytest.approx(0.3)


def test_samples_of_lm_eval_are_read() -> None:
    logs = {
        name: [{"doc_id": item, "acc": float(item % every == 0)} for item in range(40)]
        for name, every in (("a", 2), ("b", 4))
    }
    (found,) = from_lm_eval(logs, "acc").compare(units="checkpoints")
    assert found.comparison.verdict == "better"
