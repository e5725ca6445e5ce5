"""Mini-ARC from its published layout, and the made-up tasks that stand in where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from trmbench import Predictions, TrmbenchError
from trmbench.cli.main import run_command
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.store import Store
from trmbench.trial.run import run_trial
from trmbench_arc import MiniArcOptions
from trmbench_arc.arc import load
from trmbench_arc.generated import generate
from trmbench_arc.reading import ArcTask
from trmbench_arc.rules import Rule, explanations, families
from trmbench_arc.variants import dihedral

RULES = [rule for rules in families().values() for rule in rules.values()]
FEW = {"source": "generated", "test_tasks": 12, "variants": 3}


def stacked(task: ArcTask) -> tuple[np.ndarray, np.ndarray]:
    """The demonstrations of a task, (N, 5, 5) each."""
    inputs, outputs = zip(*task.train, strict=True)
    return np.stack(inputs), np.stack(outputs)


def write(folder: Path, name: str, tasks: list[ArcTask]) -> None:
    """Write tasks in the Kaggle layout, as `<name>_challenges.json` and `<name>_solutions.json`."""
    challenges, solutions = {}, {}
    for task in tasks:
        shown = [{"input": pair[0].tolist(), "output": pair[1].tolist()} for pair in task.train]
        asked = [{"input": pair.input.tolist()} for pair in task.test]
        challenges[task.name] = {"train": shown, "test": asked}
        solutions[task.name] = [pair[1].tolist() for pair in task.test]
    (folder / f"{name}_challenges.json").write_text(json.dumps(challenges))
    (folder / f"{name}_solutions.json").write_text(json.dumps(solutions))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with three tasks in Mini-ARC's files, next to files of other ARC tasks."""
    training, evaluation = generate(2, 3, 5)
    write(tmp_path, "mini-arc", evaluation)
    write(tmp_path, "arc-agi_training", training)
    write(tmp_path, "arc-agi_concept", training)
    return tmp_path


def test_only_mini_arc_is_read_where_its_files_lie_next_to_others(mixed: Path) -> None:
    task = load(MiniArcOptions(path=str(mixed), variants=2))
    assert task.split("test").puzzle_ids.tolist() == [f"generated-0000{n}/test/0" for n in range(3)]
    assert len(task.split("train")) == 12 and task.info.seq_len == 25
    assert task.info.title == "ARC tasks of a user"  # not the published ones


def test_edited_solutions_are_other_data_and_files_next_to_them_are_not(mixed: Path) -> None:
    options = MiniArcOptions(path=str(mixed))
    before = options.content()
    for name, is_other in (("arc-agi_concept", False), ("mini-arc", True)):
        file = mixed / f"{name}_solutions.json"
        file.write_text(file.read_text() + " ")
        assert (options.content() != before) == is_other


def test_the_published_tasks_are_known_by_their_content(shared: Path) -> None:
    task = load(MiniArcOptions(path=str(shared / "data" / "arc"), variants=1))
    assert task.info.title == "Mini-ARC" and len(task.split("test")) == 149
    assert len(task.split("train")) == 528


def test_without_data_the_user_is_told_what_to_do() -> None:
    with pytest.raises(TrmbenchError, match="Mini-ARC has no data") as caught:
        load(MiniArcOptions())
    assert "task.source=generated" in caught.value.hint


def test_generated_tasks_are_named_so_and_do_not_depend_on_further_ones() -> None:
    few, more = (load(MiniArcOptions(**FEW, train_tasks=count)) for count in (0, 4))
    assert "Generated" in few.info.title and "generated, data seed 0" in few.info.source
    assert (few.split("test").inputs == more.split("test").inputs).all()
    assert len(more.split("train")) == len(few.split("train")) + 4 * 5
    other = load(MiniArcOptions(**FEW, seed=1))
    assert not (few.split("test").inputs == other.split("test").inputs).all(axis=1).any()


def test_who_finds_the_rule_in_the_demonstrations_solves_every_task() -> None:
    _, tasks = generate(0, 60, 0)
    task = load(MiniArcOptions(source="generated", test_tasks=60, variants=1))
    answers = []
    for one in tasks:
        found = {rule(one.test[0].input[None]).tobytes() for rule in explanations(*stacked(one))}
        assert len(found) == 1  # one right answer
        answers.append(np.frombuffer(found.pop(), np.uint8) + 2)
    table = task.split("test")
    tokens = np.stack(answers)
    assert task.verify(table.inputs, tokens).all()
    assert task.score(table, Predictions(tokens, np.ones(60))).per_puzzle.mean() == 1
    kinds = [
        name
        for one in tasks
        for name, rules in families().items()
        if set(rules.values()) & set(explanations(*stacked(one)))
    ]
    assert all(kinds.count(name) > 4 for name in families())


@settings(max_examples=40)
@given(
    st.sampled_from(RULES), st.integers(0, 7), st.permutations(range(1, 10)), st.integers(0, 2**32)
)
def test_a_turned_and_recoloured_pair_follows_a_rule_as_well(
    rule: Rule, transform: int, colours: list[int], seed: int
) -> None:
    grids = np.random.default_rng(seed).integers(0, 4, (3, 5, 5)).astype(np.uint8)
    names = np.array([0, *colours], np.uint8)
    copies = (names[[dihedral(grid, transform) for grid in part]] for part in (grids, rule(grids)))
    assert explanations(*copies)


def test_a_trial_has_votes_and_a_submission(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = {
        "task.test_tasks": 3, "model.width": 16, "train.steps": 2, "train.batch_size": 4,
    }  # fmt: skip
    specs = registry.models().find("trm").spec, registry.tasks().find("arc-mini").spec
    assert run_trial(compose(*specs, "mini", tiny).trial(0, str(tmp_path))).error is None
    (row,) = Store(tmp_path).trials()
    assert row["primary_metric"] == "fractional_vote@2" and row["votes"] > 1
    file = tmp_path / "submission.json"
    assert run_command(["submit", row["trial_id"], f"--results={tmp_path}", "-o", str(file)]) == 0
    assert list(json.loads(file.read_text())) == [f"generated-0000{n}" for n in range(3)]
