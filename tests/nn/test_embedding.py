from __future__ import annotations

import math

import torch

from trmbench.nn import InputEmbedding, NetworkOptions, PuzzleEmbedding


def test_puzzle_embedding_starts_at_zero_and_fills_its_positions_up() -> None:
    embedding = PuzzleEmbedding(count=3, dim=5, positions=2, width=4)
    assert embedding.weight.abs().sum() == 0
    embedding.weight[1] = torch.arange(1.0, 6.0)
    vectors = embedding(torch.tensor([1, 0]))
    assert vectors.tolist() == [[[1, 2, 3, 4], [5, 0, 0, 0]], [[0] * 4, [0] * 4]]


def test_puzzle_embedding_is_no_parameter() -> None:
    embedding = PuzzleEmbedding(3, 4, 1, 4)
    assert list(embedding.parameters()) == []
    assert list(embedding.state_dict()) == ["weight"]


def test_gathered_rows_stand_for_their_identifiers_and_get_the_gradient() -> None:
    embedding = PuzzleEmbedding(1000, 4, 1, 4)
    embedding.weight.normal_()
    identifiers = torch.tensor([7, 999, 7])
    rows = embedding.gather(identifiers)
    assert torch.equal(embedding(rows), embedding(identifiers))
    (embedding(rows) * torch.tensor([1.0, 2.0, 3.0])[:, None, None]).sum().backward()
    assert rows.grad is not None
    assert rows.grad[:, 0].tolist() == [1, 2, 3]
    assert embedding.weight.grad is None


def test_input_embedding_scales_by_the_root_of_the_width() -> None:
    torch.manual_seed(0)
    embedding = InputEmbedding(NetworkOptions(width=64, puzzle_positions=0), 500, 9, 1)
    x = embedding(torch.randint(0, 500, (50, 9)), torch.zeros(50, dtype=torch.long), torch.float32)
    assert x.shape == (50, 9, 64)
    assert abs(x.std().item() - 1) < 0.05
    assert math.isclose(embedding.scale, 8.0)


def test_learned_positions_keep_the_variance() -> None:
    torch.manual_seed(0)
    options = NetworkOptions(width=64, puzzle_positions=0, position_encoding="learned")
    embedding = InputEmbedding(options, 500, 50, 1)
    x = embedding(torch.arange(500).view(10, 50), torch.zeros(10, dtype=torch.long), torch.float32)
    assert abs(x.std().item() - 1) < 0.05


def test_input_embedding_puts_the_puzzle_first() -> None:
    embedding = InputEmbedding(NetworkOptions(width=16, heads=2, puzzle_positions=3), 5, 4, 2)
    assert embedding.puzzle is not None
    embedding.puzzle.weight[1] = 1.0
    x = embedding(torch.zeros(1, 4, dtype=torch.long), torch.tensor([1]), torch.float64)
    assert x.shape == (1, 7, 16) and x.dtype == torch.float64
    assert torch.equal(x[0, 0], torch.full((16,), 4.0).double())
    assert x[0, 1:3].abs().sum() == 0
