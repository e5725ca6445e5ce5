"""The commands on terminals of the usual widths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli
from terminal import on_terminal

from trmbench.cli.main import run_command


@pytest.mark.parametrize(
    "columns", [80, *(pytest.param(c, marks=pytest.mark.slow) for c in (60, 100, 140))]
)
def test_a_comparison_fits_with_its_names_whole(columns: int, tmp_path: Path) -> None:
    names = {"trm": {"train.steps": 200}, "direct-prediction": {}}
    for name, overrides in names.items():
        add_cell(tmp_path, name, bernoulli(4, 100, 0.4), task="sudoku", overrides=overrides)
    said = on_terminal("compare", f"--results={tmp_path}", columns=columns)
    text = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert max(map(len, text.splitlines())) <= columns
    for word in ("direct-prediction", "(train.steps=200)", "sudoku", "95 %", "undecided"):
        assert word in text
    assert "…" not in text


@pytest.mark.parametrize("columns", [pytest.param(80, marks=pytest.mark.slow)])
def test_the_ids_of_trials_can_be_copied(columns: int, tmp_path: Path) -> None:
    trials = add_cell(tmp_path, "direct-prediction", bernoulli(3, 20, 0.5))
    text = on_terminal("show", f"--results={tmp_path}", columns=columns)
    assert all(trial.trial_id in text for trial in trials)


@pytest.mark.parametrize("group", [[], ["plugins"], ["checkpoint"]], ids=str)
def test_a_command_with_commands_of_its_own_prints_its_help(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(group) == 0
    said = capsys.readouterr()
    assert "Commands:\n" in said.out and not said.err


def test_list_alone_lists_all_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list"]) == 0
    said = capsys.readouterr().out
    for words in ("models:\n", "Tiny Recursive Model", "sudoku", "muon", "paper-table-1"):
        assert words in said
