"""trmbench from Python: the same trials, the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import trmbench

TINY = {
    "task.train_puzzles": 64,
    "task.test_puzzles": 24,
    "train.steps": 6,
    "train.batch_size": 8,
    "execution.log_every": 2,
}


@pytest.mark.slow
def test_a_script_without_a_main_guard_runs_loads_and_compares(tmp_path: Path) -> None:
    frame = trmbench.run(["trm"], ["maze"], seeds=2, preset="mini", settings=TINY, results=tmp_path)
    assert list(frame["seed"]) == [0, 1] and set(frame["status"]) == {"finished"}
    assert len(trmbench.load(tmp_path, "puzzles")) == 48
    [cell] = trmbench.compare(tmp_path).cells
    assert cell.interval.mean == pytest.approx(frame["score"].mean())


def test_unknown_names_are_refused_as_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(trmbench.TrmbenchError, match="did you mean 'maze'"):
        trmbench.run(["trm"], ["mase"], results=tmp_path)
    with pytest.raises(trmbench.TrmbenchError, match="unknown dataset"):
        trmbench.load(tmp_path, "trial")
