"""The contract of a recursive model: `forward` is a pure function of parameters and arguments.

Everything runs in training mode, where dropout and running statistics would show.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trmbench.spec import Batch, RecursiveModel, StepOutput
from trmbench.spec.models import NO_SCHEDULE, State, capabilities, takes
from trmbench.streams import draws
from trmbench.testing.cases import SEED, ModelCase
from trmbench.testing.conformance import Check, require
from trmbench.testing.step import begin, step
from trmbench.training.losses import supervision_loss

SMALL = 1e-4
"""Differences of outputs that are put down to rounding."""


def _step(
    case: ModelCase,
    model: RecursiveModel,
    state: State,
    batch: Batch,
    rows: Tensor | None = None,
    *,
    number: int = 0,
    training: bool = True,
) -> StepOutput:
    """Take one supervision step, by default of training."""
    return step(
        model,
        state,
        batch.inputs,
        batch.puzzle_identifiers if rows is None else rows,
        training=training,
        labels=batch.labels,
        number=number,
        schedule=case.spec.schedule(case.options, 1.0) if case.spec.schedule else NO_SCHEDULE,
    )


def _steps(
    case: ModelCase, model: RecursiveModel, batch: Batch, state: State | None = None
) -> StepOutput:
    """Take up to two supervision steps, so that a carried state plays its part."""
    state = begin(model, len(batch.inputs)) if state is None else state
    output = _step(case, model, state, batch)
    if model.max_steps > 1:
        output = _step(case, model, output.state, batch, number=1)
    return output


def _parts(output: StepOutput) -> dict[str, Tensor]:
    named = {"logits": output.logits, "halt_logits": output.halt_logits}
    named |= {"continue_logits": output.continue_logits, "confidence": output.confidence}
    named |= {f"state[{index}]": part for index, part in enumerate(output.state)}
    return {name: part for name, part in named.items() if part is not None}


def shapes(case: ModelCase) -> None:
    """State, logits and halting logits have the contract's shapes and types."""
    model, batch, info = case.model.train(), case.batch, case.info
    size = len(batch.inputs)
    draw = draws(SEED, "initial state", 0, torch.arange(size))
    given = {"draw": draw} if takes(model.initial_state, "draw") else {}
    state = model.initial_state(size, **given)
    require(isinstance(state, tuple), f"initial_state returned a {type(state).__name__}, no tuple")
    for index, part in enumerate(state):
        require(
            part.dim() >= 1 and len(part) == size,
            f"initial_state({size})[{index}] has shape {tuple(part.shape)}, not (B={size}, ...)",
        )
    output = _step(case, model, state, batch)
    require(
        isinstance(output, StepOutput), f"forward returned a {type(output).__name__}, no StepOutput"
    )
    wanted = (size, info.seq_len, info.vocab_size)
    require(
        tuple(output.logits.shape) == wanted,
        f"logits have shape {tuple(output.logits.shape)} instead of (B, L, V) = {wanted}",
    )
    for name in ("halt_logits", "continue_logits", "confidence"):
        part = getattr(output, name)
        require(
            part is None or tuple(part.shape) == (size,),
            f"{name} have shape {part is not None and tuple(part.shape)} instead of (B,) = "
            f"({size},)",
        )
    before, after = ([tuple(part.shape) for part in parts] for parts in (state, output.state))
    require(before == after, f"the state has shapes {before} before a step and {after} after it")
    for name, part in _parts(output).items():
        require(part.isfinite().all(), f"{name} of untrained weights is not finite")


def confidence(case: ModelCase) -> None:
    """A confidence that the model states by itself is a probability."""
    stated = _steps(case, case.model.train(), case.batch).confidence
    require(
        stated is None or bool(((stated >= 0) & (stated <= 1)).all()),
        f"confidence is {stated is not None and stated.tolist()}, not within 0..1",
    )


def losses(case: ModelCase) -> None:
    """Losses that the model names are one finite number per puzzle."""
    size = len(case.batch.inputs)
    for name, loss in (_steps(case, case.model.train(), case.batch).losses or {}).items():
        require(
            tuple(loss.shape) == (size,),
            f"losses[{name!r}] has shape {tuple(loss.shape)} instead of (B,) = ({size},)",
        )
        require(loss.isfinite().all(), f"losses[{name!r}] of untrained weights is not finite")


def labels_unseen(case: ModelCase) -> None:
    """At test, where there are no labels, the model answers in the same shapes."""
    model, batch = case.model.eval(), case.batch
    state = begin(model, len(batch.inputs))
    with torch.inference_mode():
        output = _step(case, model, state, batch, training=False)
    trained = _step(case, model.train(), state, batch)
    require(
        output.logits.shape == trained.logits.shape,
        f"logits have shape {tuple(output.logits.shape)} at test and"
        f" {tuple(trained.logits.shape)} in training",
    )


