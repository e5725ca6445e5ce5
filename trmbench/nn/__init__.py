"""Building blocks of small recursive networks, loaded when they are first used.

Everything computes in the dtype of its input, so a model computes in the dtype of its state.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trmbench.nn.embedding import InputEmbedding, PuzzleEmbedding
    from trmbench.nn.flops import ForwardFlops, heads_flops, network_flops
    from trmbench.nn.layers import Attention, Block, Network, SwiGLU, TokenMixing
    from trmbench.nn.linear import Linear, TokenEmbedding, truncated_normal
    from trmbench.nn.model import PuzzleModel
    from trmbench.nn.norm import rms_norm
    from trmbench.nn.options import NetworkOptions, RecursionOptions

_MODULE_OF = {
    "Attention": "layers",
    "Block": "layers",
    "ForwardFlops": "flops",
    "InputEmbedding": "embedding",
    "Linear": "linear",
    "Network": "layers",
    "NetworkOptions": "options",
    "PuzzleEmbedding": "embedding",
    "PuzzleModel": "model",
    "RecursionOptions": "options",
    "SwiGLU": "layers",
    "TokenEmbedding": "linear",
    "TokenMixing": "layers",
    "heads_flops": "flops",
    "network_flops": "flops",
    "rms_norm": "norm",
    "truncated_normal": "linear",
}

__all__ = [
    "Attention",
    "Block",
    "ForwardFlops",
    "InputEmbedding",
    "Linear",
    "Network",
    "NetworkOptions",
    "PuzzleEmbedding",
    "PuzzleModel",
    "RecursionOptions",
    "SwiGLU",
    "TokenEmbedding",
    "TokenMixing",
    "heads_flops",
    "network_flops",
    "rms_norm",
    "truncated_normal",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trmbench.nn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"trmbench.nn.{_MODULE_OF[name]}"), name)
