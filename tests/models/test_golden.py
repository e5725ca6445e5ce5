"""The models compute what the reference implementation computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from reference_vectors import IGNORED, Vectors, assert_close, parameters
from torch import Tensor

from trmbench import RecursiveModel, StepOutput, TrmbenchError
from trmbench.spec.models import capabilities
from trmbench.testing import begin
from trmbench.training.losses import SupervisionLoss, supervision_loss

EXACT, THROUGH_FLOAT32, IN_FLOAT32 = 1e-8, 1e-6, 1e-4

every_vector = pytest.mark.parametrize("path", parameters())


def _assert_step(
    output: StepOutput, vectors: Vectors, step: int, tolerance: float, halting: float
) -> None:
    assert_close(output.logits, vectors[f"eval/{step}/logits"], tolerance, f"logits {step}")
    said = {
        "q_halt_logits": output.halt_logits,
        "q_continue_logits": output.continue_logits,
        "confidence": output.confidence,
    }
    for name, ours in said.items():
        if f"eval/{step}/{name}" in vectors:
            assert ours is not None
            assert_close(ours, vectors[f"eval/{step}/{name}"], halting, f"{name} {step}")
    for index, (ours, theirs) in enumerate(zip(output.state, vectors.state(step), strict=True)):
        assert_close(ours, theirs, tolerance, f"state {index} after step {step}")


@every_vector
def test_four_chained_steps_in_float64(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model()
    state = vectors.initial_state(model)
    for step in range(4):
        with torch.no_grad():
            output = model(state, vectors.inputs, vectors.identifiers)
        _assert_step(output, vectors, step, EXACT, THROUGH_FLOAT32)
        if f"eval/{step}/loss" in vectors:
            loss = supervision_loss(output, vectors.labels, ignore=IGNORED)
            assert_close(loss.total, vectors[f"eval/{step}/loss"], THROUGH_FLOAT32, f"loss {step}")
        state = output.state


@every_vector
def test_each_step_in_float32_from_the_recorded_state(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model(torch.float32)
    state = tuple(feature.float() for feature in vectors.initial_state(model))
    for step in range(4):
        with torch.no_grad():
            output = model(state, vectors.inputs, vectors.identifiers)
        assert output.logits.dtype == torch.float32
        _assert_step(output, vectors, step, IN_FLOAT32, IN_FLOAT32)
        state = tuple(feature.float() for feature in vectors.state(step))


def _train(model: RecursiveModel, vectors: Vectors) -> tuple[SupervisionLoss, dict[str, Tensor]]:
    """The loss of the first step, and its gradients by the reference's names."""
    rows = vectors.identifiers
    if model.puzzle_embedding is not None:
        rows = model.puzzle_embedding.gather(rows)
    output = model(vectors.initial_state(model), vectors.inputs, rows)
    wants_target = capabilities(model).needs_continue_target
    target = _continue_target(model, output, vectors) if wants_target else None
    loss = supervision_loss(output, vectors.labels, target, ignore=IGNORED)
    loss.total.backward()
    names = vectors.names_in_reference(model)
    gradients = {names[name]: value.grad for name, value in model.named_parameters()}
    if rows.grad is not None:
        gradients["puzzle_emb.local_weights"] = rows.grad
    return loss, gradients


def _continue_target(model: RecursiveModel, output: StepOutput, vectors: Vectors) -> Tensor:
    with torch.no_grad():
        following = model(output.state, vectors.inputs, vectors.identifiers)
    return torch.maximum(following.halt_logits, following.continue_logits).sigmoid()


@every_vector
def test_loss_and_every_gradient(path: Path) -> None:
    vectors = Vectors(path)
    if "train/loss" not in vectors:
        pytest.skip("the reference crashes when it trains this variant")
    loss, gradients = _train(vectors.model(), vectors)
    assert_close(loss.total, vectors["train/loss"], THROUGH_FLOAT32, "loss")
    parts = {"lm_loss": loss.answer, "q_halt_loss": loss.halt, "q_continue_loss": loss.continue_}
    recorded = vectors.group("train/") | vectors.group("train/metric/")
    for name, part in parts.items():
        if name in recorded:
            assert_close(part, recorded[name], THROUGH_FLOAT32, name)
    expected = vectors.group("grad/")
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        assert gradient is not None, name
        assert_close(gradient, expected[name], THROUGH_FLOAT32, f"gradient of {name}")


