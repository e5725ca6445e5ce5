"""A results folder of a short run, its files by kind, and what commands make of a damaged one."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from resilience.damages import ANY, JSON, OUTSIDE, PARQUET, Damage

from trmbench.cli.main import UNEXPECTED, run_command
from trmbench.store import Store
from trmbench.store.claims.files import FileRegister
from trmbench.testing.running import toy_trial
from trmbench.trial.run import run_trial

TOY = ["--task=toy-mirror", "--preset=mini", "--device=cpu", "--runner=inline"]
TRAINED = ["--model=toy-recursive", "--set=train.steps=4", "--seeds=2", *TOY]
VOTED = [*TRAINED, "--votes=3"]
PLAIN = ["--model=toy-echo", "--seeds=2", *TOY]
SETTINGS = {"train.steps": 6, "execution.checkpoint_every": 0.0, "execution.log_every": 1}
SECONDS = 20.0
"""More than any command takes on a busy machine, unless it waits for something."""


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    text: str
    errors: str
    seconds: float


def call(*arguments: str) -> Said:
    """A command in this process."""
    out, err = io.StringIO(), io.StringIO()
    begun = time.monotonic()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        code = run_command(list(arguments))
    return Said(code, out.getvalue(), err.getvalue(), time.monotonic() - begun)


def make_folder(root: Path) -> Path:
    """Trials that are finished (two of them with votes), and one that was interrupted."""
    results = root / "results"
    for asked in (TRAINED, VOTED, PLAIN):
        assert call("run", *asked, f"--results={results}").code == 0
    steps = itertools.count()
    stopped = toy_trial(2, results, SETTINGS)
    assert run_trial(stopped, should_stop=lambda: next(steps) == 4).status == "interrupted"
    FileRegister(results / "claims").take(stopped.trial_id)
    claim = results / "claims" / stopped.trial_id
    claim.write_text(claim.read_text().replace(f'"pid": {os.getpid()}', '"pid": 99999999'))
    (root / OUTSIDE).mkdir()
    (root / OUTSIDE / "precious.txt").write_text("my thesis")
    return results


def kinds(results: Path) -> dict[str, tuple[Path, Path]]:
    """A file of each kind, relative to the folder, and another of the same kind."""
    rows = Store(results).trials()
    for row in rows:
        row["name"] = f"{row['trial_id']}-{row['evaluation_id']}"
    trained = [r for r in rows if r["model"] == "toy-recursive" and r["status"] == "finished"]
    voted = [r for r in trained if r["votes"] == 3]
    first, second = (r["trial_id"] for r in trained if r["votes"] == 1)
    stopped = next(r["trial_id"] for r in rows if r["status"] == "interrupted")
    names = {r["trial_id"]: r["name"] for r in rows if r["votes"] == 1}
    notes = sorted((results / "runs").iterdir())
    steps = sorted((results / "checkpoints" / stopped).glob("running-*.json"))
    evaluation = names[first].partition("-")[2]
    files = {
        f"{dataset} of a trial": tuple(
            results / dataset / f"{names[trial]}.parquet" for trial in (first, second)
        )
        for dataset in ("trials", "puzzles")
    }
    files["votes"] = tuple(results / "votes" / f"{r['name']}.parquet" for r in voted)
    files["curves"] = tuple(results / "curves" / f"{trial}.parquet" for trial in (first, second))
    files["note"] = (notes[0], notes[1])
    files["claim"] = (results / "claims" / stopped, results / "claims" / ".lock")
    for suffix in ("json", "safetensors"):
        for name in ("final", f"answers-{evaluation}"):
            files[f"{name.partition('-')[0]}.{suffix}"] = tuple(
                results / "checkpoints" / trial / f"{name}.{suffix}" for trial in (first, second)
            )
        last, before = (path.with_suffix(f".{suffix}") for path in reversed(steps))
        files[f"running.{suffix}"] = (last, before)
    return {
        kind: (one.relative_to(results), other.relative_to(results))
        for kind, (one, other) in files.items()
    }


def damages(kind: str) -> dict[str, Damage]:
    """The damages that a file of a kind can have."""
    if kind.endswith("safetensors"):
        return ANY
    return {**ANY, **(JSON if kind.endswith(("json", "note", "claim")) else PARQUET)}


FOLDERS = ("trials", "puzzles", "depths", "curves", "votes", "runs", "checkpoints", "claims")
OF_FOLDERS = (
    "missing",
    "folder",
    "pipe",
    "link outside",
    "dangling link",
    "text",
    "circle",
    "locked",
)


def damage_folder(path: Path, damage: str) -> None:
    """The same for a whole folder, which something else replaces."""
    kept = path.rename(path.parent.parent / OUTSIDE / path.name)
    if damage == "locked":
        kept.rename(path).chmod(0)
    elif damage == "link outside":
        path.symlink_to(kept)
    elif damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_text("")
        ANY[damage](path, path)


def verbs(trial: str, results: Path, output: Path, drawn: bool = True) -> Iterator[tuple[str, ...]]:
    """Every command that looks at a results folder; those that only read come first.

    Args:
        trial: its id.
        results: the results folder.
        output: a folder for what is written elsewhere.
        drawn: with the report, whose pictures take as long as half of all other commands.
    """
    of = f"--results={results}"
    yield ("compare", "--format=json", of)
    yield ("show", of)
    yield ("show", trial, of)
    yield ("show", trial, "--failures", of)
    yield ("doctor", of)
    yield ("plugins", "list")
    yield ("submit", trial, of, "-o", str(output / "submission.json"))
    if drawn:
        yield ("report", of, "-o", str(output / "report.html"))
    yield ("checkpoint", "export", trial, of, "-o", str(output / "weights.safetensors"))
    yield ("resume", "--dry-run", of)
    yield ("evaluate", trial, "--limit=5", of)
    yield ("resume", "--runner=inline", of)
    yield ("run", *TRAINED, of)
    yield ("repair", of)
    yield ("run", *TRAINED, of)


def problems(said: Said, arguments: tuple[str, ...]) -> Iterator[str]:
    """What no command may do, whatever the folder."""
    everything = said.text + said.errors
    if said.code not in (0, 1, 2):
        yield f"exit code {said.code}"
    if "Traceback" in everything or UNEXPECTED in everything:
        yield f"no clear line: {everything[-300:]}"
    if said.seconds > SECONDS:
        yield f"took {said.seconds:.0f} s"
    if said.code == 2 and len(said.errors.strip().splitlines()) == 0:
        yield "exit code 2 without a word"


def scores(said: Said, but: set[str]) -> dict[str, Any]:
    """The mean of each cell that `compare --format=json` shows, without some cells."""
    if said.code:
        return {}
    cells = json.loads(said.text)["cells"]
    keys = ("mean", "low", "high", "seeds", "puzzles")
    return {
        f"{cell['cell_id']} {cell['evaluation_id']}": [cell[key] for key in keys]
        for cell in cells
        if cell["cell_id"] not in but
    }


def copy(results: Path, root: Path) -> Path:
    """A copy of the folder and of what is next to it."""
    shutil.copytree(results.parent, root, dirs_exist_ok=True)
    return root / results.name


def answers(results: Path, but: str) -> dict[str, Any]:
    """What is stored of all trials but one, puzzle by puzzle."""
    found = {}
    for path in sorted((results / "puzzles").glob("*.parquet")):
        if not path.name.startswith(but) and path.is_file():
            found[path.name] = pq.read_table(path).to_pylist()
    return found
