"""What training and answers cost, in floating-point operations of the matrix products."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from trmbench.spec import Batch, Predictions, PuzzleTable, Solver
from trmbench.training.flops import step_flops, training_flops
from trmbench.trial.build import TrialParts


def flops_per_step(parts: TrialParts) -> float | None:
    """Count one supervision step of one test puzzle; None where there is none, or no count."""
    if not parts.needs_training:
        return None
    with contextlib.suppress(Exception):  # a plugin's model may need numbers, not shapes alone
        return float(step_flops(parts.model, parts.task.info.seq_len, parts.schedule(1.0)).test)
    return None


def flops_of_training(parts: TrialParts, steps: int) -> float | None:
    """Count a training of so many steps, each stage of a schedule at its own cost.

    None for a model that gives no formula and cannot be traced by its shapes.
    """
    seq_len, batch_size = parts.task.info.seq_len, parts.train.batch_size
    with contextlib.suppress(Exception):
        return float(training_flops(parts.model, seq_len, batch_size, steps, parts.schedule))
    return None


def answer_costs(
    parts: TrialParts, solver: Solver, tested: PuzzleTable, answers: Predictions, copies: float
) -> dict[str, Any]:
    """Tell how much an answer to a puzzle took, on average.

    Its operations are known by the model's formula and the supervision steps done, by the solver's
    own count, or else by torch's counter while one puzzle is answered once more.

    Args:
        parts: the trial's parts.
        solver: who answered.
        tested: the puzzles.
        answers: its answers to them, or to their augmented copies.
        copies: how many answers a puzzle got, on average.

    Returns:
        Columns of the trial's row. The operations are None for a solver without matrix products,
        the depth for one without supervision steps.
    """
    each, depth = flops_per_step(parts), _depth(parts, answers)
    if answers.cost is not None:
        of_one: float | None = float(answers.cost.mean())
    elif each is None:
        of_one = _counted(parts, solver, tested, answers)
    else:
        steps = depth if answers.steps is None else float(answers.steps.mean())
        of_one = each * (steps or 1)
    return {
        "flops_per_step": each,
        "flops_per_answer": None if of_one is None else of_one * copies,
        "depth": depth,
        "candidates": 1 if answers.candidates is None else answers.candidates.shape[1],
    }


def puzzle_costs(parts: TrialParts, answers: Predictions) -> np.ndarray | None:
    """(N,) floating-point operations of each answer; None where an average is all that is known."""
    if answers.cost is not None:
        return answers.cost
    each = flops_per_step(parts)
    if each is None:
        return None
    steps = (_depth(parts, answers) or 1) if answers.steps is None else answers.steps
    return np.full(len(answers.tokens), each) * steps


def _depth(parts: TrialParts, answers: Predictions) -> int | None:
    """Supervision steps at most; a solver tells them by its answers after each."""
    if parts.needs_training:
        steps: int = parts.evaluation.steps or parts.model.max_steps
        return steps
    return None if answers.tokens_by_step is None else len(answers.tokens_by_step)


def _counted(
    parts: TrialParts, solver: Solver, tested: PuzzleTable, answers: Predictions
) -> float | None:
    """Count one answer; where puzzles take unequal numbers of steps, in proportion to these."""
    from torch.utils.flop_counter import FlopCounterMode  # slow to load, and rarely needed

    inputs = torch.from_numpy(tested.inputs[:1].astype(np.int64)).to(parts.device)
    identifiers = torch.from_numpy(tested.puzzle_identifiers[:1].astype(np.int64)).to(parts.device)
    batch = Batch(inputs, torch.zeros_like(inputs), identifiers, torch.zeros_like(identifiers))
    # The one attention whose products the counter sees on every device.
    with (
        contextlib.suppress(Exception),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        again = solver.predict(batch, torch.Generator(parts.device).manual_seed(0))
        flops = float(counter.get_total_flops())
        if again.steps is not None and answers.steps is not None:
            flops *= float(answers.steps.mean()) / float(again.steps)
        return flops or None
    return None  # a solver that cannot answer a single puzzle is none to be counted
