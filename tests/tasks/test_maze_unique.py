"""Perfect mazes have one way between any two cells, and paths of the lengths asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from trmbench import TrmbenchError
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_maze.generate import generate
from trmbench_maze.options import ARRAYS, MazeOptions
from trmbench_maze.symmetry import cell_orders, signatures
from trmbench_maze.task import load
from trmbench_maze.tokens import PATH, WALL
from trmbench_maze.verify import solves

FULL = {"perfect": True, "min_path_length": 100, "max_path_length": 140}


def options(**changes: Any) -> MazeOptions:
    return MazeOptions(**{"source": "generated", **FULL, **changes})


def test_the_mini_preset_conforms() -> None:
    assert_task_conforms(registry.tasks().find("maze").spec, preset="mini-unique")


def test_there_is_one_way_between_any_two_cells() -> None:
    puzzles = generate(300, options())
    free = (puzzles.inputs != WALL).reshape(-1, 30, 30)
    steps = (free[:, 1:] & free[:, :-1]).sum((1, 2)) + (free[:, :, 1:] & free[:, :, :-1]).sum(
        (1, 2)
    )
    assert (steps == free.sum((1, 2)) - 1).all()  # connected with as many edges as a tree has
    assert (free.sum((1, 2)) == 2 * 14 * 14 - 1).all()
    border = np.ones((30, 30), bool)
    border[1:28, 1:28] = False
    assert not free[:, border].any()
    lengths = (puzzles.labels == PATH).sum(axis=1) + 1
    assert lengths.min() >= 100 and lengths.max() <= 140 and len(set(lengths.tolist())) > 35
    assert solves(puzzles.inputs, puzzles.labels, 30).all()
    assert len(set(signatures(puzzles.inputs, 30).tolist())) == 300
    assert (generate(20, options()).inputs == puzzles.inputs[:20]).all()


@given(st.integers(0, 7), st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_turned_and_mirrored_mazes_keep_their_answers(symmetry: int, seed: int) -> None:
    small = {"size": 10, "min_path_length": 8, "max_path_length": 20, "data_seed": seed}
    puzzles = generate(4, options(**small))
    order = cell_orders(10)[symmetry]
    assert solves(puzzles.inputs[:, order], puzzles.labels[:, order], 10).all()


def test_published_arrays_are_read_from_a_folder_and_checked(tmp_path: Path) -> None:
    small = {"size": 10, "min_path_length": 8, "max_path_length": 20}
    puzzles = generate(12, options(**small))
    for split, rows in (("train", slice(8)), ("test", slice(8, None))):
        (tmp_path / split).mkdir()
        for name, array in (("inputs", puzzles.inputs), ("labels", puzzles.labels)):
            np.save(tmp_path / split / f"all__{name}.npy", array[rows])
    task = load(MazeOptions(path=str(tmp_path), perfect=True, size=10))
    assert len(task.split("train")) == 8 and len(task.split("test")) == 4
    assert len(load(MazeOptions(path=str(tmp_path), size=10, test_puzzles=2)).split("test")) == 2
    before = MazeOptions(path=str(tmp_path), size=10).content()
    np.save(tmp_path / ARRAYS[3], puzzles.inputs[8:])
    assert MazeOptions(path=str(tmp_path), size=10).content() != before
    with pytest.raises(TrmbenchError, match="no shortest path of its maze"):
        load(MazeOptions(path=str(tmp_path), size=10))
    with pytest.raises(TrmbenchError, match="no mazes of 9x9 cells"):
        load(MazeOptions(path=str(tmp_path), size=9))


@pytest.mark.parametrize("model", ["trm", "direct", "eqr"])
def test_models_take_their_own_preset_for_it(model: str) -> None:
    spec, maze = registry.models().find(model).spec, registry.tasks().find("maze").spec
    cell, paper = compose(spec, maze, "unique"), compose(spec, maze, "paper")
    assert cell.values["train"] == paper.values["train"]
    assert cell.values["model"] == paper.values["model"]
    assert cell.values["task"]["perfect"] and cell.cell_id != paper.cell_id
    small = compose(spec, maze, "mini-unique").values
    assert small["train"] == compose(spec, maze, "mini").values["train"]


def test_a_limit_without_perfect_mazes_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="task.max_path_length=140"):
        options(perfect=False)
    with pytest.raises(TrmbenchError, match="task.max_path_length=99"):
        options(max_path_length=99)
