"""Puzzles of reasoning-gym: cut as a table's, judged by the package's own scorers."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import pytest

from trmbench import Task, TrmbenchError
from trmbench.cli.main import run_command
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_table import GYM
from trmbench_table.gym import LINE_END, gym_puzzles
from trmbench_table.gym_options import PACKAGE, GymOptions

FEW = {"train_puzzles": 12, "test_puzzles": 6}


@pytest.fixture
def package() -> None:
    """The package, which is an optional one."""
    pytest.importorskip("reasoning_gym")


def load(generator: str, **options: Any) -> Task:
    """The task of a generator, with few puzzles."""
    spec = registry.tasks().find(f"gym:{generator}").spec
    task: Task = spec.load(GymOptions(generator=generator, **FEW | options))
    return task


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the package."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)


@pytest.mark.usefixtures("no_package")
def test_the_check_of_the_plugin_says_that_the_package_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["plugins", "check", "table"]) == 0
    said = capsys.readouterr().out
    assert "gym: not checked, the package reasoning-gym is not installed" in said
    assert "task table" in said and said.endswith("All is well.\n")


@pytest.mark.usefixtures("no_package")
def test_without_the_package_the_user_is_told_how_to_install_it() -> None:
    specs = registry.models().find("trm").spec, registry.tasks().find("gym:chain_sum").spec
    with pytest.raises(TrmbenchError, match="reasoning-gym is not installed") as caught:
        compose(*specs, "mini")
    assert "pip install --no-deps reasoning-gym" in (caught.value.hint or "")


def test_a_member_of_the_family_is_found_by_its_name() -> None:
    tasks = registry.tasks()
    for name in ("gym:sudoku", "trmbench:gym:sudoku"):
        assert tasks.find(name).spec.name == "gym:sudoku" == tasks.own_name(name)
    assert tasks.own_name("trmbench:maze") == "maze" == tasks.own_name("maze")
    with pytest.raises(TrmbenchError, match="gym is a family of tasks"):
        GYM.load(GymOptions())
    with pytest.raises(TrmbenchError, match="unknown task"):
        tasks.find("maze:gym")
    with pytest.raises(TrmbenchError, match="task.generator=maze is another task than gym:sudoku"):
        tasks.find("gym:sudoku").spec.load(GymOptions(generator="maze"))


def test_a_model_s_preset_for_sudoku_is_not_for_the_one_of_the_family(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0")
    trm, tasks = registry.models().find("trm").spec, registry.tasks()
    own, family = (
        compose(trm, tasks.find(name).spec, "paper", {"task.train_puzzles": 10})
        for name in ("sudoku", "gym:sudoku")
    )
    assert (own.values["model"]["mixing"], family.values["model"]["mixing"]) == ("mlp", "attention")


def test_another_version_is_another_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = registry.models().find("trm").spec, registry.tasks().find("gym:chain_sum").spec
    ids = set()
    for version in ("0.1", "0.2"):
        monkeypatch.setattr(metadata, "version", lambda name, version=version: version)
        ids.add(compose(*specs, "paper").cell_id)
    assert len(ids) == 2


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "generator", ["chain_sum", "spell_backward", "mini_sudoku", "rotate_matrix", "countdown"]
)
def test_the_answers_of_a_generator_are_right_by_its_scorer_and_others_are_not(
    generator: str,
) -> None:
    task = load(generator)
    train, test = task.split("train"), task.split("test")
    assert (len(train), len(test)) == (12, 6)
    assert not set(train.puzzle_ids) & set(test.puzzle_ids)
    for table in (train, test):
        assert task.verify(table.inputs, table.labels).all()
    assert not task.verify(test.inputs, np.roll(test.labels, 1, axis=0)).any()
    assert task.info.primary_metric == "valid_accuracy" and generator in task.info.source
    assert load(generator).info.fingerprint == task.info.fingerprint


@pytest.mark.usefixtures("package")
def test_an_answer_that_the_generator_did_not_give_counts_if_its_scorer_says_so() -> None:
    puzzles = gym_puzzles(GymOptions(generator="countdown", **FEW))
    question, entry = next(iter(puzzles.entries.items()))
    assert puzzles.accepts(question, f"0 + {entry['answer']}".replace("0 + ", "", 1))
    assert puzzles.accepts(question, f"({entry['answer']})")
    assert not puzzles.accepts(question, "1") and not puzzles.accepts(question, "?/")
    assert not puzzles.accepts("another question", entry["answer"])


@pytest.mark.usefixtures("package")
def test_shared_words_are_left_out_and_lines_are_kept() -> None:
    sums = gym_puzzles(GymOptions(generator="chain_sum", **FEW))
    assert all(set(question) <= set("0123456789 +-") for question in sums.entries)
    task = load("rotate_matrix")
    assert all(LINE_END in text for text in task.write(task.split("test").labels))


@pytest.mark.usefixtures("package")
def test_parameters_are_handed_on() -> None:
    short = gym_puzzles(
        GymOptions(generator="chain_sum", parameters="min_terms=2,max_terms=2", **FEW)
    )
    assert all(len(question.split()) == 3 for question in short.entries)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"generator": "chain_some"}, "no generator 'chain_some'"),
        ({"generator": "rush_hour"}, "no answer to learn from"),
        ({"generator": "chain_sum", "parameters": "terms=2"}, "task.parameters=terms=2"),
        ({"generator": "chain_sum", "parameters": "min_terms=9"}, "task.parameters=min_terms=9"),
        ({"generator": "coin_flip", "parameters": "max_trials=3"}, "different questions"),
    ],
)
def test_what_a_generator_cannot_do_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        gym_puzzles(GymOptions(**options, **FEW))


@pytest.mark.parametrize("key", ["path", "splits", "verify"])
def test_options_of_tables_alone_are_refused(key: str) -> None:
    with pytest.raises(TrmbenchError, match=f"task.{key}=a:b is not possible"):
        GymOptions(**{key: "a:b"})


@pytest.mark.parametrize("parameters", ["2", "min terms=2"])
def test_parameters_that_are_no_pairs_are_refused(parameters: str) -> None:
    with pytest.raises(TrmbenchError, match="task.parameters="):
        GymOptions(parameters=parameters)


@pytest.mark.usefixtures("package")
def test_the_family_conforms() -> None:
    assert_task_conforms(GYM)
    assert metadata.version(PACKAGE) in load("chain_sum").info.source
