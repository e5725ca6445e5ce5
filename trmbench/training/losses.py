"""The loss of one supervision step, as in the released code of TRM and HRM.

Shapes: B puzzles, L tokens, V tokens of the vocabulary. Nothing here waits for the device, and
float32 suffices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from trmbench.spec import IGNORED_LABEL, StepOutput

LossKind = Literal["stable_max", "softmax"]

_HALTING_WEIGHT = 0.5
_NO_WEIGHTS: Mapping[str, float] = {}


class SupervisionLoss(NamedTuple):
    """Scalars, each summed over the batch.

    `total = answer + (halt + continue_) / 2`, and a model's further losses by their weights.
    """

    total: Tensor
    answer: Tensor
    """Mean cross-entropy of a puzzle's scored tokens."""
    halt: Tensor
    """Binary cross-entropy of the halting logit against "exactly right"."""
    continue_: Tensor
    """Binary cross-entropy of the continue logit against its target; 0 without one."""


def supervision_loss(
    output: StepOutput,
    labels: Tensor,
    continue_target: Tensor | None = None,
    *,
    kind: LossKind = "stable_max",
    ignore: int = IGNORED_LABEL,
    weights: Mapping[str, float] = _NO_WEIGHTS,
    puzzle_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> SupervisionLoss:
    """Loss of what a model says after one supervision step (2510.04871, figure 3).

    Args:
        output: logits (B, L, V); halting logits (B,) or None.
        labels: (B, L) int, `ignore` where nothing is scored.
        continue_target: (B,) in 0..1, the target of the continue logits, or None.
        kind: how logits become probabilities.
        ignore: the label that is not scored.
        weights: of the model's further losses by name; 1 where a name is missing.
        puzzle_weights: (B,) by how much the losses of each puzzle count; None = 1.
        label_smoothing: share of each token's target that is spread evenly over the vocabulary
            (Szegedy et al., 1512.00567).
    """
    scored = labels != ignore
    targets = torch.where(scored, labels, 0).long()
    log_probabilities = _LOG_PROBABILITIES[kind](output.logits)
    likelihood = log_probabilities.gather(-1, targets[..., None]).squeeze(-1)
    if label_smoothing:
        likelihood = torch.lerp(likelihood, log_probabilities.mean(-1), label_smoothing)
    token_loss = -likelihood * scored
    answer = _weighed(token_loss.sum(-1) / scored.sum(-1).clamp_min(1), puzzle_weights).sum()
    halt = continue_ = torch.zeros_like(answer)
    if output.halt_logits is not None:
        exactly_right = ((output.logits.argmax(-1) == targets) | ~scored).all(-1)
        halt = _binary_cross_entropy(output.halt_logits, exactly_right, puzzle_weights)
    if output.continue_logits is not None and continue_target is not None:
        continue_ = _binary_cross_entropy(output.continue_logits, continue_target, puzzle_weights)
    total = answer + _HALTING_WEIGHT * (halt + continue_)
    for name, further in (output.losses or {}).items():
        total = total + weights.get(name, 1.0) * _weighed(further, puzzle_weights).sum()
    return SupervisionLoss(total, answer, halt, continue_)


def stable_max_log_probabilities(logits: Tensor) -> Tensor:
    """Log of s(x) / sum s(x) over the last dimension; s(x) = x + 1 above 0, 1 / (1 - x) below.

    Source: StableMax (Prieto et al., 2501.04697). With log s(x) = sign(x) log(1 + |x|)
    and logsumexp it needs no float64, unlike the quotient. Result in at least float32.
    """
    x = _wide(logits)
    # clamp_min passes the gradient at 0 on and relu does not, so that it is 1 there, not 0 or 2.
    log_s = torch.log1p(x.clamp_min(0)) - torch.log1p(F.relu(-x))
    return log_s - log_s.logsumexp(-1, keepdim=True)


def _softmax_log_probabilities(logits: Tensor) -> Tensor:
    return F.log_softmax(_wide(logits), dim=-1)


_LOG_PROBABILITIES = {
    "stable_max": stable_max_log_probabilities,
    "softmax": _softmax_log_probabilities,
}


def _binary_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    targets = targets.to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, targets, weights, reduction="sum")


def _weighed(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses if weights is None else losses * weights


def _wide(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
