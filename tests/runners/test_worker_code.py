"""Workers run what their parent runs, whatever lies in the current directory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trmbench as core
from trmbench.errors import TrmbenchError
from trmbench.runners.code import Code
from trmbench.runners.local import LocalRunner
from trmbench.spec.settings import ExecutionSettings
from trmbench.testing.running import toy_trial, visible_plugin

RUN = ["run", "--model=toy-echo", "--task=toy-mirror", "--preset=mini", "--device=cpu"]


@pytest.mark.slow
def test_what_lies_in_the_current_directory_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('numpy from here')")
    (tmp_path / "queue.py").write_text("open('was-run', 'w')\nraise ImportError")
    shutil.copytree(Path(core.__file__).parent, tmp_path / "trmbench")
    (tmp_path / "trmbench" / "trial" / "run.py").write_text("raise SystemExit('from here')")
    with visible_plugin("toy", "trmbench.testing.toy"):
        # As the script `trmbench` does, this process looks for nothing in the current directory.
        command = [sys.executable, "-P", "-m", "trmbench.cli", *RUN, "--results=results"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "was-run").exists()


def test_a_worker_with_other_code_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Code("/elsewhere/trmbench/__init__.py", "9.9")
    runner = LocalRunner(vars(ExecutionSettings(device="cpu")))
    monkeypatch.setattr("trmbench.runners.local.own_code", lambda: other)
    with pytest.raises(
        TrmbenchError, match=r"a worker process runs trmbench .* 9\.9 in /elsewhere"
    ):
        list(runner.run([toy_trial(0, tmp_path, {})], lambda event: None))


def test_a_worker_that_does_not_find_trmbench_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "python"
    empty.write_text("#!/bin/sh\nexit 1\n")
    empty.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(empty))
    runner = LocalRunner(vars(ExecutionSettings(device="cpu")))
    with pytest.raises(TrmbenchError, match="a worker process did not start"):
        list(runner.run([toy_trial(0, tmp_path, {})], lambda event: None))
