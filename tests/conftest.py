"""What the tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from command import TINY, trmbench
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
torch.set_num_threads(1)  # the test processes share the machine
settings.register_profile("busy", deadline=None)  # which may be slow at any time
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real trials wait for their training."""
    for item in items:
        if "tiny_results" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def tiny_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with two finished tiny trials."""
    results = tmp_path_factory.mktemp("tiny") / "results"
    done = trmbench("run", *TINY, "--seeds=2", f"--results={results}")
    assert done.returncode == 0, done.stderr
    return results


@pytest.fixture
def tiny_copy(tiny_results: Path, tmp_path: Path) -> Path:
    """A copy of `tiny_results` that a test may change."""
    return Path(shutil.copytree(tiny_results, tmp_path / "copy"))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Have torch compute in one thread, whatever a test before has left."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data beside the repository or in $TRMBENCH_SHARED; skips where it is absent."""
    folder = Path(os.environ.get("TRMBENCH_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}")
    return folder
