"""Encoding, cropping and the transforms on whole batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from trmbench import TrmbenchError
from trmbench_arc.grids import check_grid, decode, encode
from trmbench_arc.transform import INVERSE, canonical, grid_sizes, restore, transform
from trmbench_arc.variants import dihedral

grids = npst.arrays(
    np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(0, 9)
)
PLAIN = (
    lambda grid: grid,
    lambda grid: np.rot90(grid, 1),
    lambda grid: np.rot90(grid, 2),
    lambda grid: np.rot90(grid, 3),
    np.fliplr,
    np.flipud,
    np.transpose,
    lambda grid: np.fliplr(np.rot90(grid, 1)),
)


def batch(grid: np.ndarray, canvas: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, heights and widths of a batch that holds the grid eight times."""
    tokens = torch.from_numpy(encode(grid, canvas)).expand(8, -1)
    return tokens, torch.full((8,), grid.shape[0]), torch.full((8,), grid.shape[1])


def test_encoding_borders_the_grid_with_end_tokens() -> None:
    tokens = encode(np.array([[0, 9]], np.uint8), 4).reshape(4, 4)
    assert tokens.tolist() == [[2, 11, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_grid_that_fills_the_canvas_has_no_border() -> None:
    assert encode(np.full((2, 2), 3, np.uint8), 2).tolist() == [5, 5, 5, 5]


@given(grids)
def test_decoding_undoes_encoding(grid: np.ndarray) -> None:
    assert np.array_equal(decode(encode(grid, 8)), grid)


@pytest.mark.parametrize(
    ("board", "size"),
    [
        ([[2, 2, 2], [2, 2, 1], [2, 1, 1]], (2, 2)),  # the largest rectangle, not the first row
        ([[2, 2, 1], [2, 1, 1], [1, 1, 1]], (1, 2)),  # equally large: the flatter one
        ([[2, 1, 2], [2, 2, 2], [2, 2, 2]], (3, 1)),  # a gap above cuts what is below
        ([[0, 2, 2], [2, 2, 2], [2, 2, 2]], (0, 0)),  # no rectangle from the corner
    ],
)
def test_cropping_takes_the_largest_rectangle_of_colours(
    board: list[list[int]], size: tuple[int, int]
) -> None:
    tokens = np.array(board, np.uint8).ravel()
    assert decode(tokens).shape == size
    assert tuple(int(side) for side in grid_sizes(torch.from_numpy(tokens)[None])) == size


@given(npst.arrays(np.uint8, (3, 16), elements=st.integers(0, 11)))
def test_cropping_of_a_batch_agrees_with_cropping_of_one(tokens: np.ndarray) -> None:
    for row, restored in zip(tokens, canonical(torch.from_numpy(tokens)).numpy(), strict=True):
        grid = decode(row)
        expected = encode(grid, 4) if grid.size else np.zeros(16, np.uint8)
        assert np.array_equal(restored, expected)


@given(grids, st.permutations(range(1, 10)))
def test_transforms_are_the_reference_s(grid: np.ndarray, permutation: list[int]) -> None:
    colours = np.array([0, *permutation], np.uint8)
    tokens, heights, widths = batch(grid, 9)
    recoloured = torch.from_numpy(colours).long().expand(8, -1)
    moved = transform(tokens, heights, widths, torch.arange(8), recoloured)
    for number, plain in enumerate(PLAIN):
        expected = colours[plain(grid)]
        assert np.array_equal(moved[number].numpy(), encode(expected, 9))
        assert np.array_equal(dihedral(grid, number), plain(grid))


@settings(max_examples=200)
@given(grids, st.permutations(range(1, 10)))
def test_inverse_of_every_variant_gives_the_grid_back(
    grid: np.ndarray, permutation: list[int]
) -> None:
    colours = torch.tensor([0, *permutation]).expand(8, -1)
    tokens, heights, widths = batch(grid, 8)
    moved = transform(tokens, heights, widths, torch.arange(8), colours)
    assert torch.equal(restore(moved, torch.arange(8), colours), tokens)
    for number in range(8):
        assert np.array_equal(dihedral(dihedral(grid, number), INVERSE[number]), grid)


def test_a_shifted_grid_keeps_its_border() -> None:
    tokens = torch.from_numpy(encode(np.array([[3, 4]], np.uint8), 4))[None]
    one, two = torch.tensor([1]), torch.tensor([2])
    same = torch.arange(10)[None]
    moved = transform(tokens, one, two, torch.zeros(1).long(), same, down=one, right=one)
    assert moved.view(4, 4).tolist() == [[0, 0, 0, 0], [0, 5, 6, 1], [0, 1, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2], [3]], "differ in length"),
        ([[1, 12]], "colour 12"),
        ([[-1]], "colour -1"),
        ([], "not a grid"),
        ([[1.5]], "not a grid"),
        ([[0] * 31], "1x31 is larger"),
    ],
)
def test_a_faulty_grid_is_refused_by_name(values: object, message: str) -> None:
    with pytest.raises(TrmbenchError, match=f"task x, train pair 0, input: .*{message}"):
        check_grid(values, "task x, train pair 0, input")
