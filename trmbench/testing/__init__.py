"""The conformance kit: what an author of a plugin calls from his tests.

`assert_model_conforms`, `assert_task_conforms` and `assert_runner_conforms` check a spec against
the contracts of `trmbench.spec` and say what is wrong with an example. Names are loaded when they
are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trmbench.testing.conform import (
        assert_model_conforms,
        assert_runner_conforms,
        assert_task_conforms,
    )
    from trmbench.testing.conformance import ConformanceError, Finding
    from trmbench.testing.running import run_one, visible_plugin
    from trmbench.testing.toy import TOY_MODEL, TOY_TASK

_MODULE_OF = {
    "ConformanceError": "conformance",
    "Finding": "conformance",
    "TOY_MODEL": "toy",
    "TOY_TASK": "toy",
    "assert_model_conforms": "conform",
    "assert_runner_conforms": "conform",
    "assert_task_conforms": "conform",
    "run_one": "running",
    "visible_plugin": "running",
}

__all__ = [
    "TOY_MODEL",
    "TOY_TASK",
    "ConformanceError",
    "Finding",
    "assert_model_conforms",
    "assert_runner_conforms",
    "assert_task_conforms",
    "run_one",
    "visible_plugin",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trmbench.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"trmbench.testing.{_MODULE_OF[name]}"), name)
