"""The Maze task: loading, augmentation, votes, verification, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from rich.console import Console

from trmbench import Batch, PuzzleTable, Task, TrmbenchError
from trmbench_maze import MAZE
from trmbench_maze.options import MazeOptions
from trmbench_maze.verify import has_one_path

SMALL = {**MAZE.presets["mini"].options, "train_puzzles": 200, "test_puzzles": 50}
TOKENS = {"#": 1, " ": 2, "S": 3, "G": 4, "o": 5}


def encode(*rows: str) -> np.ndarray:
    return np.array([TOKENS[character] for character in "".join(rows)], np.uint8)


def four(folder: Path, question: str, answer: str, **options: Any) -> Task:
    for name in ("train.csv", "test.csv"):
        lines = f'source,question,answer,rating\ns,"{question}","{answer}",7\n'
        (folder / name).write_text(lines)
    return MAZE.load(MazeOptions(path=str(folder), size=4, **options))


QUESTION, ANSWER = "S    ##  #     G", "Sooo ##o # o   G"


@pytest.fixture(scope="module")
def mini() -> Task:
    return MAZE.load(MazeOptions(**SMALL))


def batch_of(table: PuzzleTable) -> Batch:
    arrays = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(len(table)))
    return Batch(*(torch.from_numpy(array.astype(np.int64)) for array in arrays))


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_tokens_are_those_of_the_released_builder(tmp_path: Path) -> None:
    task = four(tmp_path, QUESTION, ANSWER)
    table = task.split("train")
    assert (task.info.vocab_size, task.info.seq_len, task.info.grid_shape) == (6, 16, (4, 4))
    assert (table.inputs[0] == encode(QUESTION)).all()
    assert (table.labels[0] == encode(ANSWER)).all()
    assert task.verify(table.inputs, table.labels).all()


def test_the_paper_preset_is_published_and_not_augmented() -> None:
    options = MazeOptions(**MAZE.presets["paper"].options)
    assert (options.origin, options.size, options.augment) == ("hub", 30, False)


def test_loading_twice_gives_the_same_puzzles(mini: Task) -> None:
    assert MAZE.load(MazeOptions(**SMALL)).info.fingerprint == mini.info.fingerprint
    other = MAZE.load(MazeOptions(**SMALL | {"data_seed": 1}))
    assert other.info.fingerprint != mini.info.fingerprint


def test_test_puzzles_do_not_depend_on_the_number_of_training_puzzles(mini: Task) -> None:
    table = MAZE.load(MazeOptions(**SMALL | {"train_puzzles": 20})).split("test")
    assert (table.inputs == mini.split("test").inputs).all()


def test_verify_accepts_every_shortest_path_and_nothing_else(tmp_path: Path) -> None:
    task = four(tmp_path, QUESTION, ANSWER)
    verdicts = {
        ANSWER: True,
        "S   o## o#  oooG": True,  # the other shortest path
        "Soooo##oo# ooooG": False,  # both at once
        "Sooo ##o #oo   G": False,  # a cell too many
        "Soo  ##o # o   G": False,  # a gap
        "Soo o##o # o   G": False,  # the right number of cells, no path
        "Sooo o#o # o   G": False,  # through a wall
        "ooooo##o # o   G": False,  # start lost
        "Sooo ##o # o   o": False,  # goal lost
        "Sooo ##o  #o   G": False,  # a wall moved
        "SoooG##o # o   G": False,  # another goal
        QUESTION: False,
    }
    answers = np.stack([encode(answer) for answer in verdicts])
    inputs = np.repeat(encode(QUESTION)[None], len(answers), axis=0)
    assert task.verify(inputs, answers).tolist() == list(verdicts.values())
    unusual = np.stack([np.zeros(16, np.uint8), encode(QUESTION)])
    assert not task.verify(inputs[:2], unusual).any()


def test_verify_refuses_paths_that_are_not_the_shortest(tmp_path: Path) -> None:
    question, detour = "S G             ", "S Goo oo oooo   "
    task = four(tmp_path, question, "SoG             ")
    inputs = np.stack([encode(question)] * 2)
    answers = np.stack([encode("SoG             "), encode("S Goooo ".ljust(16))])
    assert task.verify(inputs, answers).tolist() == [True, False]
    assert not task.verify(inputs[:1], encode(detour)[None]).any()


def test_verify_refuses_mazes_that_have_no_path(tmp_path: Path) -> None:
    question = "S#  ##         G"
    task = four(tmp_path, question, question)
    assert not task.verify(encode(question)[None], encode(question)[None]).any()


def test_verify_works_block_by_block(mini: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trmbench_maze.verify._BLOCK", 16)
    table = mini.split("test")
    answers = table.labels.copy()
    answers[::3] = table.inputs[::3]
    assert mini.verify(table.inputs, answers).tolist() == [row % 3 > 0 for row in range(50)]


def test_augmentation_draws_all_eight_symmetries(mini: Task) -> None:
    batch = batch_of(mini.split("train"))
    maze = batch.inputs[0].reshape(6, 6)
    expected = {
        tuple(face.rot90(turn).flatten().tolist()) for face in (maze, maze.T) for turn in range(4)
    }
    one = Batch(*(part[:1].expand(400, *part.shape[1:]) for part in batch))
    copies = mini.augment(one, random(0)).inputs
    assert {tuple(copy) for copy in copies.tolist()} == expected
    assert copies.unique(dim=0, return_counts=True)[1].min() > 25


def test_augmented_mazes_are_valid(mini: Task) -> None:
    batch = batch_of(mini.split("train"))
    copy, again = (mini.augment(batch, random(0)) for _ in range(2))
    assert mini.verify(copy.inputs.numpy(), copy.labels.numpy()).all()
    assert torch.equal(copy.inputs, again.inputs) and torch.equal(copy.rows, batch.rows)


def test_augmentation_can_be_switched_off() -> None:
    task = MAZE.load(MazeOptions(**SMALL | {"augment": False}))
    batch = batch_of(task.split("train"))
    assert torch.equal(task.augment(batch, random(0)).inputs, batch.inputs)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 12))
def test_votes_are_valid_copies_and_restore_is_their_inverse(
    mini: Task, seed: int, count: int
) -> None:
    test, votes = mini.split("test"), mini.votes(count, seed)
    copies = min(count, 8)
    assert len(votes.table) == copies * len(test)
    assert mini.verify(votes.table.inputs, votes.table.labels).all()
    assert (votes.table.inputs[::copies] == test.inputs).all()
    rows = np.random.default_rng(seed).permutation(len(votes.table))
    originals = np.repeat(np.arange(len(test)), copies)[rows]
    for name in ("inputs", "labels"):
        restored = votes.restore(rows, getattr(votes.table, name)[rows])
        assert (restored == getattr(test, name)[originals]).all()


def test_the_votes_of_a_maze_are_all_different(mini: Task) -> None:
    votes = mini.votes(8, 0).table.inputs.reshape(50, 8, 36)
    orbits = [len(np.unique(copies, axis=0)) for copies in votes]
    assert np.mean(orbits) > 7.5  # a maze may be symmetric itself, which is rare


def test_render_shows_the_maze_in_colours(tmp_path: Path) -> None:
    task = four(tmp_path, QUESTION, ANSWER)
    tokens = encode(ANSWER)
    tokens[-2] = 0
    console = Console(width=80, color_system="truecolor", force_terminal=True)
    with console.capture() as capture:
        console.print(task.render(tokens))
    assert "\x1b[33m" in capture.get()
    plain = task.render(tokens).plain.splitlines()
    assert plain == ["S ● ● ● ", "  ████● ", "  ██  ● ", "    ??G "]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1}, "task.size=1"),
        ({"size": 61}, "task.size=61"),
        ({"size": 6}, "task.size=6 is not published"),
        ({"source": "generated", "size": 6}, "task.min_path_length=111.*1 to 35"),
        ({"min_walls": 0.6}, "task.min_walls=0.6"),
        ({"max_walls": 1.0}, "task.max_walls=1.0"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrmbenchError, match=message):
        MazeOptions(**options)


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (QUESTION, QUESTION.replace("#", "o"), "changes walls, start or goal"),
        (QUESTION, ANSWER.replace("G", " "), "changes walls, start or goal"),
        (QUESTION[1:], ANSWER, "the question has 15 characters instead of 16"),
        (ANSWER, ANSWER, "the question has 'o' at position 2"),
        (QUESTION.replace("S", " "), ANSWER.replace("S", " "), "one start and one goal"),
        (QUESTION.replace(" G", "GG"), ANSWER.replace(" G", "GG"), "one start and one goal"),
    ],
)
def test_a_bad_maze_is_named_by_file_and_line(
    tmp_path: Path, question: str, answer: str, message: str
) -> None:
    four(tmp_path, QUESTION, ANSWER)
    with (tmp_path / "train.csv").open("a") as file:
        file.write(f"s,{question},{answer},1\n")
    with pytest.raises(TrmbenchError, match=rf"train.csv, line 3: .*{message}"):
        MAZE.load(MazeOptions(path=str(tmp_path), size=4))


def test_a_maze_says_whether_it_has_one_shortest_path(mini: Task) -> None:
    mazes = [encode("S  ", "   ", "  G"), encode("S##", " ##", "  G"), encode("S##", "###", "##G")]
    assert has_one_path(np.stack(mazes), 3).tolist() == [False, True, False]
    one = mini.has_one_answer(mini.split("test").inputs)
    assert one is not None and one.all()  # as `unique_path` of the preset asks for
    any_maze = MAZE.load(MazeOptions(**{**SMALL, "unique_path": False})).split("test")
    some = mini.has_one_answer(any_maze.inputs)
    assert some is not None and 0 < some.sum() < len(some)
