"""The puzzles, weights and outputs of several seeds, laid end to end and taken apart again.

Shapes: S seeds, B puzzles of one seed's batch; the puzzles of seed s are rows s * B to (s + 1) * B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from trmbench.spec import Batch, StepOutput
from trmbench.training.supervision import Slots

Forward = Callable[[tuple[Tensor, ...], Tensor, Tensor], StepOutput]


def stacked(seeds: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Named tensors of every seed with a new leading dimension S."""
    return {name: torch.stack([seed[name].detach() for seed in seeds]) for name in seeds[0]}


def end_to_end(seeds: Iterable[Iterable[Tensor]]) -> tuple[Tensor, ...]:
    """Each seed's tensors (B, ...) as tensors (S * B, ...)."""
    return tuple(torch.cat(tensors) for tensors in zip(*seeds, strict=True))


def joined(seeds: Sequence[Slots]) -> Slots:
    """The slots of all seeds."""
    return Slots(
        Batch(*end_to_end(slots.batch for slots in seeds)),
        end_to_end(slots.state for slots in seeds),
        torch.cat([slots.steps for slots in seeds]),
        torch.cat([slots.halted for slots in seeds]),
    )


def slots_of(slots: Slots, rows: slice) -> Slots:
    """The slots of one seed."""
    return Slots(
        Batch(*(tensor[rows] for tensor in slots.batch)),
        tuple(part[rows] for part in slots.state),
        slots.steps[rows],
        slots.halted[rows],
    )


def output_of(output: StepOutput, rows: slice) -> StepOutput:
    """What the model of one seed said."""
    state, *others = output
    own = (None if part is None else part[rows] for part in others)
    return StepOutput(tuple(part[rows] for part in state), *own)  # type: ignore[arg-type]


def stacked_forward(models: Sequence[Any], weights: Mapping[str, Tensor]) -> Forward:
    """The forward pass of all seeds, each with its own weights, on batches laid end to end.

    A model that says `stacks_seeds` gets the weights (S, ...) as they are: its modules know what
    to do (`trmbench.nn.stacked`), which is fastest. Any other is mapped over the seeds by
    `torch.func.vmap`.

    Args:
        models: of the seeds; the first one's code is used.
        weights: what is trained, stacked.
    """
    model: nn.Module = models[0]
    if getattr(model, "stacks_seeds", False):
        return lambda *arguments: functional_call(model, dict(weights), arguments)
    rest = stacked([_untrained(other, weights) for other in models])

    def one_seed(own: dict[str, Tensor], *arguments: Any) -> dict[str, Any]:
        output = functional_call(model, own, arguments)
        return {name: part for name, part in output._asdict().items() if part is not None}

    def forward(state: tuple[Tensor, ...], inputs: Tensor, rows: Tensor) -> StepOutput:
        seeds = len(models)
        apart = [part.view(seeds, -1, *part.shape[1:]) for part in (*state, inputs, rows)]
        mapped = vmap(one_seed)({**weights, **rest}, tuple(apart[:-2]), *apart[-2:])
        together = {name: _flat(part) for name, part in mapped.items()}
        return StepOutput(**together)

    return forward


def _untrained(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: tensor for name, tensor in tensors.items() if name not in weights}


def _flat(part: Any) -> Any:
    return tuple(map(_flat, part)) if isinstance(part, tuple) else part.flatten(0, 1)
