"""The models add in the reference's order, which in bfloat16 decides the last bit.

The recursion is written out here with brackets; its blocks, embeddings and heads are the model's,
so that the order is all that could differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path

import pytest
import torch
from reference_vectors import IGNORED, Vectors, parameters
from torch import Tensor

from trmbench.nn import PuzzleModel
from trmbench.training.losses import supervision_loss

State = tuple[Tensor, ...]
Order = Callable[[list[Tensor], Tensor, Tensor], Tensor]
every_vector = pytest.mark.parametrize(
    "path", [vector for vector in parameters() if "trm" in vector.id or "hrm" in vector.id]
)


def reference_order(latents: list[Tensor], y: Tensor, x: Tensor) -> Tensor:
    """The sum of the latents, and to it the sum of answer and puzzle."""
    return reduce(add, latents) + (y + x)


def from_left_to_right(latents: list[Tensor], y: Tensor, x: Tensor) -> Tensor:
    """Another order, equal but for rounding."""
    return (reduce(add, latents, y)) + x


def written_out(model: PuzzleModel, vectors: Vectors, state: State, order: Order) -> State:
    """The state after one supervision step."""
    low = model.f_L
    high = low if model.f_H is None else model.f_H
    x = model.embedding(vectors.inputs, vectors.identifiers, torch.bfloat16)
    for _ in range(vectors.config["H_cycles"]):
        for i in range(vectors.config["L_cycles"]):
            if len(state) == 1:
                state = (low(state[0] + x),)
                continue
            y, *latents = state
            latents[i % len(latents)] = low(order(latents, y, x))
            state = (y, *latents)
        y, *latents = state
        state = (high(y + reduce(add, latents)) if latents else high(y), *latents)
    return state


@every_vector
@torch.no_grad()
def test_four_chained_steps_in_bfloat16_are_the_references_bit_for_bit(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model(torch.bfloat16)
    state = expected = model.initial_state(len(vectors.inputs))
    for step in range(4):
        output = model(state, vectors.inputs, vectors.identifiers)
        expected = written_out(model, vectors, expected, reference_order)
        state = output.state
        assert all(map(torch.equal, state, expected)), f"state after step {step}"
        assert torch.equal(output.logits, model.read(expected[0], expected).logits)


@every_vector
@torch.no_grad()
def test_another_order_would_show(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model(torch.bfloat16)
    state = model.initial_state(len(vectors.inputs))
    output = model(state, vectors.inputs, vectors.identifiers)
    other = written_out(model, vectors, state, from_left_to_right)
    single = len(state) == 1  # z + x has no other order
    assert torch.equal(output.state[0], other[0]) == single


@every_vector
def test_bfloat16_stays_near_the_recorded_steps(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model(torch.bfloat16)
    state = model.initial_state(len(vectors.inputs))
    for step in range(4):
        with torch.no_grad():
            output = model(state, vectors.inputs, vectors.identifiers)
        loss = supervision_loss(output, vectors.labels, ignore=IGNORED).total
        assert loss == pytest.approx(float(vectors[f"eval/{step}/loss"]), rel=0.05)
        state = tuple(feature.bfloat16() for feature in vectors.state(step))
