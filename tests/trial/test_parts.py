"""What a trial consists of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.trials import maze_trials, stack_of

import trmbench_maze.task
from trmbench import TrmbenchError
from trmbench.bench.subject import subject
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.trial import build
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The options of every maze task that is loaded from here on."""
    load = trmbench_maze.task.load
    seen: list[Any] = []

    def counted(options: Any) -> Any:
        seen.append(options)
        return load(options)

    monkeypatch.setattr(trmbench_maze.task, "load", counted)
    build._loaded.cache_clear()
    return seen


def test_a_stack_loads_its_task_once(tmp_path: Path, loads: list[Any]) -> None:
    run_trial(stack_of(maze_trials(tmp_path)))
    assert len(loads) == 1


def test_a_measurement_with_a_smaller_batch_loads_its_task_once(loads: list[Any]) -> None:
    smaller = subject("direct", "maze", "mini", {}, {}).with_batch(2)
    assert len(smaller.parts.task.split("test")) == 16
    assert len(loads) == 1


def test_parts_that_train_nothing_refuse_a_base() -> None:
    ptrm, maze = registry.models().find("ptrm").spec, registry.tasks().find("maze").spec
    trial = compose(ptrm, maze, "mini").trial(0, "unused")
    with pytest.raises(TrmbenchError, match="builds upon trm maze seed 0, which is not trained"):
        _ = TrialParts(trial).model
