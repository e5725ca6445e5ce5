"""Logs of inspect_ai and lm-eval, as these packages wrote them (`samples/` says how), are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trmbench.stats import from_inspect, from_lm_eval

SAMPLES = Path(__file__).parent / "samples"
CHOICE = {name: SAMPLES / f"samples_choice_{name}.jsonl" for name in "12"}
WORD = SAMPLES / "samples_word_1.jsonl"
CAREFUL, HASTY = "mockllm/careful", "mockllm/hasty"


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    """The table of `samples_df`, with its types."""
    return pd.read_parquet(SAMPLES / "inspect.parquet", dtype_backend="pyarrow")


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().split(b"\n") if line]


def test_epochs_of_inspect_are_runs_and_a_sample_that_failed_is_left_out(
    samples: pd.DataFrame,
) -> None:
    study = from_inspect(samples[samples["task_name"] == "sums"], "score_match")
    assert study.scores[""][CAREFUL].mean(axis=1).tolist() == [1, pytest.approx(4 / 7), 1]
    assert study.scores[""][HASTY].shape == (3, 7)
    assert "1 of 8 items are left out, which some run lacks (mockllm/hasty" in str(study)
    [found] = study.compare(units="checkpoints")
    assert found.comparison.estimate.difference == pytest.approx((18 - 10) / 21)
    assert "paired t over items" in str(found)
    includes = from_inspect(samples, "score_includes")  # which one of the two tasks has
    assert includes.scores[""][HASTY].mean() == 1


def test_tasks_of_inspect_are_kept_apart(samples: pd.DataFrame) -> None:
    study = from_inspect(samples, "score_match", task="task_name")
    assert {task: len(each[HASTY]) for task, each in study.scores.items()} == {
        "differences": 1,
        "sums": 3,
    }
    with pytest.raises(ValueError, match="of the tasks differences, sums: give task="):
        from_inspect(samples, "score_match")
    with pytest.raises(ValueError, match="no sample has a score_includes"):
        from_inspect(samples[samples["task_name"] == "differences"], "score_includes")


def test_documents_of_lm_eval_are_read_with_any_character_in_them() -> None:
    assert "\u2028" in CHOICE["1"].read_text(encoding="utf-8")
    study = from_lm_eval(CHOICE, "acc")
    for name, file in CHOICE.items():
        assert study.scores[""][name].tolist() == [[each["acc"] for each in records(file)]]
    [found] = study.compare(units="checkpoints")
    assert "exact McNemar" in str(found)
    assert str(found).endswith("With 6 items no difference whatever could be shown.")
    assert not np.array_equal(
        study.scores[""]["1"], from_lm_eval(CHOICE, "acc_norm").scores[""]["1"]
    )


def test_filters_of_lm_eval_are_never_mixed() -> None:
    by_filter = {
        name: from_lm_eval({"a": WORD}, "exact_match", filter=name).scores[""]["a"]
        for name in ("as-written", "capitals")
    }
    assert (by_filter["as-written"] == 1 - by_filter["capitals"]).all()
    with pytest.raises(ValueError, match="the filters as-written, capitals: name one"):
        from_lm_eval({"a": WORD}, "exact_match")
    logs = {name: [each for each in records(WORD) if each["filter"] == name] for name in by_filter}
    with pytest.raises(ValueError, match="the filters as-written, capitals: name one"):
        from_lm_eval(logs, "exact_match")
    with pytest.raises(ValueError, match="capitals has no record of the filter 'as-written'"):
        from_lm_eval(logs, "exact_match", filter="as-written")


def test_what_lm_eval_cannot_have_meant_is_refused() -> None:
    other = [{**each, "doc_hash": "other"} for each in records(CHOICE["2"])]
    with pytest.raises(ValueError, match="document 0 is another one"):
        from_lm_eval({"a": CHOICE["1"], "b": other}, "acc")
    with pytest.raises(ValueError, match="a record has no 'exact_match'"):
        from_lm_eval(CHOICE, "exact_match")
    pairs = [{**each, "bleu": ["a", "b"]} for each in records(CHOICE["1"])]
    with pytest.raises(ValueError, match="no score of one document"):
        from_lm_eval({"a": pairs}, "bleu")
