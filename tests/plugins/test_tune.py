"""`trmbench tune`: settings chosen on held-out puzzles, by Ray Tune."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench import TrmbenchError
from trmbench.cli.main import run_command
from trmbench.experiment.cells import choose_cells
from trmbench.store import Store
from trmbench_ray.space import as_toml, read_space

SMALL = (
    *("task.size=5", "task.min_path_length=2", "task.train_puzzles=24", "task.test_puzzles=8"),
    *("task.validation=8", "train.steps=4", "train.batch_size=4", "model.width=16", "model.T=1"),
)


@pytest.mark.slow
def test_the_best_on_held_out_puzzles_is_written_with_how_many_were_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("space.toml").write_text(
        "[train]\nlearning_rate = { loguniform = [1e-4, 1e-2] }\nema = [0.0, 0.9]\n"
    )
    settings = [f"--set={each}" for each in SMALL]
    what = ["--model=trm", "--task=maze", "--preset=mini"]
    assert run_command(["tune", *what, "--space=space.toml", "--trials=2", *settings]) == 0
    assert "2 settings were tried" in capsys.readouterr().out
    rows = Store("tuning").trials()
    assert [row["seed"] for row in rows] == [1000, 1000]
    assert len(rows) == 2
    assert {json.loads(row["config"])["evaluation"]["split"] for row in rows} == {"validation"}
    assert {row["test_puzzles"] for row in rows} == {8}
    best = max(rows, key=lambda row: float(row["score"]))
    written = tomllib.loads(Path("tuned.toml").read_text())
    chosen = [json.loads(row["config"])["train"] for row in rows if row["score"] == best["score"]]
    assert written["train"]["learning_rate"] in [each["learning_rate"] for each in chosen]
    assert written["execution"]["settings_tried"] == 2
    assert "evaluation" not in written
    [cell] = choose_cells([], [], None, Path("tuned.toml"), {}).cells
    assert cell.values["execution"]["settings_tried"] == 2
    assert cell.values["train"]["learning_rate"] == written["train"]["learning_rate"]
    assert cell.values["evaluation"]["split"] == "test"


def test_compare_says_how_many_settings_were_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = add_cell(tmp_path, "trm", bernoulli(3, 40, 0.5))
    add_cell(tmp_path, "hrm", bernoulli(3, 40, 0.5, salt=1))
    store = Store(tmp_path)
    for trial in trials:
        [row] = store.trials([trial.name])
        config = json.loads(row["config"])
        config["execution"]["settings_tried"] = 20
        store.write("trials", trial.name, [{**row, "config": json.dumps(config)}])
    assert run_command(["compare", f"--results={tmp_path}"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "settings tried on held-out puzzles before these were chosen" in words
    assert "20 (trm); not told (hrm)" in words


def test_a_space_is_read_as_ray_tune_has_it(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text(
        "[train]\nlearning_rate = { loguniform = [1e-4, 1e-2] }\n"
        "[model]\nn = { randint = [2, 4] }\n"
    )
    space = read_space(file)
    assert {space["model.n"].sample() for _ in range(60)} == {2, 3}
    rates = np.array([space["train.learning_rate"].sample() for _ in range(60)])
    assert ((rates >= 1e-4) & (rates <= 1e-2)).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no setting"),
        ("[evaluation]\nvotes = [1, 2]", "has 'evaluation'"),
        ("[train]\nema = 0.9", "train.ema is neither a list of values nor a distribution"),
        ("[train]\nema = { gauss = [0, 1] }", "train.ema is neither"),
        ("[train]\nema = { uniform = [1] }", "train.ema: uniform"),
        ("train = ", "is not valid TOML"),
    ],
)
def test_a_bad_space_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "space.toml"
    file.write_text(text)
    with pytest.raises(TrmbenchError, match=words):
        read_space(file)


def test_the_chosen_settings_are_written_as_toml() -> None:
    settings = {"train.ema": 0.5, "model.mixing": 'a "b"', "train.halting": True}
    assert tomllib.loads(as_toml(settings)) == {
        "train": {"ema": 0.5, "halting": True},
        "model": {"mixing": 'a "b"'},
    }
