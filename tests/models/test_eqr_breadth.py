"""Breadth of the Equilibrium Reasoner: several runs of one network, the most settled counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench import Batch, Context, TaskInfo, TrmbenchError
from trmbench.config.compose import compose
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.plugin import registry
from trmbench.testing import assert_model_conforms, run_one
from trmbench_eqr import Options, build
from trmbench_eqr.breadth import Breadth
from trmbench_eqr.model import EqR
from trmbench_eqr.options import BreadthOptions

INFO = TaskInfo("", "", "", vocab_size=6, seq_len=9, grid_shape=(3, 3))
SMALL = {"width": 16, "heads": 2, "multiple_of": 8, "mixing": "mlp", "position_encoding": "none"}
SEED = 5


@pytest.fixture
def network() -> EqR:
    torch.manual_seed(0)
    options = Options(**SMALL, T=1, n=1, supervision_steps=3)
    model = build(options, INFO, Context(0, torch.device("cpu")))
    assert model.halt_head is not None
    torch.nn.init.normal_(model.halt_head.weight)
    return model.eval()


@pytest.fixture
def puzzles() -> Batch:
    inputs = torch.randint(0, 6, (7, 9), generator=torch.Generator().manual_seed(1))
    rows = torch.arange(10, 17)
    return Batch(inputs, torch.zeros_like(inputs), torch.zeros_like(rows), rows)


def answered(network: EqR, puzzles: Batch, **options: Any) -> Any:
    search = Breadth(network, BreadthOptions(**options), "float32", SEED)
    return search.predict(puzzles, torch.Generator())


def alone(network: EqR, puzzles: Batch, steps: int | None = None) -> Any:
    solver = RecursiveSolver(network, steps, torch.float32, SEED)
    return solver.predict(puzzles, torch.Generator())


def test_one_run_is_the_network_s_own_test(network: EqR, puzzles: Batch) -> None:
    one, own = answered(network, puzzles, restarts=1), alone(network, puzzles)
    assert torch.equal(one.tokens_by_step, own.tokens_by_step)
    assert torch.equal(one.confidence, own.confidence)


@pytest.mark.parametrize("select", ["residual", "halt"])
def test_the_candidate_with_the_best_score_is_chosen(
    network: EqR, puzzles: Batch, select: str
) -> None:
    found = answered(network, puzzles, restarts=6, select=select)
    assert found.candidates.shape == (7, 6, 9) and found.candidate_scores.shape == (7, 6)
    best = found.candidate_scores.argmax(1)
    assert len(set(best.tolist())) > 1, "always the same run"
    assert torch.equal(found.tokens, found.candidates[torch.arange(7), best])


def test_a_residual_is_the_mean_change_of_the_last_logits(network: EqR, puzzles: Batch) -> None:
    seen: list[torch.Tensor] = []
    watched = network.register_forward_hook(lambda *call: seen.append(call[-1].logits))
    alone(network, puzzles, steps=6)
    watched.remove()
    changes = [(b - a).norm(dim=-1).mean(-1) for a, b in zip(seen, seen[1:], strict=False)]
    found = answered(network, puzzles, restarts=1, steps=6)
    assert torch.allclose(-found.candidate_scores[:, 0], torch.stack(changes[-3:]).mean(0))


def test_by_halting_the_most_confident_run_counts(network: EqR, puzzles: Batch) -> None:
    found = answered(network, puzzles, restarts=5, select="halt")
    assert torch.allclose(found.confidence, found.candidate_scores.amax(1).sigmoid())
    assert (found.confidence >= answered(network, puzzles, restarts=1).confidence).all()


def test_noise_at_test_is_the_search_s_own(network: EqR, puzzles: Batch) -> None:
    loud = answered(network, puzzles, restarts=1, noise=1.0)
    assert not torch.equal(loud.confidence, answered(network, puzzles, restarts=1).confidence)
    assert network.options.noise_at_test == 0


def test_a_run_that_is_no_number_is_not_hidden(network: EqR, puzzles: Batch) -> None:
    with torch.no_grad():
        network.answer_head.weight.fill_(torch.nan)
    assert answered(network, puzzles, restarts=3).confidence.isnan().all()


def test_a_single_step_has_no_residual(network: EqR) -> None:
    network.max_steps = 1
    with pytest.raises(TrmbenchError, match="no residual"):
        Breadth(network, BreadthOptions(), "float32", 0)


def test_its_paper_preset_is_the_released_evaluation() -> None:
    spec, sudoku = registry.models().find("eqr-breadth").spec, registry.tasks().find("sudoku").spec
    cell = compose(spec, sudoku, "paper")
    assert BreadthOptions(**cell.values["model"]) == BreadthOptions(128, "residual", 64, 0.5)
    assert cell.values["train"]["epochs"] == 50_000  # as its base


def test_it_conforms() -> None:
    assert_model_conforms(registry.models().find("eqr-breadth").spec)


@pytest.mark.slow
def test_it_searches_with_the_eqr_of_its_seed(tmp_path: Path) -> None:
    small = {"train.steps": 4, "task.train_puzzles": 64, "task.test_puzzles": 8}
    small |= {"execution.device": "cpu"}
    eqr = run_one("eqr", "sudoku", tmp_path, overrides=small)
    given = small | {"model.restarts": 3, "model.steps": 4}
    row = run_one("eqr-breadth", "sudoku", tmp_path, overrides=given)
    assert json.loads(row["provenance"])["base"]["trial_id"] == eqr["trial_id"]
    assert (row["candidates"], row["depth"]) == (3, 4)
    assert row["flops_per_answer"] == pytest.approx(3 * 4 * eqr["flops_per_step"], rel=0.01)
    assert json.loads(row["totals"])["oracle_pass@3"] >= row["score"]
