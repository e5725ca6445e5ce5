"""What a dry run prints of its cells, and lines of words on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from trmbench.cli.dry_run import _settings_table
from trmbench.config.cell import Cell
from trmbench.experiment.cells import choose_cells
from trmbench.report.console import SafeConsole


def test_a_dry_run_of_several_cells_shows_of_each_what_is_new_in_it() -> None:
    trm, hrm = choose_cells(["trm", "hrm"], ["maze"], "mini", None, {}).cells
    [slower] = choose_cells(["trm"], ["maze"], "mini", None, {"train.learning_rate": 0.001}).cells
    assert "train.batch_size" in drawn(trm) and "model.high_layers" in drawn(hrm, trm)
    short = drawn(slower, trm, hrm)
    assert f"as cell {trm.cell_id} but for" in short and "0.001" in short
    assert "command line" in short and "train.batch_size" not in short


def drawn(cell: Cell, *before: Cell) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(_settings_table(cell, before))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("terminal", "lines"), [(True, 2), (False, 1)])
def test_words_are_wrapped_whole_on_a_terminal_and_not_in_a_file(
    terminal: bool, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.StringIO()
    console = SafeConsole()
    console.file, console._force_terminal, console._width = file, terminal, 40
    console.say("29,666 parameters, 2,000 steps on cpu, about 82.8 s and 18 MB for each of them")
    said = file.getvalue().splitlines()
    assert len(said) == lines
    assert terminal is False or max(map(len, said)) <= 40
    assert all(word in file.getvalue() for word in ("29,666 parameters", "82.8 s", "of them"))
