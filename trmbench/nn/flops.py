"""Floating-point operations of the building blocks, by formula: what MFU is a share of.

Only matrix products count, two operations per multiply-add; the rest is a few per cent of the
work. Everything is for one puzzle, so for B = 1. Shapes: P positions, D features of a position,
H hidden features of an MLP, L tokens, V tokens of the vocabulary.
"""

from __future__ import annotations

from trmbench.nn.layers import hidden_features
from trmbench.nn.options import NetworkOptions
from trmbench.spec.models import ForwardFlops as ForwardFlops  # what a model tells with these


def network_flops(options: NetworkOptions, positions: int) -> int:
    """One pass of a `Network`: `layers` blocks of mixing and SwiGLU over (P, D)."""
    P, D = positions, options.width
    if options.mixing == "attention":
        projections = 2 * P * D * 4 * D  # query, key, value, output
        mixing = projections + 2 * 2 * P * P * D  # scores, and their average of the values
    else:
        mixing = _swiglu(P, options) * D
    return options.layers * (mixing + _swiglu(D, options) * P)


def _swiglu(features: int, options: NetworkOptions) -> int:
    """A gated MLP on one vector: three matrices between `features` and H."""
    return 2 * 3 * features * hidden_features(features, options.expansion, options.multiple_of)


def heads_flops(options: NetworkOptions, seq_len: int, vocab_size: int, halts: bool) -> int:
    """Reading an answer: logits (L, V) and, with `halts`, the two logits of the halting head."""
    return 2 * options.width * (seq_len * vocab_size + 2 * halts)
