"""Operations by formula are those that torch counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from trmbench import TaskInfo
from trmbench.bench.measure import prepare_test, prepare_training
from trmbench.bench.subject import subject
from trmbench.plugin import registry
from trmbench.testing.toy_model import ToyModel
from trmbench.testing.toy_options import ToyModelOptions
from trmbench.training.flops import step_flops, traced_flops
from trmbench.trial.build import TrialParts
from trmbench.trial.cost import flops_of_training

SHAPE = {
    "task.size": 6,
    "train.batch_size": 3,
    "train.precision": "float32",
    "evaluation.batch_size": 5,
    "model.width": 16,
    "model.heads": 2,
    "model.expansion": 2.0,
    "model.multiple_of": 8,
    "model.layers": 2,
    "model.puzzle_positions": 2,
}
ATTENTION = {"model.mixing": "attention", "model.position_encoding": "rope"}
RECURSION = {"model.T": 3, "model.n": 2, "model.supervision_steps": 2}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "trm mlp": ("trm", RECURSION),
    "trm attention": ("trm", RECURSION | ATTENTION),
    "trm learned positions": ("trm", RECURSION | {"model.position_encoding": "learned"}),
    "trm single z": ("trm", RECURSION | {"model.features": 1}),
    "trm multi-scale z": ("trm", RECURSION | {"model.features": 7, "model.n": 6}),
    "trm separate networks": ("trm", RECURSION | {"model.separate_networks": True}),
    "trm one-step gradient": ("trm", RECURSION | {"model.gradient": "one_step"}),
    "trm act continue": ("trm", RECURSION | {"model.act_continue": True}),
    "trm no puzzle embedding": ("trm", RECURSION | {"model.puzzle_positions": 0}),
    "hrm mlp": ("hrm", RECURSION | {"model.high_layers": 3}),
    "hrm attention": ("hrm", RECURSION | ATTENTION),
    "urm mlp": ("urm", RECURSION),
    "urm attention": ("urm", RECURSION | ATTENTION),
    "direct mlp": ("direct", {}),
    "direct attention": ("direct", ATTENTION),
    "cgar mlp": ("cgar", RECURSION),
    "cgar attention": ("cgar", RECURSION | ATTENTION),
    "eqr mlp": ("eqr", RECURSION),
    "eqr attention": ("eqr", RECURSION | ATTENTION),
    "se-rrm": ("se-rrm", {"model.T": 3, "model.n": 2, "model.supervision_steps": 2}),
}
ANY_MODEL = {key: value for key, value in SHAPE.items() if not key.startswith("model.")}


def parts_of(variant: str, further: dict[str, Any] | None = None) -> TrialParts:
    model, changes = VARIANTS[variant]
    shape = ANY_MODEL if model == "se-rrm" else SHAPE
    return subject(model, "sudoku", "mini", shape | changes | (further or {}), {}).parts


def counted(call: Callable[[], object]) -> int:
    # The one attention whose products torch's counter sees as such.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_formula_gives_what_a_step_of_the_harness_computes(variant: str) -> None:
    parts = parts_of(variant)
    model, seq_len = parts.model, parts.task.info.seq_len
    flops = step_flops(model, seq_len, parts.schedule(0.0))
    assert counted(prepare_training(parts)) == 3 * flops.training
    flops = step_flops(model, seq_len, parts.schedule(1.0))
    assert counted(prepare_test(parts)) == 5 * flops.test
    assert flops.test < flops.training


@pytest.mark.parametrize("variant", ["trm mlp", "hrm mlp", "cgar mlp"])
def test_a_training_costs_what_its_steps_cost_stage_by_stage(variant: str) -> None:
    parts = parts_of(variant, {"train.steps": 10})
    trainer = parts.trainer()

    def train() -> None:
        while trainer.step < trainer.total_steps:
            trainer.train_step()

    found = flops_of_training(parts, 10)
    assert counted(train) == found
    whole = 10 * 3 * step_flops(parts.model, parts.task.info.seq_len).training
    assert found == whole if variant != "cgar mlp" else found < 0.9 * whole


def test_every_first_party_model_that_is_trained_is_among_them() -> None:
    ours = [entry.spec for entry in registry.models() if entry.plugin.distribution == "trmbench"]
    trained = {spec.name for spec in ours if spec.base is None}
    assert {"trm", "cgar"} <= trained == {model for model, _ in VARIANTS.values()}


@pytest.mark.parametrize("variant", ["trm attention", "trm one-step gradient", "hrm mlp"])
def test_a_trace_finds_the_same_as_the_formula(variant: str) -> None:
    parts = parts_of(variant)
    assert traced_flops(parts.model, parts.task.info.seq_len) == parts.model.forward_flops()


def test_a_model_without_a_formula_is_traced() -> None:
    L, D, V = 6, 16, 5
    info = TaskInfo("", "", "", vocab_size=V, seq_len=L, grid_shape=(1, L))
    flops = step_flops(ToyModel(ToyModelOptions(width=D), info), L)
    assert flops.test == 2 * (L * L * D + L * D * D + L * D * V + D)
    assert flops.training == 3 * flops.test