@every_vector
def test_continue_target_of_one_more_forward_pass(path: Path) -> None:
    vectors = Vectors(path)
    if "train/continue_target" not in vectors:
        pytest.skip("this variant has no continue target")
    model = vectors.model()
    assert capabilities(model).needs_continue_target
    output = model(begin(model, len(vectors.inputs)), vectors.inputs, vectors.identifiers)
    target = _continue_target(model, output, vectors)
    assert_close(target, vectors["train/continue_target"], THROUGH_FLOAT32, "continue target")


@pytest.mark.parametrize("path", [p for p in parameters() if "trm" in p.id])
def test_gradients_tell_one_step_from_full_backpropagation(path: Path) -> None:
    vectors = Vectors(path)
    if "train/loss" not in vectors:
        pytest.skip("no gradients recorded")
    recorded = vectors.config.get("gradient", "full")
    other = {"full": "one_step", "one_step": "full"}[recorded]
    loss, gradients = _train(vectors.model(gradient=other), vectors)
    assert_close(loss.total, vectors["train/loss"], THROUGH_FLOAT32, "loss")
    for name in ("inner.L_level.layers.0.mlp.down_proj.weight", "puzzle_emb.local_weights"):
        expected = vectors[f"grad/{name}"]
        assert (gradients[name] - expected).abs().max() > 0.01 * expected.abs().max(), name


@every_vector
def test_export_gives_back_what_was_loaded(path: Path) -> None:
    vectors = Vectors(path)
    model = vectors.model()
    config, weights = vectors.plugin.export_reference(model)
    loaded = vectors.plugin.load_reference(config, weights)
    assert all(torch.equal(loaded.state_dict()[n], t) for n, t in model.state_dict().items())
    if model.puzzle_embedding is None:
        del config["num_puzzle_identifiers"]  # leaves no trace in such a model
    known = {key: vectors.config[key] for key in config.keys() & vectors.config.keys()}
    assert {key: config[key] for key in known} == known
    expected = vectors.group("param/")
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize("prefix", ["_orig_mod.model.", "model.", "model._orig_mod."])
def test_prefixes_of_checkpoints_are_dropped(prefix: str) -> None:
    vectors = Vectors(Path(__file__).parent / "vectors" / "own_trm_mlp.npz")
    weights = {prefix + name: value for name, value in vectors.group("param/").items()}
    model = vectors.plugin.load_reference(vectors.config, weights)
    assert next(model.parameters()).dtype == torch.float64


def test_loaded_model_does_not_share_memory_with_the_weights() -> None:
    vectors = Vectors(Path(__file__).parent / "vectors" / "own_trm_mlp.npz")
    weights = vectors.group("param/")
    before = weights["inner.lm_head.weight"].clone()
    model = vectors.plugin.load_reference(vectors.config, weights)
    with torch.no_grad():
        model.answer_head.weight.zero_()
    assert torch.equal(weights["inner.lm_head.weight"], before)


@pytest.mark.parametrize(
    ("config", "dropped", "message"),
    [
        ({}, "inner.lm_head.weight", "missing .*inner.lm_head.weight"),
        ({"vocab_size": 9}, None, "shape"),
        ({"rope_theta": 5.0}, None, "rope_theta is 5.0"),
        ({"num_heads": None}, None, "no 'num_heads'"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    config: dict[str, object], dropped: str | None, message: str
) -> None:
    vectors = Vectors(Path(__file__).parent / "vectors" / "own_trm_mlp.npz")
    changed = {k: v for k, v in (vectors.config | config).items() if v is not None}
    weights = {k: v for k, v in vectors.group("param/").items() if k != dropped}
    with pytest.raises(TrmbenchError, match=message):
        vectors.plugin.load_reference(changed, weights)
