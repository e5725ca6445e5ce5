"""A small made-up ARC data set on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

torch.set_num_threads(1)

Tasks = dict[str, Any]


@pytest.fixture
def shared() -> Path:
    """The folder of reference data, which is not part of the repository."""
    root = Path(os.environ.get("TRMBENCH_SHARED", Path(__file__).parents[2] / ".." / "shared"))
    if not root.is_dir():
        pytest.skip("reference data not found; set TRMBENCH_SHARED")
    return root


@pytest.fixture
def training() -> Tasks:
    """Two tasks, one of them without any symmetry."""
    return {
        "aaaa0001": {
            "train": [
                {"input": [[1, 2, 0], [3, 4, 5]], "output": [[6, 1], [0, 2], [7, 8]]},
                {"input": [[1, 2]], "output": [[2, 1]]},
            ],
            "test": [{"input": [[4, 5]], "output": [[5, 4]]}],
        },
        "aaaa0002": {
            "train": [{"input": [[1, 1], [1, 1]], "output": [[1]]}],
            "test": [{"input": [[1]], "output": [[1, 1], [1, 1]]}],
        },
    }


@pytest.fixture
def evaluation() -> Tasks:
    """Two tasks, the first with two test inputs."""
    return {
        "bbbb0001": {
            "train": [{"input": [[3, 0, 4]], "output": [[4, 0, 3]]}],
            "test": [
                {"input": [[5, 6, 7], [0, 0, 1]], "output": [[7, 6, 5], [1, 0, 0]]},
                {"input": [[8, 9]], "output": [[9, 8]]},
            ],
        },
        "bbbb0002": {
            "train": [{"input": [[1], [2]], "output": [[2], [1]]}],
            "test": [{"input": [[3], [0]], "output": [[0], [3]]}],
        },
    }


@pytest.fixture
def write_kaggle(tmp_path: Path) -> Callable[[str, Tasks], Path]:
    """Write a set as `arc-agi_<name>_challenges.json` and `_solutions.json`; returns the folder."""

    def write(name: str, tasks: Tasks) -> Path:
        challenges = {
            task: {
                "train": values["train"],
                "test": [{"input": pair["input"]} for pair in values["test"]],
            }
            for task, values in tasks.items()
        }
        solutions = {
            task: [pair["output"] for pair in values["test"]] for task, values in tasks.items()
        }
        for part, values in (("challenges", challenges), ("solutions", solutions)):
            (tmp_path / f"arc-agi_{name}_{part}.json").write_text(json.dumps(values))
        return tmp_path

    return write


@pytest.fixture
def folder(write_kaggle: Callable[[str, Tasks], Path], training: Tasks, evaluation: Tasks) -> Path:
    """The data set in the Kaggle layout."""
    write_kaggle("training", training)
    return write_kaggle("evaluation", evaluation)
