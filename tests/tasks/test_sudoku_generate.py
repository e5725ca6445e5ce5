"""Generated Sudokus: one solution, the wanted clues, and no orbit twice."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from trmbench import TrmbenchError
from trmbench_sudoku import SUDOKU
from trmbench_sudoku.generate import generate
from trmbench_sudoku.options import SudokuOptions
from trmbench_sudoku.rules import Rules, rules_of
from trmbench_sudoku.signature import signatures
from trmbench_sudoku.task import BLANK, load


def solutions(grid: list[int], size: int, height: int, width: int, limit: int = 2) -> int:
    """Count solutions by plain backtracking, up to `limit`."""
    options = []
    for cell in (cell for cell in range(size**2) if not grid[cell]):
        row, column = divmod(cell, size)
        taken = {
            grid[other]
            for other in range(size**2)
            if other // size == row
            or other % size == column
            or (other // size // height, other % size // width) == (row // height, column // width)
        }
        options.append((cell, [digit for digit in range(1, size + 1) if digit not in taken]))
    if not options:
        return 1
    cell, digits = min(options, key=lambda option: len(option[1]))
    count = 0
    for digit in digits:
        count += solutions([*grid[:cell], digit, *grid[cell + 1 :]], size, height, width, limit)
        if count >= limit:
            break
    return count


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on few grids at once where few are wanted."""
    monkeypatch.setattr("trmbench_sudoku.generate._CHUNK", 48)


def line_orders(group: int, groups: int) -> np.ndarray:
    """Every order of lines that keeps them together in their bands (or stacks)."""
    within = list(permutations(range(group)))
    return np.array(
        [
            [
                band * group + line
                for band, order in zip(bands, orders, strict=True)
                for line in order
            ]
            for bands in permutations(range(groups))
            for orders in product(within, repeat=groups)
        ]
    )


ROWS, COLUMNS = line_orders(2, 3), line_orders(3, 2)
CELLS = (ROWS[:, None, :, None] * 6 + COLUMNS[None, :, None, :]).reshape(-1, 36)


def canonical(puzzle: np.ndarray) -> bytes:
    """The smallest of all 3,456 arrangements of a 6x6 puzzle, digits renamed as they appear."""
    copies = puzzle[CELLS]
    first = np.stack(
        [np.where((copies == d).any(1), (copies == d).argmax(1), 99) for d in range(1, 7)]
    )
    names = first.argsort(axis=0).argsort(axis=0) + 1
    renamed = np.vstack([np.zeros(len(CELLS), int), names])[copies, np.arange(len(CELLS))[:, None]]
    return min(row.tobytes() for row in renamed.astype(np.uint8))


def test_the_group_of_6x6_has_3456_arrangements() -> None:
    assert len(np.unique(CELLS, axis=0)) == 48 * 72


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("size", "clues", "height", "width"), [(6, 13, 2, 3), (9, 36, 3, 3)])
def test_puzzles_have_one_solution_and_the_clues(
    size: int, clues: int, height: int, width: int
) -> None:
    puzzles = generate(12, size, clues, seed=5)
    for question, answer in zip(puzzles.inputs.tolist(), puzzles.labels.tolist(), strict=True):
        assert sum(digit > 0 for digit in question) == clues
        assert all(given in (0, right) for given, right in zip(question, answer, strict=True))
        assert solutions(answer, size, height, width) == 1
        assert solutions(question, size, height, width) == 1
        grid = np.array(answer).reshape(size, size)
        boxes = grid.reshape(size // height, height, size // width, width).swapaxes(1, 2)
        for units in (grid, grid.T, boxes.reshape(size, size)):
            assert (np.sort(units, axis=1) == np.arange(1, size + 1)).all()


def test_the_solutions_of_a_grid_are_counted_up_to_a_limit() -> None:
    small = {"train_puzzles": 4, "test_puzzles": 4}
    task = load(SudokuOptions(source="generated", size=6, clues=13, **small))
    one = task.split("test").inputs
    some = one.copy()
    some[:, ::3] = BLANK
    found = task.solutions(np.concatenate([one, some, np.full_like(one[:1], BLANK)])).tolist()
    digits = [[max(0, int(token) - 1) for token in grid] for grid in some]
    assert found == [1] * 4 + [solutions(grid, 6, 2, 3, 10**6) for grid in digits] + [0]
    assert max(found) > 1


@pytest.mark.usefixtures("small_chunks")
def test_every_clue_count_down_to_ten_is_reached() -> None:
    assert (generate(20, 6, 10, seed=0).inputs > 0).sum(axis=1).tolist() == [10] * 20


@pytest.mark.usefixtures("small_chunks")
def test_impossible_clue_counts_end_with_an_error() -> None:
    with pytest.raises(TrmbenchError, match=r"found 0 of 5 6x6 Sudokus with 7 clues"):
        generate(5, 6, 7, seed=0)


@pytest.mark.usefixtures("small_chunks")
def test_no_test_puzzle_is_in_the_orbit_of_a_training_puzzle() -> None:
    options = {**SUDOKU.presets["mini"].options, "train_puzzles": 50, "test_puzzles": 30}
    task = SUDOKU.load(SudokuOptions(**options))
    train, test = (
        [canonical(np.maximum(row, 1) - 1) for row in task.split(name).inputs]
        for name in ("train", "test")
    )
    assert len(set(train)) == 50 and len(set(test)) == 30 and not set(train) & set(test)


def test_the_signature_is_the_same_all_over_an_orbit_and_tells_orbits_apart() -> None:
    puzzles, rules = generate(400, 6, 13, seed=1).inputs, rules_of(6)
    random = np.random.default_rng(0)
    for cells in CELLS[random.integers(len(CELLS), size=12)]:
        names = np.concatenate([[0], random.permutation(6) + 1])
        copies = names[puzzles[:, cells]]
        assert (signatures(copies, rules) == signatures(puzzles, rules)).all()
    # Moving a row out of its band is no symmetry.
    moved = puzzles.reshape(-1, 6, 6)[:, [0, 2, 1, 3, 4, 5]].reshape(-1, 36)
    assert (signatures(moved, rules) != signatures(puzzles, rules)).mean() > 0.99


@pytest.mark.usefixtures("small_chunks")
def test_puzzles_of_equal_signature_are_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(digits: np.ndarray, rules: Rules) -> np.ndarray:
        return np.asarray(signatures(digits, rules) % np.uint64(100))

    monkeypatch.setattr("trmbench_sudoku.generate.signatures", coarse)
    puzzles = generate(80, 6, 13, seed=1).inputs
    assert len(np.unique(coarse(puzzles, rules_of(6)))) == 80


@pytest.mark.usefixtures("small_chunks")
def test_a_transposed_9x9_puzzle_has_the_same_signature() -> None:
    puzzles = generate(10, 9, 32, seed=1).inputs
    transposed = puzzles.reshape(-1, 9, 9).swapaxes(1, 2).reshape(-1, 81)
    assert (signatures(puzzles, rules_of(9)) == signatures(transposed, rules_of(9))).all()


@pytest.mark.usefixtures("small_chunks")
def test_generated_puzzles_are_fixed_by_the_seed_and_extend_one_another() -> None:
    few, more, other = generate(5, 6, 13, 3), generate(150, 6, 13, 3), generate(5, 6, 13, 4)
    assert (more.inputs[:5] == few.inputs).all() and (more.labels[:5] == few.labels).all()
    assert (few.inputs != other.inputs).any()
