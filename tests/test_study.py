"""TOML files of cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from trmbench import TrmbenchError
from trmbench.study import read_study


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_a_matrix_makes_one_cell_per_combination(tmp_path: Path) -> None:
    study = read_study(
        write(
            tmp_path,
            'models = ["a", "b"]\ntasks = "t"\nseeds = 3\n[train]\nsteps = 5\n'
            '[matrix]\n"model.n" = [2, 4]\n"model.T" = [1, 3]\n',
        )
    )
    assert study.seeds == "3"
    assert len(study.cells) == 8
    assert {cell.model for cell in study.cells} == {"a", "b"}
    assert all(cell.overrides["train.steps"] == 5 for cell in study.cells)
    assert {(c.overrides["model.n"], c.overrides["model.T"]) for c in study.cells} == {
        (2, 1), (2, 3), (4, 1), (4, 3),
    }  # fmt: skip


def test_named_cells_add_their_own_settings(tmp_path: Path) -> None:
    study = read_study(
        write(
            tmp_path,
            '[train]\nema = 0.9\n[[cells]]\nname = "no average"\nmodel = "m"\ntask = "t"\n'
            'preset = "p"\nset = { "train.ema" = 0.0 }\n',
        )
    )
    [cell] = study.cells
    assert (cell.name, cell.preset, cell.overrides) == ("no average", "p", {"train.ema": 0.0})


def test_names_on_the_command_line_replace_the_files(tmp_path: Path) -> None:
    path = write(tmp_path, 'models = ["a"]\ntasks = ["t"]\n')
    assert [(c.model, c.task) for c in read_study(path, ["x"], ["y"]).cells] == [("x", "y")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sedes = 5", "did you mean 'seeds'"),
        ("train = 5", "it must be a table"),
        ('[matrix]\n"model.n" = 4', "it must be a list"),
        ('[[cells]]\nmodel = "m"', "names no task"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nsets = 1', "did you mean 'set'"),
    ],
)
def test_a_key_that_means_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrmbenchError) as error:
        read_study(write(tmp_path, text))
    assert message in str(error.value)
