"""pytest fixtures: `pytest_plugins = ["trmbench.testing.fixtures"]` in a conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trmbench.spec import ModelSpec, Task, TaskSpec
from trmbench.testing.running import run_one, visible_plugin
from trmbench.testing.toy import TOY_MODEL, TOY_TASK


@pytest.fixture
def toy_model() -> ModelSpec:
    """The spec of a small recursive network."""
    return TOY_MODEL


@pytest.fixture
def toy_task_spec() -> TaskSpec:
    """The spec of the toy task."""
    return TOY_TASK


@pytest.fixture
def toy_task() -> Task:
    """The toy task, loaded."""
    return TOY_TASK.load(TOY_TASK.options())


@pytest.fixture
def toy_plugin() -> Iterator[str]:
    """The toys as an installed plugin, for as long as the test runs; its distribution's name."""
    with visible_plugin("toy", "trmbench.testing.toy") as distribution:
        yield distribution


@pytest.fixture
def run_trial_of(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """`run_trial_of(model, task, overrides={...})`: the row of one trial."""

    def run(model: str, task: str, **settings: Any) -> dict[str, Any]:
        return run_one(model, task, tmp_path / "results", **settings)

    return run
