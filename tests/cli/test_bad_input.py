"""Bad input gives one clear line and exit code 2, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import TINY, trmbench

from trmbench.cli.main import run_command

RUN = ["run", "--model=trm", "--task=maze", "--preset=mini"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "did you mean 'run'"),
        (["run", "--model=trn", "--task=maze"], "did you mean 'trm'"),
        (["run", "--model=trm", "--task=mase"], "did you mean 'maze'"),
        (["run", "--model=trm", "--task=maze", "--preset=minni"], "did you mean 'mini'"),
        ([*RUN, "--seedz=2"], "--seeds"),
        ([*RUN, "--seeds=x"], "--seeds 'x' is not understood"),
        ([*RUN, "--set=train.stesp=1"], "did you mean 'train.steps'"),
        ([*RUN, "--set=train.steps=many"], "a whole number"),
        ([*RUN, "--set=train.steps"], "is not KEY=VALUE"),
        ([*RUN, "--set=task.size=-3"], "task.size=-3 is not possible"),
        ([*RUN, "--config=absent.toml"], "cannot read absent.toml"),
        ([*RUN, "--runner=loca"], "did you mean 'local'"),
        (["run", "--task=maze"], "name a model and a task"),
        (["evaluate", "nosuch", "--results=empty"], "no trial 'nosuch'"),
    ],
)
def test_one_line_says_what_and_what_to_do(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("trmbench: ") and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in trmbench("--debug", *RUN, "--set=train.stesp=1").stderr


def test_malformed_toml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[train\nsteps = 1")
    done = trmbench(*RUN, "--config=bad.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "bad.toml is not valid TOML" in done.stderr and "line 1" in done.stderr


HEADER = "source,question,answer,rating\n"
GOOD = "x," + "1" * 81 + "," + "1" * 81 + ",0\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("question,answer\n", "train.csv"),
        (HEADER + "x,123,123,0\n", "line 2"),
        (HEADER + "x,2" + "." * 80 + "," + "1" * 81 + ",0\n", "line 2"),
    ],
)
def test_a_bad_csv_is_named_with_file_and_line_before_anything_runs(
    content: str, message: str, tmp_path: Path
) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text(content)
    done = trmbench(
        "run", "--model=trm", "--task=sudoku", "--preset=paper", "--set=task.path=.",
        "--set=train.batch_size=1", "--set=train.steps=1", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert not list((tmp_path / "results").rglob("*.parquet"))


@pytest.mark.slow
def test_a_results_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = trmbench("run", *TINY, "--results=file/results", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot write to the results folder file/results" in done.stderr


@pytest.mark.slow
def test_no_network_says_how_to_use_local_files(tmp_path: Path) -> None:
    done = trmbench(
        "run", "--model=trm", "--task=sudoku", "--preset=paper", cwd=tmp_path,
        HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path / "hub"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "task.path=DIR" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_truncated_file_is_told_and_the_rest_is_used(tiny_copy: Path) -> None:
    (tiny_copy / "trials" / "broken-e.parquet").write_bytes(b"PAR1 and no more")
    done = trmbench("show", f"--results={tiny_copy}")
    assert done.returncode == 0
    assert "broken-e.parquet" in done.stderr and "trm" in done.stdout


def test_a_word_without_end_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.joinpath("trials").mkdir()
    assert run_command(["show", "a" * 100_000, f"--results={tmp_path}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert len(line) < 1_000


def test_windows_is_refused_in_one_line_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert run_command(["list", "models"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "not on Windows itself" in said and "WSL" in said
