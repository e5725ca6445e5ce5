"""Coloring: every right colouring counts, and no test graph is a training graph renumbered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from trmbench import Batch, Predictions, TrmbenchError
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_coloring.generate import generate, signatures
from trmbench_coloring.graph import (
    UNKNOWN,
    adjacency_of,
    colourings,
    colours_of,
    count_colourings,
    encode,
    fits,
    named_in_order,
)
from trmbench_coloring.options import ColoringOptions
from trmbench_coloring.task import ColoringTask, load

SMALL = {"vertices": 6, "train_puzzles": 12, "test_puzzles": 8}


def _task(**options: Any) -> ColoringTask:
    return load(ColoringOptions(**SMALL | options))


def _graph(vertices: int, edges: list[tuple[int, int]]) -> np.ndarray:
    adjacency = np.zeros((1, vertices, vertices), bool)
    for a, b in edges:
        adjacency[0, a, b] = adjacency[0, b, a] = True
    return adjacency


def _clash(adjacency: np.ndarray, colours: Sequence[int]) -> bool:
    pairs = itertools.combinations(range(len(colours)), 2)
    return any(adjacency[0, a, b] and colours[a] == colours[b] for a, b in pairs)


@st.composite
def graphs(draw: st.DrawFn) -> np.ndarray:
    pairs = list(itertools.combinations(range(5), 2))
    return _graph(5, [pair for pair in pairs if draw(st.booleans())])


def test_coloring_conforms() -> None:
    assert_task_conforms(registry.tasks().find("coloring").spec)


@pytest.mark.parametrize("vertices", [4, 6])
def test_colourings_are_counted_once_whatever_the_colours_are_called(vertices: int) -> None:
    every = colourings(vertices)
    wanted = set()
    for colours in itertools.product(range(3), repeat=vertices):
        names: dict[int, int] = {}
        wanted.add(tuple(names.setdefault(c, len(names)) for c in colours))
    assert {tuple(row) for row in every.tolist()} == wanted and len(every) == len(wanted)


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_the_counts_are_those_of_trying_every_colouring(adjacency: np.ndarray) -> None:
    counts, first = count_colourings(adjacency, colourings(5))
    right = {
        tuple(named_in_order(np.array([colours]))[0].tolist())
        for colours in itertools.product(range(3), repeat=5)
        if not _clash(adjacency, colours)
    }
    assert counts[0] == len(right)
    if right:
        assert tuple(colourings(5)[first[0]].tolist()) == min(right)


@given(graphs(), st.lists(st.integers(-2, 4), min_size=5, max_size=5))
@settings(max_examples=60, deadline=None)
def test_verification_agrees_with_the_rules(adjacency: np.ndarray, colours: list[int]) -> None:
    known = all(0 <= c <= 2 for c in colours)
    right = known and not _clash(adjacency, colours)
    assert fits(adjacency, np.array([colours]))[0] == right


@given(graphs(), st.permutations(range(5)))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_vertices_does_not_make_another_graph(
    adjacency: np.ndarray, order: list[int]
) -> None:
    renumbered = adjacency[:, order][:, :, order]
    assert (signatures(adjacency) == signatures(renumbered)).all()


def test_graphs_of_other_edges_have_other_signatures() -> None:
    path, star = _graph(4, [(0, 1), (1, 2), (2, 3)]), _graph(4, [(0, 1), (0, 2), (0, 3)])
    assert signatures(path)[0] != signatures(star)[0]


def test_every_right_colouring_counts() -> None:
    task = _task()
    table = task.split("test")
    graphs_there = adjacency_of(table.inputs, 6)
    swapped = encode(graphs_there, (colours_of(table.labels, 6) + 1) % 3)[1]
    assert (task.score(table, Predictions(swapped, np.ones(8))).per_puzzle == 1).all()
    assert not (swapped == table.labels).all()
    same = encode(graphs_there, np.zeros((8, 6), np.int64))[1]
    assert (task.score(table, Predictions(same, np.ones(8))).per_puzzle == 0).all()
    assert not task.verify(table.inputs, table.inputs).any()
    every = np.array(list(itertools.product(range(3), repeat=6)))
    for question, graph in zip(table.inputs, graphs_there, strict=True):
        tried = encode(np.repeat(graph[None], len(every), 0), every)[1]
        right = task.verify(np.repeat(question[None], len(every), 0), tried)
        assert task.solutions(question[None]).tolist() == [right.sum()]


def test_generated_graphs_differ_and_have_as_few_colourings_as_asked_for() -> None:
    options = ColoringOptions(max_solutions=5)
    puzzles = generate(200, options)
    graphs_there = adjacency_of(puzzles.inputs, 8)
    assert len(set(signatures(graphs_there).tolist())) == 200
    counts, first = count_colourings(graphs_there, colourings(8))
    assert counts.min() >= 1 and 1 < counts.max() <= 5
    assert (colourings(8)[first] == colours_of(puzzles.labels, 8)).all()


def test_more_puzzles_begin_with_fewer() -> None:
    assert (_task().split("test").inputs == _task(train_puzzles=20).split("test").inputs).all()


def test_augmentation_renumbers_and_keeps_answers_right_and_named_in_order() -> None:
    task = _task()
    table = task.split("train").select(np.zeros(300, int))
    parts = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(300))
    batch = Batch(*(torch.from_numpy(part).long() for part in parts))
    copies = task.augment(batch, torch.Generator().manual_seed(0))
    inputs, labels = copies.inputs.byte().numpy(), copies.labels.byte().numpy()
    assert len(np.unique(inputs, axis=0)) > 50
    assert task.verify(inputs, labels).all()
    colours = colours_of(labels, 6)
    assert (named_in_order(colours) == colours).all()
    assert _task(augment=False).augment(batch, torch.Generator()) is batch


def test_votes_come_back_in_the_frame_of_their_graph() -> None:
    task = _task()
    votes = task.votes(3, seed=0)
    restored = votes.restore(np.arange(24), votes.table.labels)
    original = task.split("test").labels.repeat(3, axis=0)
    assert (restored == original).all()
    assert (votes.table.inputs[::3] == task.split("test").inputs).all()
    assert len(np.unique(votes.table.inputs, axis=0)) > 8


def test_only_colours_are_asked_for() -> None:
    labels = _task().split("test").labels.reshape(-1, 6, 7)
    assert (labels[..., :-1] == 0).all() and (labels[..., -1] > UNKNOWN).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"vertices": 3}, "task.vertices=3"),
        ({"vertices": 13}, "task.vertices=13"),
        ({"degree": 0.0}, "task.degree=0.0"),
        ({"degree": 6.0}, "task.degree=6.0"),
        ({"max_solutions": 0}, "task.max_solutions=0"),
        ({"source": "hub"}, "task.source=hub"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrmbenchError, match=reason):
        ColoringOptions(**SMALL | options)


def test_graphs_that_are_too_rare_are_refused() -> None:
    with pytest.raises(TrmbenchError, match="different graphs of 4 vertices"):
        _task(vertices=4, degree=3.0, train_puzzles=50)
