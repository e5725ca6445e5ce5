"""Weights and configuration of CGAR, in the names of the reference implementation of TRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.published import weights as reference
from trmbench_cgar.model import CGAR
from trmbench_cgar.options import Options

RENAMES = (("initial_0", "inner.H_init"), ("initial_1", "inner.L_init"))


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> CGAR:
    """A CGAR with weights, in their dtype, by TRM's names.

    Args:
        config: the `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    model = CGAR(Options(**reference.options(config)), reference.task_info(config))
    reference.load_weights(model, reference.without_prefixes(state_dict), RENAMES)
    return model


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What weights by TRM's names tell of their architecture.

    Raises:
        TrmbenchError: they are not the weights of a TRM.
    """
    return reference.describe(reference.without_prefixes(state_dict))


def export_reference(model: CGAR) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of a CGAR by TRM's names."""
    config = reference.export_config(model.options, model)
    return config, reference.export_weights(model, RENAMES)
