"""A user's files decide what is learned: trials on other data are another cell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from trmbench import TrmbenchError, compare, run_trial
from trmbench.cli.main import run_command
from trmbench.config.compose import compose
from trmbench.experiment.plan import changed_data
from trmbench.experiment.runs import unfinished
from trmbench.plugin import registry
from trmbench.store import Store
from trmbench_maze.generate import generate
from trmbench_maze.options import MazeOptions

TINY = {
    "task.size": 6,
    "task.train_puzzles": None,
    "task.test_puzzles": None,
    "train.steps": 2,
    "train.batch_size": 4,
    "execution.device": "cpu",
}
MAZES = generate(24, MazeOptions(source="generated", size=6, min_path_length=4))


def write(folder: Path, train: int = 16) -> Path:
    """Write mazes into a folder, the last eight to test on."""
    folder.mkdir(exist_ok=True)
    for name, rows in (("train", range(train)), ("test", range(16, 24))):
        lines = [
            ",".join(["s", *("".join("?# SGo"[t] for t in part[row]) for part in MAZES), "0"])
            for row in rows
        ]
        text = "\n".join(["source,question,answer,rating", *lines])
        (folder / f"{name}.csv").write_text(text + "\n")
    return folder


def cell_of(folder: Path, **changes: Any) -> Any:
    model, task = registry.models().find("direct").spec, registry.tasks().find("maze").spec
    return compose(model, task, "mini", {**TINY, "task.path": str(folder), **changes})


def run_on(data: Path, results: Path, seeds: int = 1) -> str:
    """Run trials on the data as they are; returns the id of the first."""
    trials = [cell_of(data).trial(seed, str(results)) for seed in range(seeds)]
    assert all(run_trial(trial).error is None for trial in trials)
    return trials[0].trial_id


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it printed on one line."""
    capsys.readouterr()
    code = run_command(list(arguments))
    return code, " ".join("".join(capsys.readouterr()).split())


def test_a_cell_is_named_after_what_the_files_hold_wherever_they_lie(tmp_path: Path) -> None:
    data = write(tmp_path / "a")
    first = cell_of(data)
    shutil.copytree(data, tmp_path / "b")
    assert cell_of(tmp_path / "b").cell_id == first.cell_id
    write(data, train=15)
    assert cell_of(data).cell_id != first.cell_id
    write(data)
    assert cell_of(data).cell_id == first.cell_id


def test_presets_without_a_path_keep_their_ids() -> None:
    model, task = registry.models().find("direct").spec, registry.tasks().find("maze").spec
    cell = compose(model, task, "mini")
    assert "data" not in cell.values and cell.cell_id == "f718cc965979"


def test_files_that_are_not_there_are_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match=r"csv does not exist"):
        cell_of(tmp_path)


def test_a_run_on_changed_data_says_so_and_pools_nothing(tmp_path: Path) -> None:
    data, results = write(tmp_path / "data"), tmp_path / "results"
    run_on(data, results)
    write(data, train=12)
    [line] = changed_data([cell_of(data)], Store(results))
    assert "direct on maze: the store has 1 trials of other data by the same name" in line
    run_on(data, results, seeds=2)
    cells = compare(results).cells
    assert sorted(len(cell.trials) for cell in cells) == [1, 2]
    assert len({cell.name for cell in cells}) == 2


def test_trials_from_before_digests_are_kept_apart_by_what_they_were_tested_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, results = write(tmp_path / "data"), tmp_path / "results"
    run_on(data, results)
    store = Store(results)
    [row] = store.trials()
    trial = store.trial_of(row)
    config = {key: value for key, value in trial.config.items() if key != "data"}
    store.write("trials", trial.name, [{**row, "config": json.dumps(config)}])
    assert changed_data([cell_of(data)], store) == []
    write(data, train=12)
    [line] = changed_data([cell_of(data)], store)
    assert "no digest was kept" in line
    code, output = told(capsys, "evaluate", trial.trial_id, "--steps=1", f"--results={results}")
    assert code == 2 and f"the data of trial {trial.trial_id} changed since" in output


def test_answers_are_scored_again_by_corrected_labels_and_only_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, results = write(tmp_path / "data"), tmp_path / "results"
    trial = run_on(data, results)
    header, puzzles = (data / "test.csv").read_text().split("\n", 1)
    (data / "test.csv").write_text("\n".join([header, puzzles.replace("o", " ")]))
    where = f"--results={results}"
    code, output = told(capsys, "evaluate", trial, where)
    assert code == 2 and "changed since trial" in output
    code, output = told(capsys, "evaluate", trial, "--rescore", where)
    assert code == 0, output
    before, after = Store(results).trials()
    assert before["trial_id"] == after["trial_id"] == trial
    assert before["cell_accuracy"] != after["cell_accuracy"]
    assert len(compare(results).cells) == 2
    lines = (data / "test.csv").read_text().splitlines()
    (data / "test.csv").write_text("\n".join(lines[:-1]) + "\n")
    code, output = told(capsys, "evaluate", trial, "--rescore", where)
    assert code == 1 and "the questions changed" in output


def test_what_was_begun_on_other_data_is_not_gone_on_with(tmp_path: Path) -> None:
    data, results = write(tmp_path / "data"), Store(tmp_path / "results")
    trial = cell_of(data).trial(0, results.address)
    results.write_trial(trial, {"status": "interrupted"})
    [item] = unfinished(results)
    assert item.outdated is None
    write(data, train=12)
    [item] = unfinished(results)
    assert item.outdated == "other data"
