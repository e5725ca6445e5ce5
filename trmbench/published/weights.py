"""Exchange of weights with the public reference implementations of TRM and HRM.

Their names: SamsungSAILMontreal/TinyRecursiveModels and sapientinc/HRM, class `...ACTV1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from trmbench.errors import TrmbenchError
from trmbench.nn.model import PuzzleModel
from trmbench.nn.options import RecursionOptions
from trmbench.spec import TaskInfo

Renames = tuple[tuple[str, str], ...]
"""Parts of a name here, and what the reference calls them."""

_SHARED: Renames = (
    ("embedding.tokens.weight", "inner.embed_tokens.embedding_weight"),
    ("embedding.positions.weight", "inner.embed_pos.embedding_weight"),
    ("embedding.puzzle.weight", "inner.puzzle_emb.weights"),
    ("answer_head.", "inner.lm_head."),
    ("halt_head.", "inner.q_head."),
    ("f_L.", "inner.L_level."),
    ("f_H.", "inner.H_level."),
    (".mixing.qkv.", ".self_attn.qkv_proj."),
    (".mixing.output.", ".self_attn.o_proj."),
    (".mixing.gate_up.", ".mlp_t.gate_up_proj."),
    (".mixing.down.", ".mlp_t.down_proj."),
    (".mlp.gate_up.", ".mlp.gate_up_proj."),
    (".mlp.down.", ".mlp.down_proj."),
)
_INNER, _ROTARY = "inner.", "rotary_emb."
_MULTIPLE_OF = 256
"""The reference rounds the hidden features of every MLP up to a multiple of this."""
_FIXED = {"rms_norm_eps": 1e-5, "rope_theta": 10_000.0}
"""Settings of the reference that nobody changes and that are constants here."""
_AS_TRM: Mapping[str, str] = {}


def reference_name(name: str, renames: Renames) -> str:
    """What the reference calls a parameter or buffer; `renames` are the model's own."""
    for here, there in (*renames, *_SHARED):
        name = name.replace(here, there)
    return name


