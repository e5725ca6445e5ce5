"""Record our own regression vectors: `python tests/models/make_vectors.py [NAME ...]`.

Only to be run when the models are known to agree with the reference (`test_golden.py` passes with
the reference's vectors), and when a new variant is added.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import numpy as np
import torch
from reference_vectors import IGNORED, OWN, names_in_reference, plugin_of

from trmbench import Context, TaskInfo
from trmbench.spec.models import capabilities
from trmbench.testing import begin
from trmbench.training.losses import supervision_loss

PUZZLES, TOKENS, VOCABULARY, IDENTIFIERS = 3, 9, 6, 4
COMMON: dict[str, Any] = {
    "width": 16,
    "heads": 2,
    "expansion": 2.0,
    "multiple_of": 8,
    "puzzle_positions": 2,
    "T": 2,
    "n": 2,
    "supervision_steps": 4,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "trm_mlp": {"mixing": "mlp", "position_encoding": "none"},
    "trm_attention": {"T": 3, "puzzle_dim": 24},
    "trm_one_step": {"gradient": "one_step", "n": 3},
    "trm_separate": {"separate_networks": True},
    "trm_single_z": {"features": 1, "n": 3},
    "trm_multi_z": {"features": 4, "n": 5},
    "trm_learned_continue": {"position_encoding": "learned", "act_continue": True},
    "hrm": {"layers": 2, "high_layers": 1, "n": 3},
    "urm": {"layers": 2, "kernel": 3},
    "urm_mlp": {"mixing": "mlp", "position_encoding": "none"},
    "eqr": {"relaxation": 0.8},
    "se_rrm": {
        "head_width": 8,
        "symbol_heads": 2,
        "symbol_head_width": 4,
        "extra_positions": 2,
        "puzzle_embedding": True,
    },
}


def build(name: str, info: TaskInfo) -> Any:
    """A model whose every weight matters, in float64."""
    plugin = plugin_of(name)
    known = {field.name for field in dataclasses.fields(plugin.Options)}
    common = {option: value for option, value in COMMON.items() if option in known}
    options = plugin.Options(**(common | VARIANTS[name]))
    model = plugin.build(options, info, Context(0, torch.device("cpu"))).double()
    head = getattr(model, "halt_head", None)
    with torch.no_grad():
        if head is not None:
            head.weight.normal_(std=0.3)
            head.bias.fill_(-0.3)
        model.puzzle_embedding.weight.normal_()
    return model


def record(name: str) -> None:
    """Write `vectors/own_<name>.npz`."""
    torch.manual_seed(0)
    info = TaskInfo("", "", "", VOCABULARY, TOKENS, (3, 3), IDENTIFIERS)
    model = build(name, info)
    plugin = plugin_of(name)
    config, weights = plugin.export_reference(model)
    inputs, labels = torch.randint(0, VOCABULARY, (2, PUZZLES, TOKENS))
    labels[:, :2] = IGNORED
    identifiers = torch.tensor([1, 3, 1])
    arrays = {f"param/{key}": value for key, value in weights.items()} | {
        "batch/inputs": inputs,
        "batch/labels": labels,
        "batch/puzzle_identifiers": identifiers,
    }
    # What a model starts from need not be the same for every puzzle.
    state = first = tuple(torch.randn_like(z) for z in begin(model, PUZZLES))
    outputs = []
    latents = ["L"] if len(state) <= 2 else [f"L{i}" for i in range(1, len(state))]
    states = latents if len(state) == 1 else ["H", *latents]
    arrays |= {f"initial/z_{key}": z for key, z in zip(states, first, strict=True)}
    for step in range(4):
        with torch.no_grad():
            output = model(state, inputs, identifiers)
        outputs.append(output)
        state = output.state
        arrays |= {f"eval/{step}/z_{key}": z for key, z in zip(states, state, strict=True)}
        arrays[f"eval/{step}/logits"] = output.logits
        said = {
            "q_halt_logits": output.halt_logits,
            "q_continue_logits": output.continue_logits,
            "confidence": output.confidence,
        }
        arrays |= {f"eval/{step}/{key}": value for key, value in said.items() if value is not None}
        arrays[f"eval/{step}/loss"] = supervision_loss(output, labels, ignore=IGNORED).total
    target = None
    if capabilities(model).needs_continue_target:
        best = torch.maximum(outputs[1].halt_logits, outputs[1].continue_logits)
        target = arrays["train/continue_target"] = best.sigmoid()
    rows = model.puzzle_embedding.gather(identifiers)
    output = model(first, inputs, rows)
    loss = supervision_loss(output, labels, target, ignore=IGNORED)
    loss.total.backward()
    arrays["train/loss"] = loss.total
    names = names_in_reference(model, plugin)
    arrays |= {f"grad/{names[key]}": value.grad for key, value in model.named_parameters()}
    arrays["grad/puzzle_emb.local_weights"] = rows.grad
    saved = {key: value.detach().numpy() for key, value in arrays.items()}
    np.savez_compressed(OWN / f"own_{name}.npz", config=json.dumps(config), **saved)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for variant in sys.argv[1:] or VARIANTS:
        record(variant)
