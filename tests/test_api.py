"""trmbench from Python: the same trials, the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trmbench
from trmbench import TrialResult
from trmbench.experiment.runs import unfinished
from trmbench.store import Store

TINY = {
    "task.train_puzzles": 64,
    "task.test_puzzles": 24,
    "train.steps": 6,
    "train.batch_size": 8,
    "execution.log_every": 2,
}


@pytest.mark.slow
def test_a_script_without_a_main_guard_runs_loads_and_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = trmbench.run(
        *("trm", "maze"), seeds=2, preset="mini", settings=TINY, results=tmp_path, progress=True
    )
    assert "[2/2] trm maze seed " in capsys.readouterr().out
    assert list(frame["seed"]) == [0, 1] and set(frame["status"]) == {"finished"}
    assert len(trmbench.load(tmp_path, "puzzles")) == 48
    [cell] = trmbench.compare(tmp_path).cells
    assert cell.interval.mean == pytest.approx(frame["score"].mean())


def test_a_run_from_python_that_died_is_known_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*arguments: Any) -> Iterator[TrialResult]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("trmbench.experiment.execute.execute", killed)
    with pytest.raises(KeyboardInterrupt):
        trmbench.run(["trm"], ["maze"], seeds=[3, 5], preset="mini", results=tmp_path)
    left = unfinished(Store(tmp_path))
    assert [(item.trial.seed, item.state) for item in left] == [(3, "not begun"), (5, "not begun")]
    assert all(not item.outdated for item in left)


@pytest.mark.parametrize("given, expected", [(None, [2, 4]), (1, [0]), ("0,3", [0, 3])])
def test_a_file_of_settings_says_which_seeds_unless_the_call_does(
    given: Any, expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "study.toml"
    file.write_text('models = ["trm"]\ntasks = ["maze"]\npreset = "mini"\nseeds = "2,4"\n')
    begun: list[int] = []

    def instead(trials: Any, *arguments: Any) -> Iterator[TrialResult]:
        begun.extend(trial.seed for trial in trials)
        return iter(())

    monkeypatch.setattr("trmbench.experiment.execute.execute", instead)
    trmbench.run([], [], seeds=given, config=file, results=tmp_path / "results")
    assert begun == expected


def test_unknown_names_are_refused_as_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(trmbench.TrmbenchError, match="did you mean 'maze'"):
        trmbench.run(["trm"], ["mase"], results=tmp_path)
    with pytest.raises(trmbench.TrmbenchError, match="unknown dataset"):
        trmbench.load(tmp_path, "trial")
