"""The optimisers that trmbench brings itself, and what every optimiser is to the training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from trmbench.errors import TrmbenchError
from trmbench.spec.models import capabilities
from trmbench.spec.optimizers import OptimizerSpec, Weight
from trmbench.spec.settings import TrainSettings
from trmbench.training.optim import AdamATan2
from trmbench.training.torch_settings import build_optimizers_without_compiler
from trmbench.training.weights import module_of

MUON_MOMENTUM = 0.95
OUTER = ("embed", "head")
"""Parts of the names of what is no hidden matrix."""

State = dict[str, Tensor | float | int]
"""What an optimiser keeps of one weight."""


def adam_atan2(weights: Sequence[Weight], settings: TrainSettings) -> list[Optimizer]:
    """The optimiser of the released TRM and HRM code."""
    betas = (settings.beta1, settings.beta2)
    tensors = [weight.tensor for weight in weights]
    return [AdamATan2(tensors, settings.learning_rate, betas, settings.weight_decay)]


def adamw(weights: Sequence[Weight], settings: TrainSettings) -> list[Optimizer]:
    """torch.optim.AdamW."""
    betas, decay = (settings.beta1, settings.beta2), settings.weight_decay
    tensors = [weight.tensor for weight in weights]
    rate = settings.learning_rate
    fused = not any(tensor.is_meta for tensor in tensors)  # it has no kernel for `meta`
    return [torch.optim.AdamW(tensors, rate, betas, weight_decay=decay, fused=fused)]


def muon(weights: Sequence[Weight], settings: TrainSettings) -> list[Optimizer]:
    """torch.optim.Muon for hidden matrices, AdamW for the rest, with one learning rate.

    Muon's updates are scaled to the size of AdamW's (Liu et al., 2502.16982), so that learning
    rate and weight decay mean the same for both.

    Raises:
        TrmbenchError: this torch has no Muon.
    """
    if not hasattr(torch.optim, "Muon"):
        raise TrmbenchError(
            f"torch {torch.__version__} has no Muon", "it came with torch 2.9; use adam_atan2"
        )
    hidden = [weight.tensor for weight in weights if weight.is_hidden_matrix]
    rest = [weight for weight in weights if not weight.is_hidden_matrix]
    of_hidden = torch.optim.Muon(
        hidden,
        settings.learning_rate,
        settings.weight_decay,
        MUON_MOMENTUM,
        adjust_lr_fn="match_rms_adamw",
    )
    return [of_hidden, *(adamw(rest, settings) if rest else [])]


def hidden_matrices(model: object) -> set[str]:
    """Names of a model's matrices between hidden layers.

    Those that it names itself, else its matrices that are no `nn.Embedding`'s and have neither
    "embed" nor "head" in their names.
    """
    named = capabilities(model).hidden_matrices
    if named is not None:
        return set(named())
    module = module_of(model)
    embeddings = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
    return {
        name
        for name, weight in module.named_parameters()
        if weight.dim() == 2
        and id(weight) not in embeddings
        and not any(word in name for word in OUTER)
    }


class Optimizers:
    """The optimisers of a network's weights as one; puzzle embeddings are trained apart.

    Args:
        spec: which.
        weights: what they train, by name; with a leading dimension where seeds are stacked.
        model: the model that the weights are of.
        settings: the `train` section.

    Raises:
        TrmbenchError: the plugin's optimisers do not share the weights among them.
    """

    def __init__(
        self,
        spec: OptimizerSpec,
        weights: Mapping[str, Tensor],
        model: object,
        settings: TrainSettings,
    ) -> None:
        build_optimizers_without_compiler()
        self.spec = spec
        self._weights = list(weights.values())
        hidden = hidden_matrices(model)
        given = [Weight(name, tensor, name in hidden) for name, tensor in weights.items()]
        built = spec.build(given, settings)
        self.all = [built] if isinstance(built, Optimizer) else list(built)
        self._groups = [group for one in self.all for group in one.param_groups]
        self._rates = [group["lr"] for group in self._groups]
        taken = sorted(id(weight) for group in self._groups for weight in group["params"])
        if taken != sorted(map(id, self._weights)):
            raise TrmbenchError(
                f"optimizer {spec.name!r} does not train every weight exactly once",
                "its plugin would return optimisers that share the weights that `build` gets",
            )

    def step(self, factor: float) -> None:
        """Update the weights at a share of the learning rates, and forget the gradients."""
        for group, rate in zip(self._groups, self._rates, strict=True):
            group["lr"] = rate * factor
        for one in self.all:
            one.step()
            one.zero_grad(set_to_none=True)

    def states(self) -> dict[int, State]:
        """What is kept of each weight, by its place.

        Raises:
            TrmbenchError: it is something else than tensors and numbers.
        """
        kept: dict[int, State] = {}
        for place, weight in enumerate(self._weights):
            for one in self.all:
                if state := one.state.get(weight):
                    kept[place] = {name: self._plain(name, part) for name, part in state.items()}
        return kept

    def groups(self) -> list[dict[str, Any]]:
        """The numbers and words of each group, such as betas."""
        simple = (bool, int, float, str, type(None), list, tuple)
        return [
            {key: value for key, value in group.items() if _is(value, simple) and key != "params"}
            for group in self._groups
        ]

    def load(
        self, states: Mapping[int, Mapping[str, Any]], groups: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Go on from what `states` and `groups` told."""
        places = {id(weight): place for place, weight in enumerate(self._weights)}
        for one in self.all:
            trained = [weight for group in one.param_groups for weight in group["params"]]
            own = {
                index: dict(states[places[id(weight)]])
                for index, weight in enumerate(trained)
                if places[id(weight)] in states
            }
            one.load_state_dict({**one.state_dict(), "state": own})
        self._groups = [group for one in self.all for group in one.param_groups]
        for group, stored in zip(self._groups, groups, strict=False):
            for key, value in stored.items():
                group[key] = tuple(value) if isinstance(group.get(key), tuple) else value

    def saved(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What training goes on from: tensors by "place/name", and the rest for JSON."""
        tensors: dict[str, Tensor] = {}
        numbers: dict[str, float | int] = {}
        for place, state in self.states().items():
            for name, part in state.items():
                kept: dict[str, Any] = tensors if isinstance(part, Tensor) else numbers
                kept[f"{place}/{name}"] = part
        return tensors, {"numbers": numbers, "groups": self.groups()}

    def restore(self, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
        """Go on from what `saved` gave; older checkpoints have tensors alone."""
        states: dict[int, State] = {}
        for key, part in {**tensors, **rest.get("numbers", {})}.items():
            place, _, name = key.partition("/")
            states.setdefault(int(place), {})[name] = part
        self.load(states, rest.get("groups", ()))

    def _plain(self, name: str, part: Any) -> Tensor | float | int:
        if isinstance(part, Tensor | int | float):
            return part
        raise TrmbenchError(
            f"optimizer {self.spec.name!r} keeps {name}, a {type(part).__name__}, which cannot be"
            " saved",
            "its plugin would keep tensors and numbers",
        )


def stacked_states(apart: Iterable[Mapping[int, State]]) -> dict[int, State]:
    """The optimiser's states of several seeds with a leading dimension; numbers are shared."""
    seeds = list(apart)

    def together(place: int, name: str) -> Tensor | float | int:
        parts = [seed[place][name] for seed in seeds]
        tensors = [part for part in parts if isinstance(part, Tensor) and part.dim()]
        return torch.stack(tensors) if tensors else _copied(parts[0])

    return {
        place: {name: together(place, name) for name in state} for place, state in seeds[0].items()
    }


def states_of_seed(states: Mapping[int, State], seed: int) -> dict[int, State]:
    """One seed's part of stacked states."""
    return {
        place: {
            name: part[seed] if isinstance(part, Tensor) and part.dim() else _copied(part)
            for name, part in state.items()
        }
        for place, state in states.items()
    }


def _copied(part: Tensor | float | int) -> Tensor | float | int:
    return part.clone() if isinstance(part, Tensor) else part


def _is(value: Any, simple: tuple[type, ...]) -> bool:
    inside = value if isinstance(value, list | tuple) else ()
    return isinstance(value, simple) and all(_is(each, simple) for each in inside)
