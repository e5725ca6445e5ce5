"""Tables fit their terminal, with every text whole."""

from __future__ import annotations

import io
import random

import pytest
from rich.console import Console

from trmbench.report.fitted import table_of_names
from trmbench.report.tables import TextTable
from trmbench.report.terminal import rich_table

WIDE = TextTable(
    "Accuracy",
    ("trial", "model", "preset", "seeds", "mean", "95 % interval", "parameters", "train"),
    (
        ("83a552a43c7a", "trm (train.steps=200, n=3)", "mini", "5", "82.0 %", "1 to 2", "9", "1 s"),
        ("a7c20e1c6df5", "hrm", "mini", "5", "98.9 %", "97.9 to 99.9", "1,234,567", "71.4 min"),
    ),
    3,
)  # fmt: skip


def drawn(table: TextTable, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(rich_table(table))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def words(table: TextTable) -> list[str]:
    return [word for row in table.rows for text in row for word in text.split()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_cut(width: int) -> None:
    text = drawn(WIDE, width)
    assert max(map(len, text.splitlines())) <= width
    assert all(word in text for word in words(WIDE))
    assert "…" not in text


def test_what_all_rows_share_is_said_once_where_there_is_little_room() -> None:
    assert "(preset mini)" in drawn(WIDE, 80)
    assert drawn(WIDE, 80).count("mini") == 1
    assert drawn(WIDE, 140).count("mini") == 2


def test_a_table_too_wide_is_continued_below_with_its_names() -> None:
    text = drawn(WIDE, 60)
    assert text.count("83a552a43c7a") == text.count("hrm") == 2
    first, _, second = text.partition("71.4 min")
    assert "97.9 to 99.9" in first and "97.9 to 99.9" not in second


def test_a_list_of_trials_has_a_line_per_trial_at_80_columns() -> None:
    headings = ("trial", "model", "task", "preset", "seed", "tested", "score", "started")
    first = ("83a552a43c7a", "eqr-breadth", "sudoku", "mini", "0", "as usual", "82.0 %")
    second = ("a7c20e1c6df5", "trm", "maze", "mini-unique", "1", "votes=4", "8.1 %")
    again = (*second[:5], "split=+10", "9.1 %")
    rows = tuple((*row, "2026-11-25 08:04") for row in (first, second, again))
    text = drawn(TextTable("Trials", headings, rows, 6), 80)
    assert "trial: " not in text
    assert text.count("2026-11-25 08:04") == 3
    below = text.splitlines()[-1].split()
    assert below[0] == "a7c20e1c6df5" and "split=+10" in below and below[-1] == "08:04"


def test_names_are_wrapped_or_set_tighter_only_where_that_saves_a_table() -> None:
    sudoku = ("sudoku", "direct", "exact accuracy")
    numbers = ("99.3 %", "98.5 to 100.0", "98.3..99.8", "44.4 s", "29,666", "428 MB")
    rows = [(*name, "5", *numbers) for name in (sudoku, ("maze", "se-rrm", "valid accuracy"))]
    headings = ("task", "model", "metric", "seeds", "mean", "95 % interval", "min..max", "train")
    table = TextTable("", (*headings, "parameters", "memory"), tuple(rows), 3)
    assert drawn(table, 80).count("exact accuracy") == drawn(table, 80).count("direct") == 2
    wide = TextTable("", ("model", *"abcdefgh"), (("trm", *["12345678"] * 8),), 1)
    assert drawn(wide, 80).count("trm") == 1


def test_the_narrowest_terminal_gets_a_line_per_value() -> None:
    text = drawn(WIDE, 24)
    assert "trial: 83a552a43c7a" in text and "95 % interval: 1 to 2" in text


def test_any_table_fits_any_terminal() -> None:
    made = random.Random(3)
    for _ in range(60):
        columns = made.randint(1, 9)
        texts = [
            tuple("x" * made.randint(0, 14) for _ in range(columns))
            for _ in range(made.randint(0, 3))
        ]
        headings = tuple("h" * made.randint(1, 10) for _ in range(columns))
        table = TextTable("", headings, tuple(texts), made.randint(0, columns))
        width = made.randint(30, 120)
        text = drawn(table, width)
        assert max(map(len, text.splitlines()), default=0) <= width
        assert all(word in text for word in words(table))


def test_a_long_path_in_a_message_leaves_the_table_a_table() -> None:
    path = "/".join(["folder"] * 12)
    table = table_of_names("", ("plugin", "status", "problem"), [("mine", "broken", f"no {path}")])
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "mine" in text and "broken" in text and "plugin: mine" not in text
    assert path in "".join(text.split())
