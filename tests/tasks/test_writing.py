"""Puzzles are read as people write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trmbench import Task, TrmbenchError
from trmbench.plugin import registry
from trmbench_nonogram.layout import encode

FEW = {"train_puzzles": 8, "test_puzzles": 8}


def _task(name: str, **options: Any) -> Task:
    spec = registry.tasks().find(name).spec
    task: Task = spec.load(spec.options(source="generated", **{**FEW, **options}))
    return task


def _read(task: Task, text: str) -> np.ndarray:
    [question] = task.read(text)
    assert question.tokens.dtype == np.uint8
    return question.tokens


def test_a_sudoku_is_read_in_a_line_in_rows_and_as_it_is_drawn() -> None:
    task = _task("sudoku", size=6)
    tokens = task.split("test").inputs[0]
    line = "".join(".123456"[token - 1] for token in tokens)
    rows = [line[start : start + 6] for start in range(0, 36, 6)]
    drawn = str(task.render(tokens))
    for text in (line, "\n".join(rows), "/".join(rows), drawn, line.replace(".", "0")):
        assert (_read(task, text) == tokens).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1" * 35, "35 cells"),
        ("1" * 35 + "7", "row 1, column 36 of the puzzle is '7'"),
        ("\n".join(["123456"] * 5 + ["12345"]), "row 6 of the puzzle has 5 cells, not 6"),
        ("", "0 cells"),
    ],
)
def test_a_bad_puzzle_is_one_line_that_says_where(text: str, message: str) -> None:
    with pytest.raises(TrmbenchError, match=message) as caught:
        _task("sudoku", size=6).read(text)
    assert "Sudoku 6x6" in str(caught.value.hint)


def test_rows_of_a_maze_may_end_without_their_spaces() -> None:
    task = _task("maze", size=5, min_path_length=2)
    tokens = _read(task, "#####\n#SG\n#\n#\n#####").reshape(5, 5)
    assert tokens[1].tolist() == [1, 3, 4, 2, 2]
    assert tokens[2].tolist() == [1, 2, 2, 2, 2]


def test_the_clues_of_a_nonogram_are_those_of_its_picture() -> None:
    task = _task("nonogram", size=4, min_rounds=1)
    tokens = _read(task, "1 1,2,0,4/1 1,1 1,1,1 1")
    picture = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])

    columns = [_runs(line) for line in picture.T]
    text = ",".join(_runs(line) for line in picture) + "/" + ",".join(columns)
    wanted = encode(torch.from_numpy(picture[None] == 1))[0][0].numpy()
    assert (_read(task, text) == wanted).all()
    assert (tokens[:2] == 1).all()
    with pytest.raises(TrmbenchError, match="clue of column 4 is '5'"):
        task.read("1,1,1,1/1,1,1,5")


def _runs(line: np.ndarray) -> str:
    return " ".join(str(len(run)) for run in "".join(map(str, line)).split("0") if run) or "0"


def test_life_is_read_with_its_generations_and_answered_with_its_board() -> None:
    task = _task("life", size=4, further="")
    for text in ("2: .#.. .#.. .#.. ....", "2\n.#..\n.#..\n.#..\n...."):
        tokens = _read(task, text)
        assert (tokens[:4] == [4, 4, 3, 3]).all()  # two marks
        assert (tokens[4:8] == [1, 2, 1, 1]).all()
    assert len(task.write(task.split("test").labels)[0]) == 16
    with pytest.raises(TrmbenchError, match="number of generations"):
        task.read(".#.. .#.. .#.. ....")


def test_a_graph_is_read_by_its_edges() -> None:
    task = _task("coloring", vertices=5)
    tokens = _read(task, "1-2, 2-3 5-1").reshape(5, 6)
    assert np.argwhere(np.triu(tokens[:, :5] == 2)).tolist() == [[0, 1], [0, 4], [1, 2]]
    with pytest.raises(TrmbenchError, match="'1-6' is no edge"):
        task.read("1-6")


def test_a_table_reads_its_own_symbols_only() -> None:
    task = _task("table")
    table = task.split("test")
    data = task._data  # type: ignore[attr-defined]
    text = data.layout.text(table.inputs[0], answer=False)
    assert (_read(task, text) == table.inputs[0]).all()
    with pytest.raises(TrmbenchError, match="has 'x', which the table never has"):
        task.read("1x2")


def test_an_arc_task_is_known_by_its_demonstrations(tmp_path: Path) -> None:
    pairs = [{"input": [[n, 0]], "output": [[0, n]]} for n in range(1, 7)]
    for number, name in enumerate(("aaaa", "bbbb")):
        content = {"train": pairs[3 * number :][:2], "test": pairs[3 * number + 2 :][:1]}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    spec = registry.tasks().find("arc1").spec
    task = spec.load(spec.options(path=str(tmp_path), variants=2))
    content["test"] = [{"input": [[7, 7]]}, {"input": [[8, 8]]}]
    known = task.read(json.dumps(content))
    row = task.split("test").puzzle_ids.tolist().index("bbbb/test/0")
    wanted = int(task.split("test").puzzle_identifiers[row])
    assert [question.puzzle_identifier for question in known] == [wanted, wanted]
    assert known[0].tokens.reshape(task.canvas, -1)[0, :3].tolist() == [9, 9, 1]
    [named] = task.read('{"task": "bbbb", "input": [[7, 7]]}')
    assert named.puzzle_identifier == wanted
    assert task.read("[[7, 7]]")[0].puzzle_identifier == 0
    assert task.write(known[0].tokens[None]) == ["[[7, 7]]"]
    with pytest.raises(TrmbenchError, match="colour 11"):
        task.read("[[11]]")
