"""The site's pages are complete: every setting and column has a meaning, the tutorial runs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from trmbench.store.columns import MEANINGS
from trmbench.store.schemas import SCHEMAS

ROOT = Path(__file__).resolve().parents[1]


def test_every_column_has_a_meaning() -> None:
    for dataset, schema in SCHEMAS.items():
        assert sorted(MEANINGS[dataset]) == sorted(schema.names)


def test_every_environment_variable_of_the_code_is_on_its_page() -> None:
    page = (ROOT / "docs" / "environment.md").read_text()
    sources = [*ROOT.glob("trmbench/**/*.py"), *ROOT.glob("plugins/**/*.py")]
    sources += ROOT.glob("tasks/**/*.py")
    found = {
        name for path in sources for name in re.findall(r"\"(TRMBENCH_\w+)\"", path.read_text())
    }
    assert found
    assert {name for name in found if f"`{name}`" not in page} == set()


@pytest.mark.slow
def test_the_tutorial_runs_and_ends_with_a_verdict(tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    there = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=there).execute()
    printed = [
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text" in output
    ]
    assert any("95 %" in text for text in printed)