def state_gradient(case: ModelCase) -> None:
    """The returned state carries no gradient."""
    for index, part in enumerate(_steps(case, case.model.train(), case.batch).state):
        require(
            not part.requires_grad,
            f"state[{index}] still carries gradients, so backward would run through all "
            "supervision steps; return it detached",
        )


def purity(case: ModelCase) -> None:
    """The same arguments give the same output, whatever was computed in between."""
    model, batch = case.build().train(), case.batch
    state = begin(model, len(batch.inputs))

    def answer() -> dict[str, Tensor]:
        return _parts(_step(case, model, state, batch))

    torch.manual_seed(SEED)
    drawn = torch.get_rng_state()
    first = answer()
    require(
        torch.equal(torch.get_rng_state(), drawn),
        "forward draws random numbers (dropout?); the harness owns all randomness: take an argument"
        " step, and draw from step.draw",
    )
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    _steps(case, model, case.other_batch)
    for name, tensor in model.state_dict().items():
        require(
            torch.equal(tensor, weights[name]),
            f"forward changed {name}, so puzzles leak into later ones and from training to test",
        )
    for name, part in answer().items():
        require(
            torch.equal(part, first[name]),
            f"{name} of the same puzzles changed after other puzzles were seen: forward keeps "
            f"something between calls (by {_difference(part, first[name])})",
        )


def independence(case: ModelCase) -> None:
    """A puzzle's output does not depend on the other puzzles of its batch, nor on their states."""
    model, batch, other = case.model.train(), case.batch, case.other_batch
    size = len(batch.inputs)
    alone = _parts(_steps(case, model, batch))
    mixed = Batch(
        *(torch.cat([mine[:1], theirs[1:]]) for mine, theirs in zip(batch, other, strict=True))
    )
    away = tuple(part.clone() for part in begin(model, size))
    for part in away:
        part[1:] += 1.0
    single = Batch(*(part[:1] for part in batch))
    tried = {
        "the other puzzles of its batch": _steps(case, model, mixed),
        "the states of the other puzzles of its batch": _steps(case, model, batch, away),
        "the size of its batch": _steps(case, model, single),
    }
    for what, output in tried.items():
        for name, part in _parts(output).items():
            require(
                torch.allclose(part[0], alone[name][0], rtol=SMALL, atol=SMALL),
                f"{name} of a puzzle depend on {what} (puzzle 0, by "
                f"{_difference(part[0], alone[name][0])})",
            )


def initial_state(case: ModelCase) -> None:
    """The initial state is the same for every puzzle and at every call."""
    model, size = case.model, len(case.batch.inputs)
    for first, second, larger in zip(
        begin(model, size), begin(model, size), begin(model, size + 1), strict=True
    ):
        require(torch.equal(first, second), "initial_state differs between two calls")
        require(torch.equal(first, larger[:size]), "initial_state depends on the batch size")


def gradients(case: ModelCase) -> None:
    """Every parameter and the puzzle embedding receive a gradient."""
    model, batch = case.build().train(), case.batch
    torch.manual_seed(SEED)
    with torch.no_grad():  # away from special values, such as heads that begin at zero
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    embedding = model.puzzle_embedding
    rows = batch.puzzle_identifiers
    if embedding is not None:
        rows = embedding.gather(rows)
    state = begin(model, len(batch.inputs))
    for _ in range(min(model.max_steps, 2)):
        output = _step(case, model, state, batch, rows)
        target = None
        if capabilities(model).needs_continue_target:
            target = torch.full_like(output.logits[:, 0, 0], 0.5)
        torch.autograd.backward(supervision_loss(output, batch.labels, target).total)
        state = output.state
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            got = parameter.grad is not None and bool(parameter.grad.any())
            require(got, f"parameter {name} never receives a gradient: it is never learned")
    require(
        embedding is None or (rows.grad is not None and bool(rows.grad.any())),
        "the puzzle embedding never receives a gradient",
    )


def float64(case: ModelCase) -> None:
    """The model computes in float64 where weights and state are float64."""
    model, size = case.build().double(), len(case.batch.inputs)
    state = begin(model, size, torch.float64)
    output = _step(case, model, state, case.batch)
    of_puzzles = ("halt_logits", "continue_logits", "confidence")
    for name, part in _parts(output).items():
        require(
            part.dtype == torch.float64 or name in of_puzzles,
            f"{name} are {part.dtype} although weights and state are float64",
        )


def _difference(one: Tensor, other: Tensor) -> str:
    return f"{(one - other).abs().max().item():.2g}"


CHECKS = (
    Check(shapes, vital=True),
    Check(confidence),
    Check(losses),
    Check(labels_unseen),
    Check(state_gradient),
    Check(initial_state),
    Check(purity),
    Check(independence),
    Check(gradients),
    Check(float64),
)
