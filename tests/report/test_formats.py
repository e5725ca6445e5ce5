from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli
from rich.console import Console

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.report.formats import FORMATS
from trmbench.report.terminal import comparison_view
from trmbench.store import Store

EVIL = "<script>alert(1)</script>[bold]$x$_&|%\\"


@pytest.fixture()
def compared(tmp_path: Path) -> ComparedCells:
    add_cell(tmp_path, EVIL, bernoulli(5, 100, 0.8))
    add_cell(tmp_path, "hrm", bernoulli(4, 100, 0.4))
    add_cell(tmp_path, "half", np.vstack([bernoulli(3, 100, 0.6), np.full((1, 100), np.nan)]))
    return compare_cells(Store(tmp_path), Question(published=True))


def terminal(compared: ComparedCells) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(*comparison_view(compared))
    return console.export_text()


def test_json_has_the_agreed_fields(compared: ComparedCells) -> None:
    record = json.loads(FORMATS["json"](compared))
    cell, difference = record["cells"][0], record["differences"][0]
    assert {"cell_id", "model", "task", "seeds", "mean", "low", "high"} <= set(cell)
    assert {
        "a",
        "b",
        "task",
        "difference",
        "low",
        "high",
        "p_value",
        "p_corrected",
        "verdict",
    } <= set(difference)
    assert (cell["model"], cell["seeds"], difference["a"]) == (EVIL, 5, EVIL)
    assert record["differences"][1]["p_value"] is None  # a failed trial: refused, not NaN


def test_every_format_tells_the_same_numbers(compared: ComparedCells) -> None:
    record = json.loads(FORMATS["json"](compared))
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](compared))))
    cells = [row for row in rows if row["row"] == "cell"]
    differences = [row for row in rows if row["row"] == "difference"]
    for written, kept in ((cells, record["cells"]), (differences, record["differences"])):
        assert len(written) == len(kept)
        for row, values in zip(written, kept, strict=True):
            for name in ("mean", "difference", "low", "high", "p_corrected"):
                if values.get(name) is not None:
                    assert float(row[name]) == values[name]
    first = record["cells"][0]
    shown = f"{100 * first['low']:.1f} to {100 * first['high']:.1f}"
    for text in (terminal(compared), FORMATS["markdown"](compared), FORMATS["latex"](compared)):
        assert shown in text
        assert f"{100 * first['mean']:.1f}" in text


def test_names_are_text_in_every_format(compared: ComparedCells) -> None:
    assert EVIL in terminal(compared)
    assert "<script>" not in FORMATS["markdown"](compared)
    latex = FORMATS["latex"](compared)
    assert r"\textless{}script\textgreater{}" in latex
    assert r"[bold]\$x\$\_\&|\%\textbackslash{}" in latex


def test_forced_results_say_so_in_every_format(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", bernoulli(3, 50, 0.8))
    add_cell(tmp_path, "hrm", bernoulli(3, 50, 0.4), row={"votes": 8})
    forced = compare_cells(Store(tmp_path), Question(force=True))
    for text in (terminal(forced), *(write(forced) for write in FORMATS.values())):
        assert "forced" in text.lower()
    assert json.loads(FORMATS["json"](forced))["forced"] is True


def test_published_figures_stand_beside_with_their_source(compared: ComparedCells) -> None:
    figures = json.loads(FORMATS["json"](compared))["published"]
    assert {figure["task"] for figure in figures} == {"maze"}
    found = {(f["model"], f["source"]): f["percent"] for f in figures}
    assert found["TRM-Att", "arXiv 2510.04871, Table 4"] == 85.3
    assert found["HRM", "arXiv 2506.21734, Figure 1"] == 74.5
    assert "arXiv 2510.04871, Table 4" in terminal(compared)


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    for name in FORMULAS:
        add_cell(tmp_path, name, bernoulli(3, 50, 0.8))
    text = FORMATS["csv"](compare_cells(Store(tmp_path), Question(margin=0.01)))
    rows = list(csv.reader(io.StringIO(text)))
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    assert {f"'{name}" for name in FORMULAS if name[0] != "\r"} <= {
        cell for row in rows for cell in row
    }
    low = [float(row["low"]) for row in csv.DictReader(io.StringIO(text)) if row["low"]]
    assert min(low) < 0  # and numbers below zero stay numbers


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet computes a cell: it begins like a formula and is no number."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return False
