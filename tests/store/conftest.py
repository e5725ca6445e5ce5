"""Results to hand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.places import GOOD
from helpers.synthetic import add_cell


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    add_cell(tmp_path / "ours", "trm", GOOD)
    return tmp_path / "ours"
