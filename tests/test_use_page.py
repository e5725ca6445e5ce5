"""The commands of the page on using a model do what it says, as they stand."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

import trmbench
from trmbench.cli.main import run_command
from trmbench.store import Store

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "use.md"
SMALLER = (
    *("task.size=5", "task.min_path_length=2", "task.train_puzzles=64", "task.test_puzzles=24"),
    *("train.steps=6", "train.batch_size=8", "model.T=1", "model.n=1"),
)
"""What makes the page's trainings ones of seconds."""
MAZE = "#####\n#S  #\n# # #\n#  G#\n#####\n"


@pytest.mark.slow
def test_every_command_and_block_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("maze.txt").write_text(MAZE)
    Path("many.txt").write_text((MAZE.replace("\n", "") + "\n") * 3)
    for kind, block in re.findall(r"```(console|python)\n(.*?)```", PAGE.read_text(), re.DOTALL):
        if kind == "python":
            exec(compile(_named(block), "use.md", "exec"), {})
            assert capsys.readouterr().out.strip(), block
            continue
        for line in block.splitlines():
            words = shlex.split(_named(line.removeprefix("$ ")))
            if words[:1] == ["cat"]:
                monkeypatch.setattr("sys.stdin", io.StringIO(Path(words[1]).read_text()))
                words = words[3:]
            if "onnx" in line:  # installs it, or takes long: tests/trial/test_export.py
                continue
            smaller = {"run": SMALLER, "score": SMALLER[:4]}.get(words[1], ())
            if words[1] == "score":
                _write_predictions(Path(words[2]))
            assert words[0] == "trmbench", line
            code = run_command([*words[1:], *(f"--set={each}" for each in smaller)])
            printed = capsys.readouterr()
            assert code == 0, f"{line}: {printed.err}"
            assert printed.out.strip(), line


def _write_predictions(file: Path) -> None:
    """Right answers to the test puzzles of the page's trials, as somebody else might have them."""
    task = trmbench.load_model(Store("results").trials()[0]["trial_id"]).task
    table = task.split("test")
    lines = map(",".join, zip(table.puzzle_ids, task.write(table.labels), strict=True))
    file.write_text("\n".join(["puzzle_id,answer", *lines]))


def _named(text: str) -> str:
    """The text with the id of a trial."""
    if "TRIAL" not in text:
        return text
    return text.replace("TRIAL", Store("results").trials()[0]["trial_id"][:8])
