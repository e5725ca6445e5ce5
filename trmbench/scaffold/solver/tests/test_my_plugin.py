"""The solver keeps its contract and is tested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import my_plugin

from trmbench.testing import assert_model_conforms

(SPEC,) = my_plugin.trmbench_models()


def test_model_conforms() -> None:
    assert_model_conforms(SPEC)


def test_model_is_tested(run_trial_of: Callable[..., dict[str, Any]]) -> None:
    """The question of a maze has most of the answer's cells."""
    row = run_trial_of("my-plugin", "maze", overrides={"evaluation.limit": 50})
    assert row["cell_accuracy"] > 0.5
