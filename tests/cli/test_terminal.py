"""Foreign text reaches the terminal as text."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from trmbench.cli.console import SafeConsole
from trmbench.cli.main import run_command
from trmbench.errors import printable, shown

EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.\r\x08\x7f\x00\ud83d[/]"
"""Sets the title, clears the screen, colours, reverses, goes back, and closes no markup."""
STEERING = set(EVIL) - set("]0;title[2J31mgnp./")


@pytest.fixture
def file() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(file: io.StringIO) -> SafeConsole:
    made = SafeConsole()
    made.file = file
    made.width = 200
    return made


def test_what_steers_a_terminal_is_replaced_and_the_rest_is_kept() -> None:
    assert not STEERING & set(printable(EVIL))
    assert len(printable(EVIL)) == len(EVIL)
    harmless = "tab\tline\nümlaut 数 ½ — ±"
    assert printable(harmless) == harmless


def test_nothing_that_is_printed_steers_the_terminal(
    console: SafeConsole, file: io.StringIO
) -> None:
    table = Table(EVIL, title=EVIL)
    table.add_row(EVIL, Text(EVIL))
    console.print(EVIL, table, Panel(EVIL, title=Text(EVIL)))
    with Progress(console=console, disable=False) as progress:
        progress.console.print(EVIL)
    assert "title" in file.getvalue() and "[/]" in file.getvalue()
    assert not STEERING & set(file.getvalue())


def test_colours_of_our_own_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console = SafeConsole()
    console.file = io.StringIO()
    console.print(Text("good", "green"))
    assert console.file.getvalue() == "\x1b[32mgood\x1b[0m\n"


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "latex", "json"])
def test_a_comparison_of_hostile_names_is_printed_as_text(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = EVIL.replace("\ud83d", "").replace("\x00", "")  # Parquet stores neither
    add_cell(tmp_path, name, bernoulli(3, 50, 0.8))
    add_cell(tmp_path, ":smile:[bold]x", bernoulli(3, 50, 0.4))
    assert run_command(["compare", f"--results={tmp_path}", f"--format={form}"]) == 0
    said = "".join(capsys.readouterr())
    assert "title" in said and ":smile:" in said and not STEERING & set(said)
    assert run_command(["show", f"--results={tmp_path}"]) == 0
    assert run_command(["show", f"--results={tmp_path}", "--where=status = failed"]) == 0
    assert not STEERING & set("".join(capsys.readouterr()))


def test_a_hostile_name_is_shown_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_cell(tmp_path, "\x1b[2J" * 5 + "end", bernoulli(3, 50, 0.8))
    assert run_command(["show", f"--results={tmp_path}"]) == 0
    assert "[2Jend " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [EVIL],
        ["run", f"--model={EVIL}", "--task=maze"],
        ["run", f"--config={EVIL}"],
        ["compare", "--where", EVIL + "="],
        ["compare", f"--results={EVIL}"],
    ],
    ids=["verb", "model", "config", "where", "results"],
)
def test_an_error_about_hostile_text_is_one_printable_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [re.sub("[\x00\ud83d]", "\n", argument) for argument in arguments]
    assert run_command(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and not STEERING & set(said)
    assert "title" in said


def test_what_the_system_refuses_is_one_line_and_a_traceback_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["new", "model", "x" * 300, f"--into={tmp_path}"]
    assert run_command(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "File name too long" in said
    assert run_command(["--debug", *arguments]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_values_in_messages_are_short() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in ("x" * 10**6, 16**5000, deep, list(range(10**5)), {"k" * 500: "v" * 500}):
        assert len(shown(value)) < 200
    assert shown("a\x1b") == r"'a\x1b'"
