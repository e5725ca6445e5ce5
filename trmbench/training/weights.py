"""What of a recursive model is trained, and how much that is."""

from __future__ import annotations

from torch import nn

from trmbench.errors import TrmbenchError


def module_of(model: object) -> nn.Module:
    """The model as the torch module that it must be to be trained.

    Raises:
        TrmbenchError: it is none.
    """
    if not isinstance(model, nn.Module):
        raise TrmbenchError(
            f"{type(model).__name__} cannot be trained: it is no torch.nn.Module",
            "derive it from torch.nn.Module, or give it `predict` if it needs no training",
        )
    return model


def network_weights(model: object) -> dict[str, nn.Parameter]:
    """The weights the optimiser trains, by name; puzzle embeddings are trained apart.

    Raises:
        TrmbenchError: the model is no torch module.
    """
    named = module_of(model).named_parameters()
    return {name: weight for name, weight in named if weight.requires_grad}


def weight_count(model: object) -> int:
    """Numbers in `network_weights`: the parameters of a model as rows tell them."""
    return sum(weight.numel() for weight in network_weights(model).values())
