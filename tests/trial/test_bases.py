"""Models that stand on several trained ones: which, whose cells they are, and what is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.committee import SPEC, bases

from trmbench import BaseCell, ModelSpec, TrmbenchError
from trmbench.comparison.compare import Question, compare_cells
from trmbench.config.compose import compose
from trmbench.experiment.plan import reevaluation
from trmbench.experiment.runs import unfinished
from trmbench.spec import Trial
from trmbench.spec.status import FAILED, FINISHED, INTERRUPTED
from trmbench.store import Store
from trmbench.store.final import has_final
from trmbench.testing.conform import check_model
from trmbench.testing.running import visible_plugin
from trmbench.testing.toy import TOY_MODEL, TOY_TASK
from trmbench.trial.bases import base_trials
from trmbench.trial.build import TrialParts
from trmbench.trial.run import run_trial
from trmbench.trial.weights import trained_parts

SHORT = {"train.steps": 3, "execution.device": "cpu", "execution.checkpoint_every": 0}


@pytest.fixture(autouse=True)
def plugin() -> Iterator[None]:
    with (
        visible_plugin("committee", "helpers.committee"),
        visible_plugin("toy", "trmbench.testing.toy"),
    ):
        yield


def trial(spec: ModelSpec, results: Path, seed: int = 0, **settings: Any) -> Trial:
    given = SHORT | {key.replace("__", "."): value for key, value in settings.items()}
    return compose(spec, TOY_TASK, "mini", from_command=given).trial(seed, str(results))


def cell_id(**settings: Any) -> str:
    return trial(SPEC, Path("unused"), **settings).cell_id


def row_of(asked: Trial) -> dict[str, Any]:
    run_trial(asked)
    [row] = Store(asked.results).trials([asked.name])
    return dict(row)


def recorded(row: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = json.loads(row["provenance"])["bases"]
    return found


def test_each_seed_has_trainings_of_its_own(tmp_path: Path) -> None:
    rows = [row_of(trial(SPEC, tmp_path, seed)) for seed in (0, 1)]
    toys = [trial(TOY_MODEL, tmp_path, seed) for seed in range(4)]
    ids = [toy.trial_id for toy in toys]
    assert [row["status"] for row in rows] == [FINISHED, FINISHED]
    assert [list(recorded(row)) for row in rows] == [ids[:2], ids[2:]]
    assert recorded(rows[1])[ids[2]] == "toy-recursive toy-mirror seed 2"
    ran = {toy.trial_id: row_of(toy) for toy in toys}
    assert {row["resumed_from_step"] for row in ran.values()} == {None}
    assert rows[0]["train_flops"] == sum(ran[each]["train_flops"] for each in ids[:2]) > 0
    assert rows[0]["exact_accuracy"] == ran[ids[0]]["exact_accuracy"]
    assert rows[0]["cell_accuracy"] == ran[ids[0]]["cell_accuracy"]


def test_what_it_stands_on_decides_its_cell() -> None:
    cells = [
        cell_id(),
        cell_id(model__members=3),
        cell_id(model__seeds="0,1"),
        cell_id(model__seeds="0,2"),
        cell_id(model__wider=True),
        cell_id(train__steps=4),
    ]
    assert len(set(cells)) == len(cells)


def test_one_base_is_hashed_as_before_several_were_possible() -> None:
    one = ModelSpec("alone", "", {}, SPEC.build, base=lambda options: BaseCell("toy-recursive"))
    listed = ModelSpec(
        "alone", "", {}, SPEC.build, base=lambda options: [BaseCell("toy-recursive")]
    )
    found = {compose(spec, TOY_TASK, "mini").cell_id for spec in (one, listed)}
    assert found == {"ff409ef147a7"}


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("toy-recursive", "instead of a BaseCell"),
        ([], "instead of a BaseCell"),
        (BaseCell("toy-recursive", seeds=0), "has seeds 0"),
        (BaseCell("toy-recursive", seeds=(1, 1)), r"has seeds \(1, 1\)"),
        (BaseCell("toy-recursive", seeds=2, trial="0123456789ab"), "which has one seed"),
    ],
)
def test_bases_that_are_none_are_refused(wanted: Any, why: str) -> None:
    spec = ModelSpec("odd", "", {}, SPEC.build, base=lambda options: wanted)
    with pytest.raises(TrmbenchError, match=why):
        compose(spec, TOY_TASK, "mini")


def test_the_same_training_twice_is_refused(tmp_path: Path) -> None:
    twice = [BaseCell("toy-recursive"), BaseCell("toy-recursive", seeds=(5,))]
    spec = replace(SPEC, base=lambda options: twice)
    with pytest.raises(TrmbenchError, match="toy-recursive toy-mirror seed 5 twice"):
        base_trials(trial(SPEC, tmp_path, 5), spec, TOY_TASK)


def test_stored_weights_are_bases(tmp_path: Path) -> None:
    toys = [trial(TOY_MODEL, tmp_path, seed) for seed in (3, 8)]
    rows = [row_of(toy) for toy in toys]
    ids = [toy.trial_id for toy in toys]
    row = row_of(trial(SPEC, tmp_path, model__trials=",".join(ids)))
    assert row["status"] == FINISHED
    assert list(recorded(row)) == ids
    assert row["cell_accuracy"] == rows[0]["cell_accuracy"]
    missing = row_of(trial(SPEC, tmp_path, model__trials=f"{ids[0]},no_such_id"))
    assert missing["status"] == FAILED and "no_such_id" in missing["error"]


def test_interrupted_at_its_second_base_it_goes_on_there(tmp_path: Path) -> None:
    toys = [trial(TOY_MODEL, tmp_path / "a", seed) for seed in (0, 1)]
    store = Store(tmp_path / "a")
    first, second = (store.checkpoints(toy.trial_id) for toy in toys)
    asked = trial(SPEC, tmp_path / "a")
    steps_of_second = iter(range(9))
    result = run_trial(asked, should_stop=lambda: has_final(first) and next(steps_of_second) >= 1)
    assert result.status == INTERRUPTED
    assert has_final(first) and not has_final(second)
    assert [left.trial.trial_id for left in unfinished(store)] == [asked.trial_id]
    resumed, whole = row_of(asked), row_of(trial(SPEC, tmp_path / "b"))
    assert resumed["status"] == FINISHED
    assert recorded(resumed) == recorded(whole)
    for toy in toys:
        one, other = (
            (tmp_path / name / "checkpoints" / toy.trial_id / "final.safetensors").read_bytes()
            for name in "ab"
        )
        assert one == other


def test_cells_of_different_models_are_handed_over_in_order(tmp_path: Path) -> None:
    asked = trial(SPEC, tmp_path, model__wider=True)
    assert run_trial(asked).status == FINISHED
    parts = TrialParts(asked, lambda base: trained_parts(base).model)
    assert [base.embed.weight.shape[1] for base in parts.model.bases] == [16, 16, 17]


def test_committees_of_the_same_members_are_pairs_and_a_member_is_a_stranger(
    tmp_path: Path,
) -> None:
    for seed in (0, 1):
        run_trial(trial(SPEC, tmp_path, seed))
        run_trial(trial(SPEC, tmp_path, seed, evaluation__weights="raw"))
        run_trial(trial(TOY_MODEL, tmp_path, seed))
    found = compare_cells(Store(tmp_path), Question(match="none")).differences
    paired = {
        frozenset((each.a.model, each.b.model)): each.comparison.paired
        for each in found
        if each.comparison is not None
    }
    assert paired == {
        frozenset({"committee"}): True,
        frozenset({"committee", "toy-recursive"}): False,
    }


def test_seeds_on_the_same_networks_are_no_trainings(tmp_path: Path) -> None:
    for seed in (0, 1):
        run_trial(trial(SPEC, tmp_path, seed, model__seeds="4,6"))
        run_trial(trial(TOY_MODEL, tmp_path, seed))
    (found,) = compare_cells(Store(tmp_path), Question(match="none")).differences
    assert "are draws of the same trained networks" in found.explanation


def test_the_kit_builds_all_bases() -> None:
    found = check_model(SPEC, skip={"listing"})
    assert [each for each in found if each.problem] == []
    assert len(bases(SPEC.options())) == 1


def test_what_stands_on_trained_models_is_tested_once_more(tmp_path: Path) -> None:
    asked, store = trial(SPEC, tmp_path), Store(tmp_path)
    run_trial(asked)
    again = reevaluation(store, asked.trial_id, {"votes": 2})
    assert run_trial(again, should_stop=lambda: True, again=True).status == FINISHED
    rows = {row["evaluation_id"]: row["votes"] for row in store.trials()}
    assert rows == {asked.evaluation_id: 1, again.evaluation_id: 2}
    for base in Path(tmp_path, "checkpoints").glob("*/final.*"):
        base.unlink()
    with pytest.raises(TrmbenchError, match="has no final weights"):
        reevaluation(store, asked.trial_id, {"votes": 3})
