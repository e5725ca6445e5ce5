"""`trmbench solve`: the user's own puzzles, answered by a stored trial."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.trials import maze_trials

import trmbench
from trmbench.cli.main import run_command
from trmbench.spec import Trial
from trmbench.store import Store


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """Three seeds of a tiny model on mazes, trained and tested in this process."""
    done = maze_trials(tmp_path_factory.mktemp("solve"), execution__stack_seeds=False)
    assert [trmbench.run_trial(trial).status for trial in done] == ["finished"] * 3
    return done


def _mazes(trial: Trial) -> tuple[list[str], list[bytes]]:
    """The test puzzles as people write them, and the trial's stored answers."""
    model = trmbench.load_model(trial.trial_id, trial.results)
    names = dict(enumerate("?# SGo"))
    inputs = model.task.split("test").inputs
    rows = Store(trial.results).read("puzzles", ["answer"], [trial.name])
    return ["".join(map(names.get, row)) for row in inputs.tolist()], rows["answer"].to_pylist()


def test_the_answer_is_the_one_that_the_trial_gave_when_it_was_tested(trials: list[Trial]) -> None:
    texts, answers = _mazes(trials[0])
    model = trmbench.load_model(trials[0].trial_id, trials[0].results)
    found = model.solve("\n".join(texts))
    assert [each.answer.tobytes() for each in found] == answers
    again = model.solve(np.stack([each.question for each in found]))
    assert [each.text for each in again] == [each.text for each in found]
    table = model.task.split("test")
    right = model.task.verify(table.inputs, np.stack([each.answer for each in found]))
    assert [each.valid for each in found] == right.tolist()
    assert found[0].steps is not None
    assert (found[0].steps[-1] == found[0].answer).all()


def test_all_seeds_of_a_cell_vote(trials: list[Trial]) -> None:
    texts, _ = _mazes(trials[0])
    each = [_mazes(trial)[1][0] for trial in trials]
    by_flag = trmbench.load_model(trials[1].trial_id, trials[0].results, all_seeds=True)
    by_cell = trmbench.load_model(trials[0].cell_id[:8], trials[0].results)
    assert by_cell.title == by_flag.title == "trm maze seed 0, 1, 2"
    [found] = by_flag.solve(texts[0])
    most = max(each.count(answer) for answer in each)
    assert each.count(found.answer.tobytes()) == most
    assert found.confidence == pytest.approx(most / 3)
    assert found.steps is None


def test_solve_draws_writes_and_prints_for_programs(
    trials: list[Trial], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts, _ = _mazes(trials[0])
    (tmp_path / "mazes.txt").write_text("\n".join(texts) + "\n")
    trial = ["solve", trials[0].trial_id, "--results", trials[0].results]
    assert run_command([*trial, texts[0], "--steps"]) == 0
    drawn = capsys.readouterr().out
    assert "step 4: " in drawn
    assert "confidence" in drawn
    assert run_command([*trial, str(tmp_path / "mazes.txt"), "-o", str(tmp_path / "out")]) == 0
    written = (tmp_path / "out").read_text().splitlines()
    capsys.readouterr()
    assert run_command([*trial, str(tmp_path / "mazes.txt"), "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["answer"] for each in printed] == written
    assert {len(line) for line in written} == {len(texts[0])}
    assert {each["valid"] for each in printed} <= {True, False}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{}", "#####"], "the puzzle has 5 cells — Maze"),
        (["{}", "x"], "row 1, column 1 of the puzzle is 'x'"),
        (["{}", "{text}\n{text}#"], "line 2: the puzzle has"),
        (["nothing", "#"], "no trial 'nothing'"),
        (["{cell}", "#", "--steps"], "the steps of one trial"),
    ],
)
def test_what_is_wrong_is_one_line(
    trials: list[Trial],
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, trial = _mazes(trials[0])[0][0], trials[0]
    given = [part.format(trial.trial_id, text=text, cell=trial.cell_id) for part in arguments]
    assert run_command(["solve", *given, "--results", trial.results]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1
