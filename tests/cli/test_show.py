from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli
from helpers.trials import maze_trials

from trmbench.cli.main import run_command
from trmbench.store import Store
from trmbench.store.claims import claimed
from trmbench.store.notes import write_note
from trmbench.trial.live_curve import LiveCurve


def test_show_lists_the_trials_and_the_failed_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = np.vstack([bernoulli(2, 20, 0.5), np.full((1, 20), np.nan)])
    add_cell(tmp_path, "[red]trm", scores)
    assert run_command(["show", f"--results={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert text.count("finished") == 2
    assert "[red]trm" in text
    assert run_command(["show", "--failures", f"--results={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert "out of memory" in text
    assert "finished │" not in text


def test_show_knows_the_trials_that_are_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = maze_trials(tmp_path, seeds=2)
    write_note(Store(tmp_path), trials)
    with claimed(Store(tmp_path).root, trials[1].trial_id):
        assert run_command(["show", f"--results={tmp_path}"]) == 0
        text = capsys.readouterr().out
        assert "Running now" in text and trials[1].trial_id in text
        assert trials[0].trial_id not in text
        curve = [{"step": step, "loss": 1 / step} for step in (1, 2, 3)]
        LiveCurve(Store(tmp_path), trials[1].trial_id).write(curve)
        assert run_command(["show", trials[1].trial_id[:8], f"--results={tmp_path}"]) == 0
        assert "Learning curve, training steps 1 to 3" in capsys.readouterr().out
    assert run_command(["show", f"--results={tmp_path}"]) == 0
    assert "No trials in" in capsys.readouterr().out


def test_show_tells_all_about_a_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial = add_cell(tmp_path, "trm", bernoulli(1, 20, 0.5))[0]
    assert run_command(["show", trial.trial_id[:6], f"--results={tmp_path}"]) == 0
    text = capsys.readouterr().out
    for words in ("train.steps", "packages.torch", "2.6.0", "after each supervision step"):
        assert words in text
    assert "loss █" in text  # it falls
    assert "exact accuracy ▁" in text  # it rises


def test_no_value_is_cut_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = "c57d708676fc01a8" * 4
    provenance = {"data": {"fingerprint": digest}}
    trial = add_cell(tmp_path, "trm", bernoulli(1, 20, 0.5), provenance=provenance)[0]
    monkeypatch.setattr("trmbench.cli.console.console._width", 60)
    assert run_command(["show", trial.trial_id, f"--results={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert "…" not in text and digest in "".join(text.split())


def test_show_lists_the_unsolved_puzzles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = bernoulli(1, 30, 0.5)
    trial = add_cell(tmp_path, "trm", right)[0]
    assert run_command(["show", trial.trial_id, "--failures", f"--results={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert f"{30 - right.sum()} of 30 puzzles not solved" in text
    for index, solved in enumerate(right[0]):
        assert (f"p{index:05}" in text) is not bool(solved)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "no trial 'nothing'"),
        (["--puzzle", "p1"], "--puzzle needs a trial"),
        (["x", "--steps"], "need --puzzle"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["show", *arguments, f"--results={tmp_path}"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_the_steps_of_a_real_trial_end_in_its_stored_answer(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trmbench.gallery.refinement import refinement
    from trmbench.gallery.stored_puzzle import StoredPuzzle

    store = Store(tiny_results)
    trial = store.trials()[0]
    name = f"{trial['trial_id']}-{trial['evaluation_id']}"
    row = store.read("puzzles", names=[name]).to_pylist()[3]
    found = refinement(StoredPuzzle(store, trial["trial_id"], row["puzzle_id"]))
    assert found.answers[-1].tobytes() == row["answer"]
    assert len(found.answers) == len(row["exact_by_step"])
    assert found.latents["z"].shape == found.answers.shape
    assert found.halt_probability is not None
    assert found.halt_probability[-1] == pytest.approx(row["halt_probability"], abs=1e-6)

    base = ["show", trial["trial_id"], "--puzzle", row["puzzle_id"], f"--results={tiny_results}"]
    assert run_command(base) == 0
    assert "confidence" in capsys.readouterr().out
    assert run_command([*base, "--steps"]) == 0
    text = capsys.readouterr().out
    assert f"step {len(found.answers)}: " in text
    assert run_command([*base, "--steps", "--save", str(tmp_path / "steps.png")]) == 0
    assert (tmp_path / "steps.png").exists()
    assert run_command([*base[:3], "zzz", base[4]]) == 2
    assert "no test puzzle 'zzz'" in capsys.readouterr().err


def test_a_trial_without_final_weights_shows_its_stored_answers(tiny_results: Path) -> None:
    from trmbench.gallery.refinement import refinement
    from trmbench.gallery.stored_puzzle import StoredPuzzle

    store = Store(tiny_results)
    trial = store.trials()[1]
    folder = store.checkpoints(trial["trial_id"])
    hidden = folder / "final.json"
    name = f"{trial['trial_id']}-{trial['evaluation_id']}"
    row = store.read("puzzles", names=[name]).to_pylist()[0]
    hidden.rename(folder / "hidden.json")
    try:
        found = refinement(StoredPuzzle(store, trial["trial_id"], row["puzzle_id"]))
    finally:
        (folder / "hidden.json").rename(hidden)
    assert found.answers[-1].tobytes() == row["answer"]
    assert len(found.answers) == len(row["exact_by_step"])
    assert dict(found.latents) == {}
