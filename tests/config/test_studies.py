"""The studies that come with trmbench."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from command import trmbench

from trmbench import TrmbenchError
from trmbench.cli.main import run_command
from trmbench.config.cell import Cell
from trmbench.config.studies import find_study, study_names
from trmbench.config.study import read_study
from trmbench.experiment.cells import Choice, choose_cells
from trmbench.experiment.plan import plan
from trmbench.published import published_figures
from trmbench.store import Store

PAPER_TABLES = ["paper-table-1", "paper-table-2", "paper-table-3", "paper-table-4"]
PRESETS = ["mini", "paper"]
LANGUAGE_MODELS = {"DeepSeek R1", "Claude 3.7 8K", "o3-mini-high"}


def resolved(name: str, preset: str) -> Choice:
    return choose_cells([], [], preset, find_study(name), {})


def changed(name: str, preset: str, *keys: str) -> list[list[object]]:
    """Some resolved settings of each row, in order."""
    return [[_value(cell, key) for key in keys] for cell in resolved(name, preset).cells]


def _value(cell: Cell, dotted: str) -> object:
    section, _, key = dotted.partition(".")
    return cell.values[section].get(key)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", study_names())
def test_every_row_is_a_configuration_of_its_own(name: str, preset: str) -> None:
    rows = [row for cell in read_study(find_study(name)).cells for row in cell.rows(preset)]
    cells = resolved(name, preset).cells
    assert len(rows) > 1 and len({cell.cell_id for cell in cells}) == len(rows)
    names = [(cell.task, cell.label or cell.model) for cell in cells]
    assert len(set(names)) == len(names)
    assert {cell.preset for cell in cells} == {preset}


def test_every_study_has_a_title() -> None:
    assert set(PAPER_TABLES) < set(study_names())
    assert all(read_study(find_study(name)).title for name in study_names())


@pytest.mark.parametrize("name", PAPER_TABLES)
def test_the_rows_of_a_paper_table_are_the_published_ones_in_their_order(name: str) -> None:
    choice = resolved(name, "paper")
    asked = [(cell.task, choice.published_rows[cell.cell_id]) for cell in choice.cells]
    published = [
        (figure.task, figure.model)
        for figure in published_figures()
        if figure.source == choice.published and figure.model not in LANGUAGE_MODELS
    ]
    out_of_memory = [row for row in asked if row not in published]
    assert [row for row in asked if row in published] == published
    assert all("TRM with n=12" in model for _, model in out_of_memory)
    assert len(out_of_memory) == (2 if name == "paper-table-3" else 0)


def test_the_paper_rows_change_what_their_names_say() -> None:
    keys = ("model.T", "model.n", "model.layers")
    names_and_values = {
        cell.label: values
        for cell, values in zip(
            resolved("paper-table-3", "paper").cells,
            changed("paper-table-3", "paper", *keys),
            strict=True,
        )
    }
    for label, (T, n, layers) in names_and_values.items():
        assert label is not None and label.endswith(f"with n={n}, T={T}, {layers} layers")
    assert changed("paper-table-2", "paper", "model.features", "model.n") == [
        [2, 6],
        [7, 6],
        [1, 6],
    ]
    assert changed("paper-table-4", "paper", "model.mixing") == 2 * [
        ["attention"], ["attention"], ["attention"], ["mlp"],
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_multi_scale_z_has_one_z_per_latent_update(preset: str) -> None:
    _, (features, n), _ = changed("paper-table-2", preset, "model.features", "model.n")
    assert features == n + 1


def test_rows_with_other_depths_keep_the_proportions_of_the_paper_at_mini() -> None:
    def depth(row: list[object]) -> float:
        T, n, layers = (int(str(value)) for value in row)
        return T * (n + 1) * layers

    keys = ("model.T", "model.n", "model.layers")
    _, whole, *_, four_layers, _, shallow, _ = map(depth, changed("paper-table-1", "mini", *keys))
    assert whole <= four_layers < 1.5 * whole  # 48 and 42 in the paper
    assert shallow < whole / 2  # 12 and 42


def test_an_unknown_study_suggests_the_nearest() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'paper-table-1'"):
        find_study("papertable-1")


def test_the_rows_of_a_run_keep_the_studys_names_and_order(tmp_path: Path) -> None:
    choice = resolved("paper-table-2", "mini")
    store = Store(tmp_path)
    todo = plan(choice.cells, [0, 1], store)
    for hour, trial in enumerate(reversed(todo.trials)):
        began = datetime(2026, 1, 1, hour, tzinfo=UTC)
        store.write_trial(trial, {"status": "finished", "started_at": began})
    assert [(row["label"], row["seed"]) for row in todo.rows(store)] == [
        ("TRM y, z", 0), ("TRM y, z", 1), ("TRM multi-scale z", 0), ("TRM multi-scale z", 1),
        ("TRM single z", 0), ("TRM single z", 1),
    ]  # fmt: skip
    assert [row["label"] for row in store.trials()] != [row["label"] for row in todo.rows(store)]
    plain = plan(choose_cells(["trm"], ["sudoku"], "mini", None, {}).cells, [0], store)
    assert plain.rows(store)[0]["label"] == "TRM y, z"  # the same cell, so the same trial


def test_study_and_config_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "--study=paper-table-1", "--config=x.toml"]) == 2
    assert "--study and --config exclude each other" in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_prints_its_table_in_order_beside_the_published_figures(tmp_path: Path) -> None:
    tiny = ["task.train_puzzles=32", "task.test_puzzles=16", "train.steps=2", "train.batch_size=8"]
    done = trmbench(
        "run", "--study=paper-table-2", "--preset=mini", *(f"--set={pair}" for pair in tiny),
        cwd=tmp_path, COLUMNS="200",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(figure) for figure in ("87.4 %", "77.6 %", "71.9 %")]
    assert places == sorted(places)
    assert "Published: arXiv 2510.04871, Table 2, on Sudoku-Extreme" in done.stdout
