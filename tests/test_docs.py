"""The documentation says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from trmbench.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OF_AN_EXAMPLE = {"hello"}
"""Commands that a page adds itself."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target and "reference/" not in target:  # made with the site
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_option_in_an_example_exists(page: Path) -> None:
    context = click.Context(cli)
    for line in re.findall(r"^(?:\$ .*?)?(trmbench \w.*)$", page.read_text(), re.MULTILINE):
        words = line.split("#")[0].split("&&")[0].split()
        if words[1] in OF_AN_EXAMPLE:
            continue
        command = cli.get_command(context, words[1])
        assert command is not None, line
        known = {name for option in command.params for name in option.opts}
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words[2])
            assert command is not None, line
            known = {name for option in command.params for name in option.opts}
        used = {word.split("=")[0] for word in words[2:] if word.startswith("-")}
        assert used <= known | {"--help"}, line


def test_the_readme_shows_the_smallest_plugin_of_the_guide() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    [plugin] = [block for block in blocks if "hookimpl" in block]
    assert plugin in (ROOT / "docs" / "plugins.md").read_text()
    assert len([line for line in plugin.splitlines() if line.strip()]) <= 10
