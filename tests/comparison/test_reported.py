"""Published figures stand next to ours, and say in what they were measured otherwise."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.synthetic import add_cell, bernoulli
from rich.console import Console

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.comparison.reported import Reported
from trmbench.report.formats import FORMATS
from trmbench.report.published import further_run_lines, published_table
from trmbench.report.terminal import rich_table
from trmbench.store import Store

PUBLISHED = {"source": "hub", "path": None, "train_puzzles": None}


def compared(root: Path, published: bool = True) -> ComparedCells:
    return compare_cells(Store(root), Question(published=published))


def add_maze(root: Path, puzzles: int = 1000, steps: int = 16, **task: Any) -> None:
    """A cell as of Maze-Hard with TRM's depth, but for what is said."""
    scores = bernoulli(2, puzzles, 0.5)
    options = PUBLISHED | task
    evaluation: dict[str, Any] = {}
    [trial, *_] = add_cell(root, "trm", scores, steps=steps, evaluation=evaluation)
    config = json.dumps({**trial.config, "task": options})
    row = {"config": config, "train_puzzles": 1000}
    add_cell(root, "trm", scores, steps=steps, evaluation=evaluation, row=row)


def figure(cells: ComparedCells, model: str, source: str) -> Reported:
    [found] = [
        found
        for found in cells.published
        if (found.figure.model, found.figure.source) == (model, source)
    ]
    return found


TRM = ("TRM", "arXiv 2510.04871")


def test_a_figure_measured_as_ours_differs_in_nothing(tmp_path: Path) -> None:
    add_maze(tmp_path)
    found = figure(compared(tmp_path), *TRM)
    assert (found.differs, found.unknown) == ((), ())


@pytest.mark.parametrize(
    ("ours", "differs"),
    [
        ({"source": "generated"}, ("test set",)),
        ({"puzzles": 100}, ("tested on",)),
        ({"steps": 4}, ("depth",)),
    ],
)
def test_another_test_set_or_depth_differs(
    ours: dict[str, Any], differs: tuple[str, ...], tmp_path: Path
) -> None:
    add_maze(tmp_path, **ours)
    found = figure(compared(tmp_path), *TRM)
    assert found.differs == differs
    [why] = found.why
    assert differs[0] in why and "(ours " in why


def test_other_training_candidates_and_benchmarks_differ(tmp_path: Path) -> None:
    add_maze(tmp_path)
    cells = compared(tmp_path)
    assert figure(cells, "PTRM", "arXiv 2605.19943").differs == ("candidates",)
    assert figure(cells, "EqR", "arXiv 2605.21488").differs == ("test set",)  # Maze-Unique
    assert figure(cells, "FPRM", "arXiv 2606.18206").unknown == ("depth",)
    assert figure(cells, "DeepSeek R1", "arXiv 2510.04871, Table 4").differs == ("language model",)


def test_a_folder_of_the_users_is_not_known_to_be_the_benchmark(tmp_path: Path) -> None:
    add_maze(tmp_path, path="somewhere")
    found = figure(compared(tmp_path), *TRM)
    assert (found.differs, found.unknown) == ((), ("test set",))


def test_the_nearest_of_several_cells_counts(tmp_path: Path) -> None:
    add_maze(tmp_path, steps=4)
    add_cell(tmp_path, "hrm", bernoulli(2, 50, 0.5))
    assert figure(compared(tmp_path), *TRM).differs == ("depth",)


def test_rows_measured_otherwise_are_dim_and_ours_are_not(tmp_path: Path) -> None:
    add_maze(tmp_path)
    cells = compared(tmp_path)
    table = published_table(cells)
    first, second = table.rows[:2]
    assert first[1] == "trm" and first[-2] == "ours" and "1000 Maze-Hard" in first
    assert second[1:3] == ("TRM", "85.3 %") and second[-1] == "nothing"
    greyed = {table.rows[number][1] for number in table.dim}
    assert "PTRM" in greyed and 0 not in table.dim and 1 not in table.dim
    console = Console(width=250, file=io.StringIO(), force_terminal=True)
    console.print(rich_table(table))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    [grey] = [line for line in lines if "PTRM" in line]
    [plain] = [line for line in lines if "85.3 %" in line and "TRM-Att" not in line]
    assert "\x1b[2m" in grey and "\x1b[2m" not in plain


def test_published_figures_never_change_a_statistic(tmp_path: Path) -> None:
    add_maze(tmp_path)
    add_cell(tmp_path, "hrm", bernoulli(2, 1000, 0.4), steps=16)
    with_them, without = (
        json.loads(FORMATS["json"](compared(tmp_path, published))) for published in (True, False)
    )
    for key in ("cells", "differences", "across_tasks", "cautions"):
        assert with_them[key] == without[key]
    assert with_them["published"] and not without["published"]
    assert any("depth 64 (ours 16)" in found["differs"] for found in with_them["published"])


def test_a_published_number_is_held_against_one_further_run(tmp_path: Path) -> None:
    scores = bernoulli(5, 1000, 0.85)
    [trial, *_] = add_cell(tmp_path, "trm", scores, steps=16)
    row = {"config": json.dumps({**trial.config, "task": PUBLISHED}), "train_puzzles": 1000}
    add_cell(tmp_path, "trm", scores, steps=16, row=row)
    (line,) = further_run_lines(compared(tmp_path))
    assert line.startswith("maze, mini: one further run of trm lies between 8")
    assert "85.3 (arXiv 2510.04871) would not surprise as a further run" in line
    assert "would surprise as a further run (p " in line  # 75 and 78.8 are too far
    assert "if it was one unselected run" in line and "reproduced" not in line
    assert further_run_lines(compared(tmp_path, published=False)) == []


def test_other_models_and_circumstances_are_held_against_nothing(tmp_path: Path) -> None:
    add_maze(tmp_path, source="generated")
    assert further_run_lines(compared(tmp_path)) == []
