"""The weights of several seeds, and the forward pass of all at once.

Shapes: S seeds, B puzzles of one seed's batch; the puzzles of seed s are rows s * B to (s + 1) * B.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from trmbench.errors import TrmbenchError
from trmbench.spec import RecursiveModel, StepOutput
from trmbench.spec.models import Forward, State, Step, capabilities
from trmbench.streams import Draws
from trmbench.training.weights import module_of


def stacked(seeds: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Named tensors of every seed with a new leading dimension S."""
    return {name: torch.stack([seed[name].detach() for seed in seeds]) for name in seeds[0]}


def stacked_forward(models: Sequence[RecursiveModel], weights: Mapping[str, Tensor]) -> Forward:
    """The forward pass of all seeds, each with its own weights, on batches laid end to end.

    A model that says `stacks_seeds` gets the weights (S, ...) as they are: its modules know what
    to do (`trmbench.nn.stacked`), which is fastest. Any other is mapped over the seeds by
    `torch.func.vmap`.

    Args:
        models: of the seeds; the first one's code is used.
        weights: what is trained, stacked.

    Raises:
        TrmbenchError: a module holds hooks, which stacked weights would not reach.
    """
    modules = [module_of(model) for model in models]
    model = modules[0]
    _refuse_hooks(model)
    if capabilities(model).stacks_seeds:
        return lambda *arguments: functional_call(model, dict(weights), arguments)
    rest = stacked([_untrained(module, weights) for module in modules])

    def forward(state: State, inputs: Tensor, rows: Tensor, *step: Step) -> StepOutput:
        def one_seed(own: dict[str, Tensor], of_step: dict[str, Tensor], *arguments: Any) -> Any:
            told = (_step_of(each, **of_step) for each in step)
            output = functional_call(model, own, (*arguments, *told))
            return {name: part for name, part in output._asdict().items() if part is not None}

        def apart(part: Tensor) -> Tensor:
            return part.view(len(models), -1, *part.shape[1:])

        of_step = {name: apart(part) for each in step for name, part in _by_puzzle(each).items()}
        states = tuple(map(apart, state))
        mapped = vmap(one_seed)({**weights, **rest}, of_step, states, apart(inputs), apart(rows))
        together = {name: _flat(part) for name, part in mapped.items()}
        return StepOutput(**together)

    return forward


def _refuse_hooks(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            raise TrmbenchError(
                f"{name or type(model).__name__} has hooks, which are one model's own and would not"
                " see what stacked seeds compute",
                "leave out --stack-seeds",
            )


def _untrained(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: tensor for name, tensor in tensors.items() if name not in weights}


def _by_puzzle(step: Step) -> dict[str, Tensor]:
    """The tensors (B, ...) of a step."""
    assert isinstance(step.draw, Draws) and step.labels is not None
    return {"keys": step.draw.keys, "number": step.number, "labels": step.labels}


def _step_of(step: Step, keys: Tensor, number: Tensor, labels: Tensor) -> Step:
    """The step of one seed's puzzles."""
    return step._replace(draw=Draws(keys), number=number, labels=labels)


def _flat(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _flat(each) for name, each in part.items()}
    return tuple(map(_flat, part)) if isinstance(part, tuple) else part.flatten(0, 1)
