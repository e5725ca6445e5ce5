"""Weights and configuration in the names of the reference implementation of SE-RRM."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from trmbench import TrmbenchError
from trmbench.published import weights as reference
from trmbench_se_rrm.model import SERRM
from trmbench_se_rrm.options import Options

_EQUIVARIANT = (
    ("embedding.symbols.own", "inner.embed_special_tokens"),
    ("embedding.symbols.shared", "inner.embed_symbol_tokens"),
    ("embedding.extra.own", "inner.add_tokens_special"),
    ("embedding.extra.shared", "inner.add_tokens"),
)
_PLAIN = (
    ("embedding.symbols.own", "inner.embed_symbols"),
    ("embedding.extra.own", "inner.add_tokens"),
)
_BOTH = (
    ("initial", "inner.Z_init"),
    ("embedding.positions", "inner.pos_embedding"),
    ("network.", "inner.L_level."),
    (".over_positions.qkv.", ".attn.qkv_proj."),
    (".over_positions.output.", ".attn.o_proj."),
    (".over_symbols.qkv.", ".attn_t.qkv_proj."),
    (".over_symbols.output.", ".attn_t.o_proj."),
)


def renames(equivariant: bool) -> reference.Renames:
    """Names of the learned vectors: a model without equivariance has one of each symbol's own."""
    return (*(_EQUIVARIANT if equivariant else _PLAIN), *_BOTH)


_CALLED = {
    "equivariant": "equivariant_symbols",
    "layers": "L_layers",
    "width": "hidden_size",
    "heads": "num_heads",
    "head_width": "head_dim",
    "symbol_heads": "num_heads_t",
    "symbol_head_width": "head_dim_t",
    "expansion": "expansion",
    "position_encoding": "pos_encodings",
    "extra_positions": "add_tokens",
    "T": "H_cycles",
    "n": "L_cycles",
    "supervision_steps": "halt_max_steps",
}
"""Its names of settings, by those of the options."""


def load_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> SERRM:
    """An SE-RRM with the weights, in their dtype, of the public reference implementation.

    Args:
        config: its `arch` section with `seq_len`, `vocab_size` and `num_puzzle_identifiers`.
        state_dict: its weights, with or without the prefixes `_orig_mod.` and `model.`.

    Raises:
        TrmbenchError: configuration and weights do not fit together.
    """
    with reference.reading(config):
        options = Options(
            **{ours: config[theirs] for ours, theirs in _CALLED.items()},
            puzzle_embedding=bool(config.get("puzzle_emb_ndim", 0)),
            multiple_of=config.get("multiple_of", Options.multiple_of),
        )
        width = config.get("board_width", math.isqrt(config["seq_len"]))
    info = reference.task_info(config)
    model = SERRM(options, replace(info, grid_shape=(-(-info.seq_len // width), width)))
    weights = reference.without_prefixes(state_dict)
    reference.load_weights(model, weights, renames(options.equivariant))
    return model


def describe_reference(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What weights in the reference implementation's names tell of their architecture.

    Heads, T, n, supervision steps, and the kind of rotary positions leave no trace in them.

    Raises:
        TrmbenchError: they are not the weights of an SE-RRM.
    """
    weights = reference.without_prefixes(state_dict)
    block = "inner.L_level.layers.0."
    of_blocks = (f"{block}attn.o_proj.weight", f"{block}attn_t.o_proj.weight")
    hidden = weights.get(f"{block}mlp.down_proj.weight")
    initial = weights.get("inner.Z_init")
    if initial is None or hidden is None or any(name not in weights for name in of_blocks):
        raise TrmbenchError(
            "these are not weights of the reference implementation of SE-RRM",
            f"they have inner.Z_init, {of_blocks[1]}, ...",
        )
    extra = weights.get("inner.add_tokens")
    puzzle = weights.get("inner.puzzle_emb.weights")
    learned = weights.get("inner.pos_embedding")
    found = {
        "model.equivariant": "inner.embed_symbol_tokens" in weights,
        "model.layers": reference.count_layers(weights, "inner.L_level."),
        "model.width": len(initial),
        "features of all heads (model.heads, model.head_width)": weights[of_blocks[0]].shape[1],
        "the same over symbols": weights[of_blocks[1]].shape[1],
        "hidden features (model.expansion)": hidden.shape[1],
        "model.extra_positions": 0 if extra is None else extra.shape[2],
        "learned positions (model.position_encoding)": learned is not None,
        "model.puzzle_embedding": puzzle is not None,
    }
    if "inner.embed_symbols" in weights:
        found["tokens of the vocabulary"] = weights["inner.embed_symbols"].shape[1]
    if puzzle is not None:
        found["rows of the puzzle embedding"] = puzzle.shape[0]
        found["tokens of the vocabulary"] = puzzle.shape[1] - len(initial)
    return found


def export_reference(model: SERRM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of an SE-RRM in the reference implementation's names.

    What the reference cannot express (`multiple_of`, a board that is not square) is added under
    our own name.
    """
    options = model.options
    puzzle = model.puzzle_embedding
    config: dict[str, Any] = {theirs: getattr(options, ours) for ours, theirs in _CALLED.items()}
    config |= {
        "puzzle_emb_ndim": int(options.puzzle_embedding),
        "num_puzzle_identifiers": 1 if puzzle is None else len(puzzle.weight),
        "vocab_size": model.symbols,
        "seq_len": model.seq_len,
    }
    if options.multiple_of != Options.multiple_of:
        config["multiple_of"] = options.multiple_of
    if model.grid_shape[1] != math.isqrt(model.seq_len):
        config["board_width"] = model.grid_shape[1]
    return config, reference.export_weights(model, renames(options.equivariant))
