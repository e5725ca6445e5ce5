"""TOML files of cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from trmbench import TrmbenchError
from trmbench.config.study import read_study


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
    assert [cell.model for cell in study.cells] == ["a", "b"]
    rows = [row for cell in study.cells for row in cell.rows("mini")]
    assert len(rows) == 8 and all(row.label is None for row in rows)
    assert all(row.overrides["train.steps"] == 5 for row in rows)
    assert {(row.overrides["model.n"], row.overrides["model.T"]) for row in rows} == {
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
    assert cell.preset == "p"
    assert cell.rows("p") == [("no average", {"train.ema": 0.0})]


def test_a_cell_with_a_matrix_is_one_row_per_combination_each_with_its_name(tmp_path: Path) -> None:
    text = '[[cells]]\nname = "X"\nmodel = "m"\ntask = "t"\nmatrix = { "model.n" = [2, 4] }\n'
    [cell] = read_study(write(tmp_path, text)).cells
    assert cell.rows("mini") == [("X, n=2", {"model.n": 2}), ("X, n=4", {"model.n": 4})]


def test_a_preset_may_have_a_name_settings_and_a_matrix_of_its_own(tmp_path: Path) -> None:
    text = """
        [[cells]]
        name = "T=3"
        model = "m"
        task = "t"
        set = { "model.T" = 3, "model.n" = 6 }
        at.mini = { name = "T=2", set = { "model.T" = 2 }, matrix = { "task.size" = [4] } }
    """
    [cell] = read_study(write(tmp_path, text)).cells
    assert cell.rows("paper") == [("T=3", {"model.T": 3, "model.n": 6})]
    assert cell.rows("mini") == [("T=2, size=4", {"model.T": 2, "model.n": 6, "task.size": 4})]


def test_names_on_the_command_line_replace_the_files(tmp_path: Path) -> None:
    path = write(tmp_path, 'models = ["a"]\ntasks = ["t"]\n')
    assert [(c.model, c.task) for c in read_study(path, ["x"], ["y"]).cells] == [("x", "y")]


def test_names_on_the_command_line_choose_among_named_cells(tmp_path: Path) -> None:
    cells = [f'[[cells]]\nmodel = "{m}"\ntask = "{t}"\n' for m in "ab" for t in "tu"]
    path = write(tmp_path, "".join(cells))
    assert [(c.model, c.task) for c in read_study(path, ["b"]).cells] == [("b", "t"), ("b", "u")]
    assert [(c.model, c.task) for c in read_study(path, ["b"], ["u"]).cells] == [("b", "u")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sedes = 5", "did you mean 'seeds'"),
        ("train = 5", "it must be a table"),
        ('[matrix]\n"model.n" = 4', "it must be a list"),
        ('[[cells]]\nmodel = "m"', "names no task"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nsets = 1', "did you mean 'set'"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nset = 1', "it must be a table"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nmatrix = { "model.n" = 4 }', "it must be a list"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nat = 1', "tables by preset"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nat.mini = { sett = 1 }', "did you mean 'set'"),
        ("cells = 3", "[[cells]]"),
        ("models = [1]", "models in {path} is 1 (it must be a list of texts)"),
        ("tasks = [true]", "tasks in {path} is True (it must be a list of texts)"),
        ("preset = 5", "preset in {path} is 5 (it must be a text)"),
        ("preset = ['mini']", "preset in {path} is ['mini'] (it must be a text)"),
        ("title = 5", "title in {path} is 5"),
        ("seeds = [1, 2]", "seeds in {path} is [1, 2]"),
        ("seeds = true", "seeds in {path} is True"),
        ("seeds = 1.5", "seeds in {path} is 1.5"),
        ('[[cells]]\nmodel = 5\ntask = "t"', "cells.model in {path} is 5"),
        ('[[cells]]\nmodel = "m"\ntask = [1]', "cells.task in {path} is [1]"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nname = 5', "cells.name in {path} is 5"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nname = ["a"]', "cells.name in {path} is ['a']"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\npreset = 5', "cells.preset in {path} is 5"),
        ('[[cells]]\nmodel = "m"\ntask = "t"\nat.mini = { name = 5 }', "cells.at.mini.name in"),
        ('[matrix]\n"model.n" = []', "matrix.model.n in {path} is an empty list"),
        ("x = " + "[" * 5000, "nests its values too deeply"),
        ("seeds = " + "9" * 5000, "is not valid TOML"),
    ],
)
def test_a_key_that_means_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrmbenchError) as error:
        read_study(write(tmp_path, text))
    assert message.replace("{path}", str(tmp_path / "study.toml")) in str(error.value)
    assert len(error.value.message) < 300 and "\n" not in str(error.value)


@pytest.mark.parametrize("count", [10_000, 10**8])
def test_a_matrix_of_too_many_cells_is_refused_before_any_is_made(
    tmp_path: Path, count: int
) -> None:
    axes = "".join(
        f'"model.{name}" = {list(range(10))}\n' for name in "abcdefgh"[: len(str(count)) - 1]
    )
    for text in (
        f'models = "m"\ntasks = "t"\n[matrix]\n{axes}',
        f'[[cells]]\nmodel = "m"\ntask = "t"\n[cells.matrix]\n{axes}',
        f'[[cells]]\nmodel = "m"\ntask = "t"\n[cells.at.mini.matrix]\n{axes}',
    ):
        with pytest.raises(TrmbenchError, match=f"{count:,} cells are asked for"):
            read_study(write(tmp_path, text))


def test_a_file_of_any_size_is_refused_by_its_beginning(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="larger than 1 MiB"):
        read_study(Path("/dev/zero"))
