"""What a trial's row tells of its making."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.trials import maze_trials

import trmbench_maze.task
from trmbench.spec.status import FAILED, FINISHED
from trmbench.store import Store
from trmbench.trial import build
from trmbench.trial.run import run_trial


def test_a_row_tells_the_device_and_the_data(tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path, seeds=1)
    run_trial(trial)
    [row] = Store(tmp_path).trials()
    assert row["status"] == FINISHED
    assert row["device"] and row["peak_memory_bytes"] > 10**6
    info = build.TrialParts(trial).task.info
    told = json.loads(row["provenance"])["data"]
    assert told == {"source": info.source, "fingerprint": info.fingerprint}


def test_a_row_tells_nothing_of_data_that_could_not_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(options: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(trmbench_maze.task, "load", gone)
    build._loaded.cache_clear()
    run_trial(maze_trials(tmp_path, seeds=1)[0])
    [row] = Store(tmp_path).trials()
    assert row["status"] == FAILED and "the disk is gone" in row["error"]
    assert row["device"] is not None
    assert "data" not in json.loads(row["provenance"])
