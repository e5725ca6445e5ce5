"""Predictions stored before the numbers are hits or misses afterwards, or stay undecided."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from helpers.synthetic import STARTED, add_cell, bernoulli

from trmbench import TrmbenchError
from trmbench.cli.main import run_command
from trmbench.comparison.compare import compare_cells
from trmbench.comparison.expectations import Outcome
from trmbench.comparison.question import Question
from trmbench.spec.expectations import read_expectation
from trmbench.store import Store
from trmbench.store.expectations import read_expectations, write_expectations
from trmbench.store.faults import faults
from trmbench.store.opening import open_results


def scored(root: Path, *texts: str, **question: str) -> list[Outcome]:
    """What becomes of predictions about 90 % (strong), 60 % (plain) and 30 % (weak)."""
    store = Store(root)
    write_expectations(store, [read_expectation(text) for text in texts])
    return list(compare_cells(store, Question(**question)).outcomes)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for salt, (model, share) in enumerate({"strong": 0.9, "plain": 0.6, "weak": 0.3}.items()):
        add_cell(tmp_path, model, bernoulli(5, 400, share, salt))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("strong > plain", "hit"),
        ("strong > plain by 20", "hit"),
        ("strong > plain by 30", "undecided"),
        ("strong > plain by 40", "miss"),
        ("plain > strong", "miss"),
        ("weak < plain by 20", "hit"),
        ("weak = plain within 2", "miss"),
        ("weak = plain within 50", "hit"),
        ("weak = plain within 30", "undecided"),
        ("strong > plain by 20 on maze", "hit"),
    ],
)
def test_the_interval_decides_whichever_way_round_it_is_written(
    text: str, outcome: str, root: Path
) -> None:
    [found] = scored(root, text)
    assert found.outcome == outcome
    assert found.interval is not None
    difference, low, high = found.interval
    assert low < difference < high


def test_of_other_tasks_and_models_nothing_is_said(root: Path) -> None:
    assert scored(root, "strong > plain on sudoku", "strong > absent") == []


def test_what_is_not_compared_is_undecided_with_the_reason(root: Path) -> None:
    add_cell(root, "lonely", bernoulli(1, 400, 0.5))
    one, hidden = scored(root, "strong > lonely", "strong > weak", baseline="lonely")
    assert (one.outcome, hidden.outcome) == ("undecided", "undecided")
    assert "5 and 1 finished seeds: a verdict on the models needs at least" in one.reason
    assert "not compared with each other" in hidden.reason


def test_where_compare_gives_no_verdict_its_reason_is_told(root: Path) -> None:
    with_a_failure = bernoulli(5, 400, 0.99, 7).astype(float)
    with_a_failure[4] = np.nan
    add_cell(root, "broken", with_a_failure)
    [found] = scored(root, "broken > weak")
    assert found.outcome == "undecided" and "1 of 5 seeds of broken did not finish" in found.reason


def test_another_metric_scores_no_expectation(root: Path) -> None:
    assert scored(root, "strong > plain", metric="exact_accuracy") == []
    found = compare_cells(Store(root), Question(metric="exact_accuracy"))
    assert any("expectations are about" in note for note in found.notes)
    assert not any("expectations" in note for note in compare_cells(Store(root), Question()).notes)


def test_a_model_with_settings_names_one_of_its_cells(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", bernoulli(3, 400, 0.8))
    add_cell(tmp_path, "trm", bernoulli(3, 400, 0.3, 1), overrides={"model.n": 4})
    named, open_ = scored(tmp_path, "trm model.n=2 > trm model.n=4", "trm > trm model.n=4 by 1")
    assert named.outcome == "hit"
    assert "may be any of" in open_.reason


def test_the_first_writing_counts_and_says_what_was_known_by_then(root: Path) -> None:
    store = Store(root)
    [row] = store.trials()[:1]
    with patch("trmbench.store.expectations.datetime") as clock:
        clock.now.return_value = row["started_at"]
        clock.fromisoformat = type(STARTED).fromisoformat
        write_expectations(store, [read_expectation("strong > plain")])
        [found] = scored(root, "strong  >  plain")
    assert 0 < found.begun_before < found.trials == 10
    [later] = scored(root, "strong > plain")
    assert later.stored_at == found.stored_at


def test_of_several_folders_every_expectation_is_scored_once(root: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    add_cell(second, "late", bernoulli(5, 400, 0.5, 9))
    for folder, texts in ((root, ["strong > late"]), (second, ["strong > late", "late > weak"])):
        write_expectations(Store(folder), [read_expectation(text) for text in texts])
    [before] = read_expectations(Store(root))
    found = compare_cells(open_results([root, second], print), Question()).outcomes
    assert [(each.expectation.text, each.outcome) for each in found] == [
        ("strong > late", "hit"),
        ("late > weak", "hit"),
    ]
    assert found[0].stored_at == before.stored_at


@pytest.mark.parametrize(
    "text",
    ["", "trm", "trm > ", "trm > hrm by", "trm > hrm by -5", "trm > hrm by 101", "trm = hrm",
     "trm = hrm by 5", "trm > hrm within 5", "trm = hrm within 0", "trm > trm", "a > b" * 200],
)  # fmt: skip
def test_what_is_no_expectation_is_refused(text: str) -> None:
    with pytest.raises(TrmbenchError, match="is no expectation"):
        read_expectation(text)


def test_a_changed_file_is_named_and_left_out(root: Path) -> None:
    scored(root, "strong > plain", "strong > weak")
    paths = sorted((root / "expectations").iterdir())
    paths[0].write_text(json.dumps({"text": "weak > strong", "stored_at": "2020-01-01T00:00:00Z"}))
    store = Store(root)
    assert len(read_expectations(store)) == 1
    assert [fault.path for fault in faults(store)] == [paths[0]]


def test_compare_prints_what_was_expected(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored(root, "strong > plain by 20", "weak > plain")
    for form in ("table", "json", "markdown"):
        assert run_command(["compare", f"--results={root}", f"--format={form}"]) == 0
        said = capsys.readouterr().out
        assert "hit" in said and "miss" in said and "plain by 20" in said


def test_a_run_stores_what_its_command_and_its_study_expect(tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text('models = ["trm", "direct"]\ntasks = "sudoku"\nexpect = ["trm > direct"]\n')
    results = tmp_path / "results"
    asked = ["run", f"--config={study}", f"--results={results}", "--preset=mini"]
    assert run_command([*asked, "--expect=trm > hrm"]) == 2, "hrm is not run"
    assert not results.exists()
    with patch("trmbench.cli.run._run", return_value=[]):
        run_command([*asked, "--expect", "direct = trm within 3 on sudoku"])
    texts = {found.expectation.text for found in read_expectations(Store(results))}
    assert texts == {"trm > direct", "direct = trm within 3 on sudoku"}
