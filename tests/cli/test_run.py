"""`trmbench run` as a user types it, in processes of its own."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import TINY, trmbench

from trmbench.cli.main import run_command
from trmbench.spec import TrialResult

pytestmark = pytest.mark.slow


def test_a_run_writes_every_table_and_says_how_sure_it_is(tiny_results: Path) -> None:
    trials = pd.read_parquet(tiny_results / "trials")
    assert list(trials["status"]) == ["finished"] * 2
    assert sorted(trials["seed"]) == [0, 1]
    assert (trials["train_steps"] == 6).all() and (trials["test_puzzles"] == 24).all()
    assert (trials["parameters"] > 10_000).all() and (trials["peak_memory_bytes"] > 1e7).all()
    provenance = json.loads(trials["provenance"][0])
    assert provenance["model"]["distribution"] == "trmbench"
    assert "run --model" in provenance["command"]
    assert provenance["data"]["fingerprint"] and provenance["packages"]["torch"]
    puzzles = pd.read_parquet(tiny_results / "puzzles")
    assert len(puzzles) == 48 and puzzles["puzzle_id"].nunique() == 24
    assert len(puzzles["exact_by_step"][0]) == 4 and len(puzzles["answer"][0]) == 36
    curves = pd.read_parquet(tiny_results / "curves")
    assert list(curves["step"]) == [2, 4, 6] * 2
    for trial in trials["trial_id"]:
        folder = tiny_results / "checkpoints" / trial
        assert (folder / "final.safetensors").exists() and not list(folder.glob("running-*"))


def test_the_same_command_again_trains_nothing_and_prints_the_same_table(
    tiny_results: Path,
) -> None:
    before = {path: path.stat().st_mtime_ns for path in tiny_results.rglob("*.parquet")}
    command = ["run", *TINY, "--seeds=2", f"--results={tiny_results}"]
    first, second = trmbench(*command), trmbench(*command)
    assert first.returncode == 0 and "2 of 2 trials are finished already" in first.stdout
    assert first.stdout == second.stdout and "95 % interval" in first.stdout
    assert {path: path.stat().st_mtime_ns for path in tiny_results.rglob("*.parquet")} == before


def test_a_trial_run_again_elsewhere_gives_identical_bytes(
    tiny_results: Path, tmp_path: Path
) -> None:
    done = trmbench("run", *TINY, "--seeds=1-1", f"--results={tmp_path}", "--max-parallel=1")
    assert done.returncode == 0, done.stderr
    [again] = (tmp_path / "puzzles").glob("*.parquet")
    first = pq.read_table(tiny_results / "puzzles" / again.name)
    assert pq.read_table(again).equals(first)
    weights = Path("checkpoints") / again.name.split("-")[0] / "final.safetensors"
    assert (tmp_path / weights).read_bytes() == (tiny_results / weights).read_bytes()


def test_a_limit_and_votes_test_the_same_trained_weights_again(tiny_copy: Path) -> None:
    done = trmbench("run", *TINY, "--seeds=1", "--limit=5", "--votes=4", f"--results={tiny_copy}")
    assert done.returncode == 0, done.stderr
    assert "train 6/6" not in done.stdout
    trials = pd.read_parquet(tiny_copy / "trials")
    again = trials[trials["votes"] == 4].iloc[0]
    assert again["test_puzzles"] == 5 and again["train_steps"] == 6
    votes = pd.read_parquet(tiny_copy / "votes")
    assert votes.groupby("puzzle_id")["votes"].sum().tolist() == [4] * 5


def test_a_dry_run_shows_origins_and_an_estimate_and_writes_nothing(tmp_path: Path) -> None:
    done = trmbench("run", *TINY, "--seeds=2", "--dry-run", f"--results={tmp_path / 'r'}")
    assert done.returncode == 0, done.stderr
    assert "train.steps" in done.stdout and "command line" in done.stdout
    assert "model preset trm/mini" in done.stdout and "2 trials to do" in done.stdout
    assert not (tmp_path / "r").exists()


def test_a_dry_run_at_the_papers_scale_downloads_nothing_and_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a download")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", refuse)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    base = ["run", "--model=trm", "--task=sudoku", "--preset=paper", "--set=execution.device=cpu"]
    assert run_command([*base, "--dry-run", f"--results={tmp_path / 'r'}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "5,028,866 parameters, 65,104 steps on cpu" in said
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert taken < 800_000  # kB; the training needs 39 GB
    assert not (tmp_path / "r").exists()


def test_a_run_of_more_than_a_day_says_so_and_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[object] = []

    def instead(*arguments: object) -> Iterator[TrialResult]:
        begun.append(arguments)
        return iter(())

    monkeypatch.setattr("trmbench.experiment.execute.execute", instead)
    long = ["run", "--model=trm", "--task=maze", "--preset=mini", "--set=train.steps=100000000"]
    arguments = [*long, "--set=execution.device=cpu", f"--results={tmp_path / 'r'}"]
    assert run_command(arguments) == 2
    said = capsys.readouterr().err
    assert re.search(r"1 trial will take about \d+ (h|days) on this machine — add --yes", said)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda question: False)
    assert run_command(arguments) == 2 and not begun
    monkeypatch.setattr("click.confirm", lambda question: pytest.fail("asked"))
    assert run_command([*arguments, "--time-budget=60"]) == 0
    assert run_command([*arguments, "--yes"]) == 0 and len(begun) == 2


def test_automatic_preset_says_what_it_took(tmp_path: Path) -> None:
    done = trmbench("run", "--model=trm", "--task=maze", "--dry-run", CUDA_VISIBLE_DEVICES="")
    assert "Preset mini, since no GPU was found" in done.stdout


def test_a_model_whose_output_is_no_number_fails_visibly_and_alone(tmp_path: Path) -> None:
    command = [*TINY, "--seeds=1", f"--results={tmp_path}"]
    failed = trmbench(
        "run", *command, "--set=train.learning_rate=10", "--set=train.weight_decay=1000"
    )
    assert failed.returncode == 1
    assert "since training step" in failed.stdout and "Not finished" in failed.stdout
    fine = trmbench("run", *command)
    assert fine.returncode == 0
    assert sorted(pd.read_parquet(tmp_path / "trials")["status"]) == ["failed", "finished"]


def test_a_killed_worker_fails_its_trial_only(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "trmbench.cli", "run", *TINY, "--set=train.steps=100000"]
    process = subprocess.Popen(
        [*command, "--seeds=1", f"--results={tmp_path}"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any(": train " in line for line in process.stdout)  # else it is replaced, unnoticed
    os.kill(_worker_of(process.pid), signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "ended by SIGKILL" in out
    assert pd.read_parquet(tmp_path / "trials")["status"].tolist() == ["failed"]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_checkpoints_and_the_same_command_goes_on(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    steps = ["--set=train.steps=600", "--seeds=1"]  # many seconds: the signal must find it training
    whole = trmbench("run", *TINY, *steps, f"--results={tmp_path / 'whole'}")
    assert whole.returncode == 0
    command = [sys.executable, "-P", "-m", "trmbench.cli", "run", *TINY, *steps]
    results = f"--results={tmp_path / 'parts'}"
    process = subprocess.Popen(
        [*command, results], stdout=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
    )
    assert process.stdout is not None
    assert any(": train " in line for line in process.stdout)  # it has begun
    process.send_signal(sent)
    started = time.monotonic()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code and time.monotonic() - started < 20  # a worker has 10
    assert "The same command goes on" in out
    assert trmbench("run", *TINY, *steps, results).returncode == 0
    [row] = pd.read_parquet(tmp_path / "parts" / "trials").to_dict("records")
    assert row["status"] == "finished" and row["resumed_from_step"] > 0
    name = f"puzzles/{row['trial_id']}-{row['evaluation_id']}.parquet"
    assert pq.read_table(tmp_path / "parts" / name).equals(pq.read_table(tmp_path / "whole" / name))


def test_evaluate_tests_the_stored_weights_in_another_way(tiny_copy: Path) -> None:
    trial = pd.read_parquet(tiny_copy / "trials")["trial_id"][0]
    done = trmbench("evaluate", trial[:8], "--steps=2", "--weights=raw", f"--results={tiny_copy}")
    assert done.returncode == 0, done.stderr
    assert "Testing 1 trial on the test split, steps=2, weights=raw" in done.stdout
    rows = pd.read_parquet(tiny_copy / "trials")
    by_step = rows[rows["trial_id"] == trial]["exact_accuracy_by_step"].map(len)
    assert 2 in by_step.tolist()


def _hear_interrupts() -> None:
    """Ctrl-C is heard also where the tests were started in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _worker_of(parent: int) -> int:
    """The process id of the only worker."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True
    ).stdout
    [worker] = (line for line in listed.splitlines() if "runners.worker" in line)
    return int(worker.split()[0])
