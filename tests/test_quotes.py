"""What the pages quote of `trmbench compare` is what it prints."""

from __future__ import annotations

import contextlib
import functools
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from trmbench.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUOTE = re.compile(
    r"^\$ trmbench (compare [^\n]*results/reference/[^\n]*)\n```\n+```text\n(.*?)^```", re.M | re.S
)
QUOTES = [
    pytest.param(command, quoted, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (command, quoted) in enumerate(QUOTE.findall(page.read_text()))
]


@functools.cache
def printed(command: str) -> str:
    with contextlib.chdir(ROOT):
        done = CliRunner().invoke(cli, shlex.split(command), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return squeezed(done.output)


def squeezed(text: str) -> str:
    """The words alone, however they are broken into lines and framed."""
    return " ".join(re.sub(r"[│┃━─┏┓┗┛┡┩╇┳┴┻└┘┼├┤]", " ", text).split())


@pytest.mark.parametrize(("command", "quoted"), QUOTES)
def test_every_line_that_a_page_quotes_is_printed(command: str, quoted: str) -> None:
    lines = [squeezed(line) for line in quoted.splitlines()]
    assert [line for line in lines if line not in printed(command)] == []


def test_the_pages_quote_many_comparisons() -> None:
    assert len(QUOTES) >= 8
