"""Derived variants are distinct, stable and what their names say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trmbench_arc.reading import ArcTask, Pair, read_split
from trmbench_arc.variants import Variants, derive, dihedral


def variant_pairs(task: ArcTask, variants: Variants, row: int, number: int) -> frozenset[object]:
    """The set of transformed pairs, written out."""
    transform, colours = int(variants.dihedral[row, number]), variants.colours[row, number]
    return frozenset(
        tuple(str(colours[dihedral(grid, transform)].tolist()) for grid in pair)
        for pair in (*task.train, *task.test)
    )


def test_variants_are_distinct_and_start_with_the_original(folder: Path) -> None:
    tasks = [task for part in read_split(str(folder)) for task in part]
    variants = derive(tasks, 200)
    for row, task in enumerate(tasks):
        count = variants.counts[row]
        seen = {variant_pairs(task, variants, row, number) for number in range(count)}
        assert len(seen) == count
        assert variants.name(task.name, row, 0) == task.name
        assert (variants.colours[row, :, 0] == 0).all(), "black stays black"


def test_a_task_with_few_variants_gets_no_more_than_there_are() -> None:
    square = np.ones((2, 2), np.uint8)
    task = ArcTask("square", (Pair(square, square),), (Pair(square, square),), "here")
    assert derive([task], 200).counts.tolist() == [9]  # only the colour of the square changes


def test_a_symmetry_that_swaps_two_pairs_is_seen() -> None:
    """Swapping colours 1 and 2 swaps the pairs, so that only unordered choices of 2 of 9 count."""
    one, two = np.full((1, 1), 1, np.uint8), np.full((1, 1), 2, np.uint8)
    task = ArcTask("swap", (Pair(one, one),), (Pair(two, two),), "here")
    assert derive([task], 400).counts.tolist() == [36]


def test_a_variant_depends_on_its_task_and_number_alone(folder: Path) -> None:
    tasks = [task for part in read_split(str(folder)) for task in part]
    few, many = derive(tasks[1:], 5), derive(tasks, 300)
    assert np.array_equal(few.colours[0], many.colours[1, :5])
    assert np.array_equal(few.dihedral[0], many.dihedral[1, :5])
    assert np.array_equal(few.unshifted[0], many.unshifted[1, :5])


@pytest.mark.parametrize("number", range(3))
def test_names_spell_the_variant(folder: Path, number: int) -> None:
    tasks = read_split(str(folder))[1]
    variants = derive(tasks, 3)
    name = variants.name("bbbb0001", 0, number)
    if number:
        task, transform, permutation = name.split("|||")
        assert transform == f"t{variants.dihedral[0, number]}"
        assert [int(digit) for digit in permutation] == variants.colours[0, number].tolist()
