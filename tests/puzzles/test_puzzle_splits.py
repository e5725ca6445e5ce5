"""Options, hold-out, names and fingerprints of puzzle tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trmbench import PuzzleOptions, Puzzles, PuzzleTask, TrmbenchError, make_splits


def puzzles(count: int, first: int = 0) -> Puzzles:
    numbers = np.arange(first, first + count)
    inputs = np.stack([numbers // 200, numbers % 200], axis=1).astype(np.uint8)
    return Puzzles(inputs, inputs + 1)


def task(**options: Any) -> PuzzleTask:
    splits = make_splits(puzzles(30), puzzles(10, 500), PuzzleOptions(**options))
    return PuzzleTask(splits, title="t", source="s", vocab_size=9, grid_shape=(1, 2))


def test_validation_puzzles_leave_the_training_puzzles() -> None:
    whole, held_out = task(), task(validation=7)
    train, validation = (set(held_out.split(name).puzzle_ids) for name in ("train", "validation"))
    assert len(train) == 23 and len(validation) == 7 and not train & validation
    assert train | validation == set(whole.split("train").puzzle_ids)
    assert held_out.split("test").puzzle_ids.tolist() == whole.split("test").puzzle_ids.tolist()


def test_validation_puzzles_are_drawn_with_the_data_seed() -> None:
    drawn = [
        task(validation=7, data_seed=seed).split("validation").inputs.tolist() for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_validation_must_leave_something_to_train_on() -> None:
    with pytest.raises(TrmbenchError, match="task.validation=30 leaves none of the 30"):
        task(validation=30)


def test_a_split_is_the_same_object_at_every_call() -> None:
    loaded = task()
    assert loaded.split("test") is loaded.split("test")
    with pytest.raises(TrmbenchError, match="unknown split 'tests'.*did you mean 'test'"):
        loaded.split("tests")


def test_puzzle_ids_depend_on_the_question_only() -> None:
    questions = puzzles(3)
    tables = [
        make_splits(part, puzzles(1), PuzzleOptions())["train"]
        for part in (questions, Puzzles(questions.inputs[::-1], questions.labels))
    ]
    assert tables[0].puzzle_ids.tolist() == tables[1].puzzle_ids.tolist()[::-1]
    # SHA-256 of the bytes 0 and 0, from another implementation.
    assert tables[0].puzzle_ids[0] == "96a296d224f285c6"
    assert (tables[0].groups == tables[0].puzzle_ids).all()


def test_the_fingerprint_sees_every_token() -> None:
    assert task().info.fingerprint == task().info.fingerprint
    seen = {task().info.fingerprint, task(validation=1).info.fingerprint}
    for split, array in (("train", "inputs"), ("test", "labels")):
        splits = make_splits(puzzles(30), puzzles(10, 500), PuzzleOptions())
        getattr(splits[split], array)[3, 1] ^= 1
        seen.add(
            PuzzleTask(
                splits, title="t", source="s", vocab_size=9, grid_shape=(1, 2)
            ).info.fingerprint
        )
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "web"}, "task.source=web"),
        ({"source": "path"}, "task.path=DIR"),
        ({"train_puzzles": 0}, "task.train_puzzles=0"),
        ({"test_puzzles": -1}, "task.test_puzzles=-1"),
        ({"validation": -1}, "task.validation=-1"),
        ({"data_seed": -1}, "task.data_seed=-1"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        PuzzleOptions(**options)
