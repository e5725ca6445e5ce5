"""What the benchmarks share: `pytest benchmarks`, on an otherwise idle machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # for helpers.synthetic

SHAPES = {
    "mini": {"train.batch_size": 32, "evaluation.batch_size": 256},
    "paper": {"train.batch_size": 2, "evaluation.batch_size": 8, "train.precision": "float32"},
}
"""Settings at which a step of a preset takes a second or so on one core."""


@cache
def parts_of(model: str, task: str, preset: str) -> Any:
    """The parts of a trial on sample puzzles, one thread, on the CPU."""
    import torch

    from trmbench.bench.subject import subject

    torch.set_num_threads(1)
    settings = {"execution.device": "cpu", **SHAPES[preset]}
    return subject(model, task, preset, settings, {}).parts


@pytest.fixture
def parts() -> Callable[[str, str, str], Any]:
    """`parts(model, task, preset)`: an assembly, made once."""
    return parts_of
