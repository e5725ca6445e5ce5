"""A task's further test splits have rows, intervals and verdicts of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trmbench import TrmbenchError, compare, run_trial
from trmbench.cli.main import run_command
from trmbench.experiment.cells import choose_cells
from trmbench.experiment.plan import Plan, plan
from trmbench.report.formats import FORMATS
from trmbench.spec.trials import split_of
from trmbench.store import Store
from trmbench.testing.running import visible_plugin

SMALL = {"train.steps": 3, "train.batch_size": 4, "model.width": 16, "execution.device": "cpu"}


def write_sums(folder: Path) -> None:
    files = {"train": range(10, 40), "test": range(10), "large": range(90, 98)}
    for name, numbers in files.items():
        rows = [f"{number}+1,{number + 1}" for number in numbers]
        (folder / f"{name}.csv").write_text("\n".join(["question,answer", *rows]))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    """Two models with two seeds each, tested on two splits."""
    folder = tmp_path_factory.mktemp("splits")
    write_sums(folder)
    settings = {**SMALL, "task.path": str(folder), "task.splits": "large"}
    with visible_plugin("sums", "helpers.split_table"):
        cells = choose_cells(["direct", "trm"], ["sums"], "mini", None, settings).cells
        todo = plan(cells, [0, 1], Store(folder / "r"))
        for trial in todo.trials:
            assert run_trial(trial).error is None
        yield todo


@pytest.fixture
def results(done: Plan) -> str:
    return done.trials[0].results


def test_every_split_is_stored_as_an_evaluation_of_its_own(done: Plan, results: str) -> None:
    store = Store(results)
    rows = store.trials()
    assert [split_of(row) for row in rows].count("large") == 4 and len(rows) == 8
    further = done.further_rows(store)
    assert {row["test_puzzles"] for row in further} == {8}
    assert {row["test_puzzles"] for row in done.rows(store)} == {10}
    assert all(row["train_seconds"] > 0 for row in further)


def test_splits_are_compared_apart_and_the_one_that_counts_comes_first(results: str) -> None:
    found = compare(results)
    sizes = [(group.split, len(group.cells)) for group in found.groups]
    assert sizes == [("test", 2), ("large", 2)]
    for group in found.groups:
        [difference] = group.differences
        assert difference.comparison is not None and difference.a.split == difference.b.split
    alone = compare(results, split="test").differences[0].comparison
    assert alone == found.groups[0].differences[0].comparison  # whatever else was tested
    [only] = compare(results, split="large").groups
    assert only.split == "large" and only.cells[0].puzzles == 8
    with pytest.raises(TrmbenchError, match="unknown split of these trials: 'larg'.*'large'"):
        compare(results, split="larg")


def test_every_format_names_the_split(results: str) -> None:
    found = compare(results)
    record = json.loads(FORMATS["json"](found))
    assert [cell["split"] for cell in record["cells"]] == ["test", "test", "large", "large"]
    assert [difference["split"] for difference in record["differences"]] == ["test", "large"]
    for form in ("markdown", "latex", "csv"):
        assert "large" in FORMATS[form](found)


def test_the_command_line_takes_a_split(results: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["compare", "--split", "large", "--results", results]) == 0
    shown = capsys.readouterr().out
    assert "sums [large]" in shown and "8 test puzzles" in shown
    trial = Store(results).trials()[0]["trial_id"]
    asked = ["evaluate", trial, "--split", "large", "--limit", "3", "--results", results]
    assert run_command(asked) == 0
    assert "3 test puzzles" in capsys.readouterr().out
    assert run_command(["evaluate", trial, "--split", "larg", "--results", results]) != 0
    assert "did you mean 'large'" in " ".join(capsys.readouterr().out.split())
