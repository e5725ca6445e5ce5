"""The published figures are complete, as reported, and say what they were measured on."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

import trmbench.published
from trmbench import TrmbenchError
from trmbench.cli.main import run_command
from trmbench.published import published_figures

FILE = Path(trmbench.published.__file__).parent / "figures.csv"
KINDS = {"own training", "published weights", "port to JAX", "TRM's weights", "language model"}


def test_every_reported_figure_is_there_with_no_number_changed(shared: Path) -> None:
    with (shared / "literature.csv").open() as reported, FILE.open() as ours:
        kept = list(csv.DictReader(ours))
        for row in csv.DictReader(reported):
            [same] = [
                own for own in kept if all(own[name] == value for name, value in row.items())
                and own["source"] == row["reported_by"]
            ]  # fmt: skip
            assert same["source"], row


def test_every_figure_has_a_source_and_says_how_it_is_known() -> None:
    for figure in published_figures():
        assert figure.source.startswith(figure.reported_by) and figure.reported_by, figure
        assert figure.evidence in ("text", "secondary", "abstract"), figure
        assert figure.measured_on in KINDS, figure
        assert 0 <= figure.percent <= 100
        assert (figure.spread is None) == (figure.spread_kind == "")


def test_a_figure_tells_what_it_was_measured_on() -> None:
    [figure] = [f for f in published_figures("sudoku") if (f.model, f.candidates) == ("EqR", "128")]
    assert (figure.percent, figure.depth, figure.train_puzzles) == (99.8, 64, "1000")
    [figure] = [f for f in published_figures("arc1") if f.task_memory == "475M"]
    assert (figure.model, figure.parameters, figure.attempts) == ("HRM", "27M", "2")
    [figure] = [f for f in published_figures("sudoku") if f.model == "Attractor"]
    assert figure.disputed_by == "arXiv 2606.18206"
    [figure] = [f for f in published_figures("sudoku") if f.spread == 0.59]
    assert (figure.seeds, figure.spread_kind, figure.percent) == (5, "sd over seeds", 84.33)


def test_a_task_without_figures_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'sudoku'"):
        published_figures("sudko")


def test_the_list_of_a_task_prints_every_figure_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "published", "--task", "maze"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(published_figures("maze"))
    assert heading.split()[:3] == ["task", "model", "accuracy"]
    [line] = [line for line in lines if "dihedral" in line]
    for text in ("10.1 %", "1000 of Maze-Hard", "lcrh/lattice-deduction-transformers", "22.0 when"):
        assert text in line


def test_only_what_is_published_is_listed_by_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "studies", "--task", "maze"]) == 2
    assert "list studies takes no --task" in capsys.readouterr().err


def test_the_list_loads_no_heavy_library() -> None:
    code = (
        "import sys; from trmbench.cli.main import run_command; "
        "assert run_command(['list', 'published']) == 0; "
        "heavy = {'torch', 'ray', 'pandas', 'scipy', 'numpy', 'pyarrow', 'matplotlib'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
