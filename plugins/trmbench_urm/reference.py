"""Weights and configuration in the names of the reference implementation of URM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.published import weights as reference
from trmbench_urm.model import URM
from trmbench_urm.options import Options

RENAMES = (
    ("initial_0", "inner.init_hidden"),
    ("network.", "inner."),
    (".mlp.conv.", ".mlp.dwconv."),
)
_CALLED = {"L_layers": "num_layers", "halt_max_steps": "loops"}


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> URM:
    """A URM with the weights, in their dtype, of the public reference implementation.

    Args:
        config: its `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    weights = reference.without_prefixes(state_dict)
    options = Options(**reference.options(config, _CALLED), kernel=_kernel(weights))
    model = URM(options, reference.task_info(config))
    reference.load_weights(model, weights, RENAMES)
    return model


def _kernel(weights: Mapping[str, Tensor]) -> int:
    convolution = weights.get("inner.layers.0.mlp.dwconv.weight")
    return Options.kernel if convolution is None else convolution.shape[-1]


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What weights in the reference implementation's names tell of their architecture.

    Raises:
        TrmbenchError: they are not the weights of a URM.
    """
    weights = reference.without_prefixes(state_dict)
    return {**reference.describe(weights, "inner."), "model.kernel": _kernel(weights)}


def export_reference(model: URM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of a URM in the reference implementation's names.

    What the reference cannot express (MLP mixing, `multiple_of`, positions that the puzzle
    embedding does not fill) is added by the name that TRM's reference has for it, or our own.
    """
    config = reference.export_config(model.options, model)
    del config["H_layers"]
    return (
        {_CALLED.get(name, name): value for name, value in config.items()},
        reference.export_weights(model, RENAMES),
    )
