"""The task keeps its contract and can be trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import my_plugin

from trmbench.testing import assert_task_conforms

(SPEC,) = my_plugin.trmbench_tasks()


def test_task_conforms() -> None:
    assert_task_conforms(SPEC)


def test_task_is_trained_on(run_trial_of: Callable[..., dict[str, Any]]) -> None:
    row = run_trial_of("trm", "my-plugin", overrides={"train.steps": 5, "evaluation.limit": 5})
    assert row["status"] == "finished"
