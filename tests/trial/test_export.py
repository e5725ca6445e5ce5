"""Exported models answer as the trial does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.trials import maze_trials

import trmbench
from trmbench.cli.main import run_command
from trmbench.spec import Trial
from trmbench.trial.export import load_program
from trmbench.trial.runtimes import inverse_erf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder = tmp_path_factory.mktemp("export")
    few = {
        "task.test_puzzles": 300,
        "task.size": 5,
        "task.min_path_length": 2,
        "model.n": 1,
        "model.T": 1,
    }
    [done] = maze_trials(folder, 1, **few, **{"execution.stack_seeds": False})
    assert trmbench.run_trial(done).status == "finished"
    return done


@pytest.mark.parametrize(("kind", "suffix"), [("torch", ".pt2"), ("onnx", ".onnx")])
def test_the_file_answers_256_puzzles_as_the_trial_and_solves(
    trial: Trial, tmp_path: Path, kind: str, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, results = tmp_path / f"whole{suffix}", f"--results={trial.results}"
    arguments = [
        "export",
        trial.trial_id,
        f"--format={kind}",
        f"--output={file}",
        "--depth=3",
        results,
    ]
    assert run_command(arguments) == 0
    told = capsys.readouterr().out
    assert "256 of 256 answers equal" in told
    assert "after 3 supervision steps" in told
    assert " ms " in told
    model = trmbench.load_model(trial.trial_id, trial.results, depth=3)
    table = model.task.split("test")
    ours = model.solve(table.inputs)
    program = load_program(file)
    for count in (1, 300):  # any number of puzzles
        tokens = table.inputs[:count].astype(np.int64)
        answers, confidence = program(tokens, np.zeros(count, np.int64))
        assert (answers == np.stack([each.answer for each in ours[:count]])).all()
        assert confidence == pytest.approx([each.confidence for each in ours[:count]], abs=1e-5)
    steps = load_program(file.with_name(f"whole-step{suffix}"))
    assert steps.metadata["trial_id"] == trial.trial_id
    content = file.read_bytes() + file.with_name(f"whole-step{suffix}").read_bytes()
    assert str(Path(trmbench.__file__).parent).encode() not in content
    text = "".join("?# SGo"[token] for token in table.inputs[0])
    solve = ["solve", trial.trial_id, text, results, f"--exported={file}", "--json"]
    assert run_command(solve) == 0
    assert ours[0].text in capsys.readouterr().out


def test_one_step_after_the_other_gives_the_whole_answer(trial: Trial) -> None:
    from trmbench.trial.exported import OneStep, WholeAnswer

    [parts] = trmbench.load_model(trial.trial_id, trial.results, device="cpu").parts
    one, whole = OneStep(parts).eval(), WholeAnswer(parts, 3).eval()
    inputs = torch.from_numpy(parts.task.split("test").inputs[:5]).long()
    identifiers = torch.zeros(5, dtype=torch.int64)
    state = one.begin(inputs)
    with torch.inference_mode():
        for _ in range(3):
            answers, confidence, *state = one(inputs, identifiers, *state)
        wanted = whole(inputs, identifiers)
    assert torch.equal(answers, wanted[0])
    assert torch.equal(confidence, wanted[1])


def test_the_inverse_error_function_which_onnx_lacks_is_computed_from_what_it_has() -> None:
    x = torch.linspace(-0.999999, 0.999999, 20001)
    assert torch.allclose(inverse_erf(x), x.erfinv(), rtol=1e-6, atol=0)
    assert inverse_erf(torch.zeros(1)).item() == 0


def test_what_differs_is_not_written(
    trial: Trial,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from trmbench.trial import export

    monkeypatch.setattr(export.TorchProgram, "__call__", lambda self, i, p: (i * 0, p * 0.0))
    file = tmp_path / "whole.pt2"
    arguments = ["export", trial.trial_id, "--format=torch", f"--output={file}"]
    assert run_command([*arguments, f"--results={trial.results}"]) == 2
    assert "gives other answers to 256 of 256 test puzzles" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