def without_prefixes(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the weights as the reference's model does, beginning with `inner.`.

    The model may have been compiled, wrapped in a loss, or saved without its outer part.
    The tables of rotary positions, which some versions saved, follow from the shape and are left
    out.
    """
    return {_plain_name(name): tensor for name, tensor in state_dict.items() if _ROTARY not in name}


def _plain_name(name: str) -> str:
    at = name.find(_INNER)
    return name[at:] if at >= 0 else _INNER + re.sub(r"^((_orig_mod|module|model)\.)*", "", name)


def load_weights(model: nn.Module, state_dict: Mapping[str, Tensor], renames: Renames) -> None:
    """Put the reference's weights (plain names) into a model, keeping their dtype.

    Raises:
        TrmbenchError: a weight is missing, left over, or has another shape.
    """
    own = model.state_dict()
    names = {reference_name(name, renames): name for name in own}
    missing, unknown = names.keys() - state_dict.keys(), state_dict.keys() - names.keys()
    if missing or unknown:
        raise _misfit(f"missing {_some(list(missing))}; unknown {_some(list(unknown))}")
    for there, here in names.items():
        if own[here].shape != state_dict[there].shape:
            shapes = tuple(state_dict[there].shape), tuple(own[here].shape)
            raise _misfit(f"{there} has shape {shapes[0]} instead of {shapes[1]}")
    # Copied, so that training the model leaves the caller's tensors alone.
    weights = {here: state_dict[there].detach().clone() for there, here in names.items()}
    model.load_state_dict(weights, assign=True)


def describe(weights: Mapping[str, Tensor], network: str = "inner.L_level.") -> dict[str, Any]:
    """What plainly named weights tell of the task and the network, by option or in words.

    Heads, T, n, supervision steps, and rope or none leave no trace in them.

    Args:
        weights: by name.
        network: what the names of the layers begin with.

    Raises:
        TrmbenchError: they are not the weights of such a model.
    """
    tokens = weights.get("inner.embed_tokens.embedding_weight")
    hidden = weights.get(f"{network}layers.0.mlp.down_proj.weight")
    if tokens is None or hidden is None or tokens.ndim != 2 or hidden.ndim != 2:
        names = [name.removeprefix(_INNER) for name in weights]
        raise TrmbenchError(
            f"these are not weights of the reference implementation: {_some(names)}",
            f"they have inner.embed_tokens.embedding_weight, {network}layers.0...., ...",
        )
    mixing = weights.get(f"{network}layers.0.mlp_t.gate_up_proj.weight")
    learned = weights.get("inner.embed_pos.embedding_weight")
    puzzle = weights.get("inner.puzzle_emb.weights")
    found = {
        "tokens of the vocabulary": tokens.shape[0],
        "model.mixing": "attention" if mixing is None else "mlp",
        "model.layers": count_layers(weights, network),
        "model.width": tokens.shape[1],
        "hidden features (model.expansion)": hidden.shape[1],
        "learned positions (model.position_encoding)": learned is not None,
        "puzzle embedding (model.puzzle_positions)": puzzle is not None,
    }
    if puzzle is not None:
        found["rows of the puzzle embedding"] = puzzle.shape[0]
        found["model.puzzle_dim"] = puzzle.shape[-1]
    if mixing is not None:
        found["positions (of the grid and model.puzzle_positions)"] = mixing.shape[-1]
    elif learned is not None:
        found["positions (of the grid and model.puzzle_positions)"] = learned.shape[0]
    return found


def count_layers(weights: Mapping[str, Tensor], network: str) -> int:
    """Blocks of a network, such as `inner.L_level.`."""
    start = f"{network}layers."
    return len({name[len(start) :].split(".")[0] for name in weights if name.startswith(start)})


def _some(names: list[str]) -> str:
    """The first of some names, and how many there are: for an error in one line."""
    return f"{', '.join(sorted(names)[:3]) or 'none'}{', ...' if len(names) > 3 else ''}"


def _misfit(what: str) -> TrmbenchError:
    return TrmbenchError(
        f"the weights do not fit the configuration: {what}",
        "check that the weights and the configuration belong together",
    )


def export_weights(model: nn.Module, renames: Renames) -> dict[str, Tensor]:
    """A model's weights by the reference's names, without prefix."""
    state_dict = model.state_dict()
    return {reference_name(name, renames): tensor for name, tensor in state_dict.items()}


def options(config: Mapping[str, Any], called: Mapping[str, str] = _AS_TRM) -> dict[str, Any]:
    """The fields of `RecursionOptions` out of a reference configuration.

    Args:
        config: the reference's settings.
        called: its names of settings, by the names in TRM's reference, where they differ.

    Raises:
        TrmbenchError: the configuration lacks a value or has one that is not supported.
    """
    with reading(config):
        width, dim = config["hidden_size"], config.get("puzzle_emb_ndim", 0)
        return {
            "mixing": "mlp" if config.get("mlp_t", False) else "attention",
            "layers": config[called.get("L_layers", "L_layers")],
            "width": width,
            "heads": config["num_heads"],
            "expansion": config["expansion"],
            "multiple_of": config.get("multiple_of", _MULTIPLE_OF),
            "position_encoding": config["pos_encodings"],
            # 0 or absent: as many as hold the embedding.
            "puzzle_positions": (config.get("puzzle_emb_len") or -(-dim // width)) if dim else 0,
            "puzzle_dim": dim,
            "T": config["H_cycles"],
            "n": config["L_cycles"],
            "supervision_steps": config[called.get("halt_max_steps", "halt_max_steps")],
        }


def task_info(config: Mapping[str, Any]) -> TaskInfo:
    """What a reference configuration says about its task.

    Raises:
        TrmbenchError: the configuration lacks a value.
    """
    with reading(config):
        return TaskInfo(
            title="",
            source="a reference configuration",
            fingerprint="",
            vocab_size=config["vocab_size"],
            seq_len=config["seq_len"],
            grid_shape=(1, config["seq_len"]),
            num_puzzle_identifiers=config["num_puzzle_identifiers"],
        )


def export_config(options: RecursionOptions, model: PuzzleModel) -> dict[str, Any]:
    """The reference configuration of a model; the inverse of the two above.

    `multiple_of` is added where it is not the reference's, which has no name for it.
    """
    puzzle = model.puzzle_embedding
    config = {
        "mlp_t": options.mixing == "mlp",
        "L_layers": options.layers,
        "H_layers": options.layers,
        "hidden_size": options.width,
        "num_heads": options.heads,
        "expansion": options.expansion,
        "pos_encodings": options.position_encoding,
        "puzzle_emb_len": options.puzzle_positions,
        "puzzle_emb_ndim": 0 if puzzle is None else puzzle.weight.shape[1],
        "num_puzzle_identifiers": 1 if puzzle is None else puzzle.weight.shape[0],
        "vocab_size": model.embedding.tokens.weight.shape[0],
        "seq_len": model.seq_len,
        "H_cycles": options.T,
        "L_cycles": options.n,
        "halt_max_steps": options.supervision_steps,
    }
    if options.multiple_of != _MULTIPLE_OF:
        config["multiple_of"] = options.multiple_of
    return config


@contextmanager
def reading(config: Mapping[str, Any]) -> Iterator[None]:
    """Refuse what cannot be followed of a reference configuration, and name what it lacks.

    Raises:
        TrmbenchError: a constant of ours is another one there, or a value is looked for in vain.
    """
    for name, value in _FIXED.items():
        if config.get(name, value) != value:
            raise TrmbenchError(f"{name} is {config[name]}", f"only {value} is supported")
    try:
        yield
    except KeyError as error:
        raise TrmbenchError(
            f"the reference configuration has no {error.args[0]!r}",
            "pass the `arch` section of all_config.yaml with seq_len, vocab_size and "
            "num_puzzle_identifiers",
        ) from error
