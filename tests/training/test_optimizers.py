"""Optimisers by name, from trmbench and from plugins; clipping; smoothed labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from helpers.trainers import FEW_SMALL_STEPS, maze_trainer

from trmbench import StepOutput, TrmbenchError
from trmbench.cli.list import command as list_command
from trmbench.experiment.cells import choose_cells
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.testing.running import visible_plugin
from trmbench.training.losses import LossKind, supervision_loss
from trmbench.training.optimizers import hidden_matrices
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer

PRECISE = {**FEW_SMALL_STEPS, "train.precision": "float64", "train.learning_rate": 1e-3}


@pytest.fixture
def steady() -> Iterator[None]:
    with visible_plugin("steady", "helpers.steady"):
        yield


def build(seed: int = 0, model: str = "trm", **settings: Any) -> Trainer:
    changes = {key.replace("__", "."): value for key, value in settings.items()}
    return maze_trainer({**PRECISE, **changes}, model, seed)


def trained(trainer: Trainer, steps: int) -> Mapping[str, torch.Tensor]:
    for _ in range(steps):
        trainer.train_step()
    return trainer.module.state_dict()


def norm(trainer: Trainer) -> float:
    trainer.log()
    found: float = trainer.curve[-1]["gradient_norm"]
    return found


def cell_id(**train: Any) -> str:
    settings = {f"train.{key}": value for key, value in train.items()}
    return choose_cells(["trm"], ["maze"], "mini", None, settings).cells[0].cell_id


@pytest.mark.parametrize("name", ["muon", "steady"])
def test_an_interrupted_optimiser_goes_on_with_the_same_bytes(
    name: str, tmp_path: Path, steady: None
) -> None:
    whole = trained(build(train__optimizer=name), 4)
    first, second = (build(train__optimizer=name) for _ in range(2))
    trained(first, 2)
    checkpoints = RunningCheckpoints(tmp_path, print)
    first.save(checkpoints)
    checkpoints.wait()
    saved = checkpoints.load_latest()
    assert saved is not None
    second.restore(*saved)
    for weight, tensor in trained(second, 2).items():
        assert torch.equal(tensor, whole[weight]), weight


def test_muon_trains_hidden_matrices_and_adamw_the_rest() -> None:
    trainer, other = build(train__optimizer="muon"), build(train__optimizer="adamw")
    hidden = hidden_matrices(trainer.model)
    assert all(".layers." in name for name in hidden) and len(hidden) == 8
    before = {name: weight.detach().clone() for name, weight in trainer.weights.items()}
    after, by_adamw = trained(trainer, 1), trained(other, 1)
    decay = 1 - trainer.settings.learning_rate * trainer.settings.weight_decay
    for name, weight in before.items():
        if name not in hidden:
            assert torch.equal(after[name], by_adamw[name]), name
        else:  # of an update made orthogonal all singular values are about the same
            singular = torch.linalg.svdvals(after[name] - decay * weight)
            assert 0 < singular.max() < 3 * singular.min(), name


def test_a_plugins_optimiser_must_train_every_weight(steady: None) -> None:
    with pytest.raises(TrmbenchError, match="'half' does not train every weight exactly once"):
        build(train__optimizer="half")


def test_an_unknown_optimiser_is_refused_with_the_nearest_name(steady: None) -> None:
    with pytest.raises(TrmbenchError, match=r"unknown optimizer 'stedy' \(did you mean 'steady'"):
        build(train__optimizer="stedy")
    listed = CliRunner().invoke(list_command, ["optimizers"]).output
    assert "steady      Steady momentum" in listed and "adam_atan2" in listed


def test_an_optimiser_that_sees_whole_weights_trains_no_stacked_seeds() -> None:
    with pytest.raises(TrmbenchError, match="muon looks at each weight as a whole"):
        build(train__optimizer="muon", execution__stack_seeds=True)
    with pytest.raises(TrmbenchError, match="cannot train stacked seeds"):
        StackedTrainer([build(seed, train__optimizer="muon") for seed in (1, 2)])


def test_what_is_off_changes_no_hash() -> None:
    assert cell_id(clip=0.0, label_smoothing=0.0, optimizer="adam_atan2") == cell_id()
    others = {cell_id(clip=1.0), cell_id(label_smoothing=0.1), cell_id(optimizer="muon")}
    assert len(others | {cell_id()}) == 4


def test_the_curve_has_the_norm_before_clipping_and_none_without() -> None:
    loose, tight, off = (build(train__clip=most) for most in (1e6, 1e-3, 0.0))
    for trainer in (loose, tight, off):
        trained(trainer, 1)
    assert norm(loose) == norm(tight) > 1e-3
    off.log()
    assert "gradient_norm" not in off.curve[-1]


def test_a_clipped_gradient_has_the_largest_norm_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    trainer = build(train__clip=1e-3)
    step = trainer.optimizer.step

    def looking(factor: float) -> None:
        gradients = [weight.grad for weight in trainer.weights.values() if weight.grad is not None]
        seen.append(float(torch.nn.utils.get_total_norm(gradients)))
        step(factor)

    monkeypatch.setattr(trainer.optimizer, "step", looking)
    trained(trainer, 2)
    assert seen == pytest.approx([1e-3, 1e-3], rel=1e-2)


def test_micro_batches_are_clipped_as_the_whole_batch() -> None:
    whole, parts = build(train__clip=0.01), build(train__clip=0.01, execution__micro_batch=3)
    expected = trained(whole, 3)
    for name, tensor in trained(parts, 3).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-8, atol=1e-10)
    assert norm(parts) == pytest.approx(norm(whole))


@pytest.mark.parametrize("model", ["trm", "cgar"])
def test_stacked_seeds_are_clipped_each_by_its_own_norm(model: str) -> None:
    apart, together = ([build(seed, model, train__clip=0.01) for seed in (1, 2)] for _ in range(2))
    stack = StackedTrainer(together)
    for _ in range(3):
        stack.train_step()
    stack.unstack()
    for one, other in zip(apart, together, strict=True):
        expected = trained(one, 3)
        for name, tensor in other.module.state_dict().items():
            torch.testing.assert_close(tensor, expected[name], rtol=1e-8, atol=1e-10)
    norms = [norm(trainer) for trainer in together]
    assert norms == pytest.approx([norm(trainer) for trainer in apart])
    assert norms[0] != norms[1]


@pytest.mark.parametrize("kind", ["softmax", "stable_max"])
def test_smoothed_labels_spread_their_share_evenly(kind: LossKind) -> None:
    logits = torch.randn(3, 5, 4, dtype=torch.float64)
    labels = torch.randint(1, 4, (3, 5))
    labels[0, 2:] = 0  # not scored
    found = supervision_loss(StepOutput((), logits), labels, kind=kind, label_smoothing=0.2).answer
    if kind == "stable_max":  # whose probabilities are these, by definition
        s = torch.where(logits >= 0, logits + 1, 1 / (1 - logits))
        logits = s.log()
    losses = F.cross_entropy(
        logits.mT, labels, ignore_index=0, reduction="none", label_smoothing=0.2
    )
    expected = (losses.sum(1) / (labels != 0).sum(1)).sum()
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert not math.isnan(float(found))


def test_the_settings_of_a_training_show_which_optimisers_there_are(steady: None) -> None:
    cell = choose_cells(["trm"], ["maze"], "mini", None, {}).cells[0]
    allowed = cell.sections["train"]["optimizer"].allowed
    assert allowed == "'adam_atan2' or 'adamw' or 'half' or 'muon' or 'steady'"
