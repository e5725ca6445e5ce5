"""Weights and configuration in the names of the reference implementation of TRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.published import weights as reference
from trmbench.published.weights import Renames
from trmbench_trm.model import TRM
from trmbench_trm.options import Options


def renames(features: int) -> Renames:
    """Names of the initial states: `H_init` is y's; single z is an `L_init` alone."""
    if features == 1:
        return (("initial_0", "inner.L_init"),)
    if features == 2:
        return (("initial_0", "inner.H_init"), ("initial_1", "inner.L_init"))
    latents = ((f"initial_{i}", f"inner.L{i}_init") for i in range(1, features))
    return (("initial_0", "inner.H_init"), *latents)


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> TRM:
    """Build a TRM with the weights, in their dtype, of the public reference implementation.

    The weights' names tell the variant.

    Args:
        config: its `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    weights = reference.without_prefixes(state_dict)
    options = Options(
        **reference.options(config),
        **_variant(weights),
        gradient=config.get("gradient", "full"),
        act_continue=not config.get("no_ACT_continue", True),
    )
    model = TRM(options, reference.task_info(config))
    reference.load_weights(model, weights, renames(options.features))
    return model


def _variant(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    return {
        "features": sum(name.endswith("_init") for name in weights),
        "separate_networks": any(name.startswith("inner.H_level.") for name in weights),
    }


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell the architecture from weights in the reference implementation's names.

    Raises:
        TrmbenchError: they are not the weights of a TRM.
    """
    weights = reference.without_prefixes(state_dict)
    variant = {f"model.{name}": value for name, value in _variant(weights).items()}
    return {**reference.describe(weights), **variant}


def export_reference(model: TRM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Export configuration and weights of a TRM in the reference implementation's names.

    Options that the reference does not have (`gradient`, `multiple_of`) keep our own names.
    """
    options = model.options
    config = reference.export_config(options, model)
    config["no_ACT_continue"] = not options.act_continue
    if options.gradient != "full":
        config["gradient"] = options.gradient
    return config, reference.export_weights(model, renames(options.features))
