"""What the tests of surviving runs share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from resilience.support import LONG_ENOUGH_TO_KILL, TOY, run

from trmbench.testing.running import visible_plugin


@pytest.fixture(scope="session", autouse=True)
def toy_plugin() -> Iterator[None]:
    """The toy model and task, visible to this process and to those it starts."""
    with visible_plugin("toy", "trmbench.testing.toy"):
        yield


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two seeds that nothing disturbed."""
    results = tmp_path_factory.mktemp("uninterrupted")
    done = run("run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={results}")
    assert done.returncode == 0, done.stderr
    return results
