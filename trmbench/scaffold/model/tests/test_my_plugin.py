"""The model keeps its contract and learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import my_plugin

from trmbench.testing import assert_model_conforms

(SPEC,) = my_plugin.trmbench_models()


def test_model_conforms() -> None:
    assert_model_conforms(SPEC)


def test_model_learns(run_trial_of: Callable[..., dict[str, Any]]) -> None:
    """A short training on the mini maze: most cells are right, as chance never is."""
    row = run_trial_of("my-plugin", "maze", overrides={"train.steps": 150, "evaluation.limit": 50})
    assert row["cell_accuracy"] > 0.6
