"""One package of an outside author for each thing that the model contract can carry.

Each is written from the guide alone, and is installed, checked, trained and compared here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plugin_site import Site

from trmbench.cli.main import run_command
from trmbench.comparison.compare import Question, compare_cells
from trmbench.experiment.cells import choose_cells
from trmbench.experiment.plan import plan
from trmbench.spec.status import FINISHED
from trmbench.store import Store
from trmbench.testing import run_one
from trmbench.testing.running import forget_plugins
from trmbench.trial.run import run_trial

FOLDER = Path(__file__).parent / "packages"
NAMES = sorted(path.name for path in FOLDER.iterdir())
MOST_LINES = 80
SHORT = {
    "task.train_puzzles": 24,
    "task.test_puzzles": 8,
    "train.steps": 6,
    "train.batch_size": 8,
    "train.warmup_steps": 1,
    "execution.device": "cpu",
}
SEEDS = range(2)
each = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All packages as pip leaves them: modules, and the entry points of their `pyproject.toml`."""
    site = tmp_path_factory.mktemp("site")
    for name in NAMES:
        shutil.copy(FOLDER / name / f"{name}.py", site)
        project = tomllib.loads((FOLDER / name / "pyproject.toml").read_text())["project"]
        points = "\n".join(
            f"{key} = {to}" for key, to in project["entry-points"]["trmbench"].items()
        )
        metadata = site / f"{project['name']}-{project['version']}.dist-info"
        metadata.mkdir()
        told = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (metadata / "METADATA").write_text(told)
        (metadata / "entry_points.txt").write_text(f"[trmbench]\n{points}\n")
    before = os.environ.get("PYTHONPATH", "")
    sys.path.append(str(site))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [before, str(site)]))
    forget_plugins()
    yield
    sys.path.remove(str(site))
    os.environ["PYTHONPATH"] = before
    forget_plugins()


@pytest.fixture(scope="module")
def results(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of each of their models, and of TRM, on tiny mazes."""
    folder = tmp_path_factory.mktemp("packages") / "results"
    cells = choose_cells(["trm", *NAMES], ["maze"], "mini", None, SHORT).cells
    for trial in plan(cells, SEEDS, Store(folder)).trials:
        result = run_trial(trial)
        assert result.status == FINISHED, result.traceback
    return folder


def rows_of(results: Path, name: str) -> list[dict[str, Any]]:
    return [dict(row) for row in Store(results).trials() if row["model"] == name]


@each
def test_it_is_a_package_of_few_lines(name: str) -> None:
    files = [path for path in (FOLDER / name).iterdir() if path.is_file()]
    assert {path.name for path in files} == {"pyproject.toml", f"{name}.py"}
    lines = [line for path in files for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@pytest.mark.slow
@each
def test_it_conforms(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command(["plugins", "check", name])
    told = capsys.readouterr().out
    assert code == 0 and "All is well." in told, told


@pytest.mark.slow
@each
def test_it_is_trained_and_compared(name: str, results: Path) -> None:
    rows = rows_of(results, name)
    assert [row["status"] for row in rows] == [FINISHED] * len(SEEDS)
    found = compare_cells(Store(results), Question(match="none")).differences
    (with_trm,) = [d for d in found if {d.a.model, d.b.model} == {name, "trm"}]
    assert with_trm.comparison is not None, with_trm.explanation


def curve(results: Path, name: str) -> dict[str, list[float]]:
    import pyarrow.parquet as pq

    trial_id = rows_of(results, name)[0]["trial_id"]
    [file] = (results / "curves").glob(f"{trial_id}*.parquet")
    columns: dict[str, list[float]] = pq.read_table(file).to_pydict()
    return columns


@pytest.mark.slow
def test_what_each_asks_for_is_recorded(results: Path) -> None:
    figures = {name: rows_of(results, name)[0] for name in [*NAMES, "trm"]}
    config = {name: json.loads(row["config"]) for name, row in figures.items()}
    assert "kl" in str(curve(results, "latent"))
    assert config["latent"]["train"]["loss_weights"] == {"kl": 0.01}
    assert config["stepwise"]["train"]["step_weights"] == 0.7
    assert config["signum"]["train"]["optimizer"] == "signum"
    assert json.loads(figures["signum"]["provenance"])["optimizer"]["distribution"] == "signum"
    grown = figures["curriculum"]["flops_per_step"] * SHORT["train.steps"] * 8 * 3
    assert 0 < figures["curriculum"]["train_flops"] < grown
    bases = json.loads(figures["jury"]["provenance"])["bases"]
    assert list(bases.values()) == [f"trm maze seed {s}" for s in SEEDS] + ["direct maze seed 0"]
    assert json.loads(figures["doubtful"]["totals"])["oracle_pass@4"] >= 0
    steps = figures["trm"]["depth"]
    assert figures["doubtful"]["flops_per_answer"] == 4 * steps * figures["trm"]["flops_per_step"]
    assert figures["evolved"]["train_steps"] == SHORT["train.steps"]


@pytest.mark.slow
def test_a_model_with_a_schedule_can_be_a_base(results: Path) -> None:
    given = SHORT | {"model.base": "curriculum", "model.other": None}
    row = run_one("jury", "maze", results, overrides=given)
    curriculum = rows_of(results, "curriculum")[0]
    assert curriculum["trial_id"] in json.loads(row["provenance"])["bases"]
    assert row["flops_per_answer"] == pytest.approx(2 * curriculum["flops_per_answer"], rel=0.01)


@pytest.mark.slow
def test_the_tutor_learns_the_demonstrations_of_arc_tasks(tmp_path: Path) -> None:
    given = {"train.steps": 2, "execution.device": "cpu", "evaluation.limit": 6}
    given |= {"evaluation.votes": 1}
    base = run_one("trm", "arc-mini", tmp_path, overrides=given)
    rows = {
        passes: run_one("tutor", "arc-mini", tmp_path, overrides=given | {"model.passes": passes})
        for passes in (0, 3)
    }
    assert rows[0]["cell_accuracy"] == base["cell_accuracy"] < rows[3]["cell_accuracy"]
    assert rows[3]["flops_per_answer"] > 3 * rows[0]["flops_per_answer"] > 0


@pytest.mark.slow
def test_one_is_installed_by_pip(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install(FOLDER / "drawn")
    done = site.run("trmbench plugins check drawn")
    assert done.returncode == 0 and "All is well." in done.stdout, done.stdout + done.stderr
