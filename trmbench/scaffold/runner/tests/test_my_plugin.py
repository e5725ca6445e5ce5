"""The runner keeps its contract."""

from __future__ import annotations

import my_plugin

from trmbench.testing import assert_runner_conforms

(SPEC,) = my_plugin.trmbench_runners()


def test_runner_conforms() -> None:
    assert_runner_conforms(SPEC)
