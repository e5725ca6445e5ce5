"""Weights and configuration in the names of the reference implementation of HRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.published import weights as reference
from trmbench_hrm.model import HRM
from trmbench_hrm.options import Options

RENAMES = (("initial_0", "inner.H_init"), ("initial_1", "inner.L_init"))


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> HRM:
    """Build an HRM with the weights, in their dtype, of the public reference implementation.

    Args:
        config: its `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    options = Options(**reference.options(config), high_layers=config.get("H_layers"))
    model = HRM(options, reference.task_info(config))
    reference.load_weights(model, reference.without_prefixes(state_dict), RENAMES)
    return model


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell the architecture from weights in the reference implementation's names.

    Raises:
        TrmbenchError: they are not the weights of an HRM.
    """
    weights = reference.without_prefixes(state_dict)
    high_layers = reference.count_layers(weights, "inner.H_level.")
    return {**reference.describe(weights), "model.high_layers": high_layers}


def export_reference(model: HRM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Export configuration and weights of an HRM in the reference implementation's names."""
    config = reference.export_config(model.options, model)
    config["H_layers"] = len(model.f_H.layers)
    return config, reference.export_weights(model, RENAMES)
