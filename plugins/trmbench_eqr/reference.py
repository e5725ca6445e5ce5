"""Weights and configuration in the names of the reference implementation of EqR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trmbench.published import weights as reference
from trmbench_eqr.model import EqR
from trmbench_eqr.options import Options


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> EqR:
    """An EqR with the weights, in their dtype, of the public reference implementation.

    Args:
        config: its `arch` section with `seq_len` and `vocab_size`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    known = {"num_puzzle_identifiers": 1, **config}
    known["pos_encodings"] = config.get("pos_encodings") or "none"
    options = Options(
        **reference.options(known), relaxation=config.get("lambda_", Options.relaxation)
    )
    model = EqR(options, reference.task_info(known))
    reference.load_weights(model, reference.without_prefixes(state_dict), ())
    return model


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What weights in the reference implementation's names tell of their architecture.

    Raises:
        TrmbenchError: they are not the weights of an EqR.
    """
    return reference.describe(reference.without_prefixes(state_dict))


def export_reference(model: EqR) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of an EqR in the reference implementation's names.

    A puzzle embedding, which the reference does not have, is added by TRM's names.
    """
    config = reference.export_config(model.options, model)
    config["lambda_"] = model.options.relaxation
    config["H_layers"] = 0  # as it writes for one network
    return config, reference.export_weights(model, ())
