from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.cli.main import run_command


@pytest.fixture()
def store(tmp_path: Path) -> str:
    add_cell(tmp_path, "trm", bernoulli(4, 100, 0.4))
    add_cell(tmp_path, "hrm", bernoulli(4, 100, 0.8))
    return f"--results={tmp_path}"


def test_compare_prints_cells_differences_and_verdicts_in_words(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", store]) == 0
    text = capsys.readouterr().out
    for words in ("mean", "95 % interval", "min..max", "p (Holm)", "trm is worse than hrm by"):
        assert words in text
    assert "seeds / puzzles / residual" in text
    assert "neither" in text


def test_json_goes_to_stdout_and_warnings_to_stderr(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trials" / "broken.parquet").write_bytes(b"PAR1")
    assert run_command(["compare", store, "--format", "json"]) == 0
    done = capsys.readouterr()
    assert len(json.loads(done.out)["cells"]) == 2
    assert "broken.parquet" in done.err


def test_fail_if_worse_is_for_continuous_integration(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", store, "--baseline", "hrm", "--fail-if-worse"]) == 1
    assert run_command(["compare", store, "--baseline", "trm", "--fail-if-worse"]) == 0
    capsys.readouterr()
    assert run_command(["compare", store, "--fail-if-worse"]) == 2
    assert "--baseline" in capsys.readouterr().err


def test_where_selects_trials(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", store, "--format=json", "--where", "model in (trm) and seed < 2"]
    assert run_command(arguments) == 0
    (cell,) = json.loads(capsys.readouterr().out)["cells"]
    assert (cell["model"], cell["seeds"]) == ("trm", 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--where", "modle = trm"], "did you mean 'model'"),
        (["--metric", "accuracy"], "unknown metric"),
        (["--baseline", "hmr"], "did you mean 'hrm'"),
        (["--margin", "0"], "margin"),
        (["--plan", "nan"], "--plan nan is not possible"),
        (["--not-worse-than", "0"], "--not-worse-than takes points"),
        (["--looks", "3;5"], "no list of numbers of seeds"),
        (["--looks", "5,3"], "takes rising numbers"),
        (["--population", "50"], "has no 100 puzzles"),
        (["--results", "nowhere"], "no results at nowhere"),
    ],
)
def test_bad_input_is_one_line(
    store: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", store, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_large_store_is_compared_in_little_memory_without_heavy_libraries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for salt, model in enumerate(("a", "b", "c", "d")):
        add_cell(tmp_path, model, bernoulli(5, 423_000, 0.6, salt))
    code = (
        "import sys; from trmbench.cli.main import run_command; "
        f"assert run_command(['compare', '--results', {str(tmp_path)!r}]) == 0; "
        "assert not {'torch', 'pandas', 'matplotlib', 'jinja2'} & set(sys.modules); "
        "print(open('/proc/self/status').read())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Not ru_maxrss: a child's begins with what its parent, here pytest with torch, held.
    peak = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert peak is not None
    assert int(peak[1]) < 1_000_000


def test_a_study_is_planned_looked_at_and_bounded_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_cell(tmp_path, "trm", bernoulli(4, 100, 0.55))
    add_cell(tmp_path, "hrm", bernoulli(4, 100, 0.56))

    def said(*options: str) -> str:
        assert run_command(["compare", f"--results={tmp_path}", "--format=json", *options]) == 0
        (difference,) = json.loads(capsys.readouterr().out)["differences"]
        return str(difference["explanation"])

    assert re.search(r"For 5\.0 points plan \d+ seeds each", said("--plan=5"))
    assert "not worse" in said("--not-worse-than=30")
    assert "this test set" in said("--population=100")
    assert "the 5,000 puzzles" in said("--population=5000")
    assert "not between" in said("--looks=3,5")
    assert "not between" not in said("--looks=4,8")
