"""Recorded parameters, outputs, losses and gradients, and how to replay them.

Two sources in one format: the public reference implementation's (`../shared/golden`, or
`$TRMBENCH_SHARED/golden`, where present) and our own (`vectors/`, made by `make_vectors.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import trmbench_eqr
import trmbench_hrm
import trmbench_se_rrm
import trmbench_trm
import trmbench_urm
from trmbench import RecursiveModel

HERE = Path(__file__).parent
OWN = HERE / "vectors"
SHARED = Path(os.environ.get("TRMBENCH_SHARED", HERE.parents[2] / "shared"))
REFERENCE = SHARED / "golden"
NAMES = (
    "hrm",
    "trm_att",
    "trm_att_learned_pos_act_continue",
    "trm_mlp",
    "trm_multi_z",
    "trm_single_z",
    "urm",
    "eqr",
    "eqr_att",
    "se_rrm",
    "se_rrm_plain",
)
PLUGINS = {
    "trm": trmbench_trm,
    "hrm": trmbench_hrm,
    "urm": trmbench_urm,
    "eqr": trmbench_eqr,
    "se_rrm": trmbench_se_rrm,
}
"""By how the name of a file begins."""
IGNORED = -100
_OUTPUTS = ("logits", "q_halt_logits", "q_continue_logits", "confidence", "loss")
"""What is recorded of a step besides the state."""


def parameters() -> list[Any]:
    """One pytest parameter per vector file; those of the reference skip where absent."""
    absent = pytest.mark.skipif(not REFERENCE.exists(), reason=f"no reference data in {REFERENCE}")
    reference = [
        pytest.param(REFERENCE / f"{name}.npz", id=f"reference-{name}", marks=absent)
        for name in NAMES
    ]
    own = [pytest.param(path, id=f"own-{path.stem}") for path in sorted(OWN.glob("*.npz"))]
    return reference + own


class Vectors:
    """One file: arrays by key, as tensors."""

    def __init__(self, path: Path) -> None:
        self.arrays: Mapping[str, np.ndarray] = dict(np.load(path))
        self.config: dict[str, Any] = json.loads(str(self.arrays["config"]))
        self.plugin = plugin_of(path.stem.removeprefix("own_"))
        self.inputs, self.labels, self.identifiers = (
            self[f"batch/{name}"].long() for name in ("inputs", "labels", "puzzle_identifiers")
        )

    def __getitem__(self, key: str) -> torch.Tensor:
        return torch.from_numpy(np.asarray(self.arrays[key]))

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def group(self, prefix: str) -> dict[str, torch.Tensor]:
        """The tensors whose key starts with the prefix, by the rest of their key."""
        return {key[len(prefix) :]: self[key] for key in self.arrays if key.startswith(prefix)}

    def model(self, dtype: torch.dtype = torch.float64, **config: Any) -> RecursiveModel:
        """The model of the recorded parameters, some of its configuration changed."""
        weights = {name: value.to(dtype) for name, value in self.group("param/").items()}
        return self.plugin.load_reference(self.config | config, weights)

    def initial_state(self, model: RecursiveModel) -> tuple[torch.Tensor, ...]:
        """The recorded state to start from, or the model's own."""
        recorded = self.group("initial/")
        if not recorded:
            return model.initial_state(len(self.inputs))
        return tuple(recorded[name] for name in sorted(recorded))

    def state(self, step: int) -> tuple[torch.Tensor, ...]:
        """The recorded state after a step, in the model's order: y, then z."""
        recorded = self.group(f"eval/{step}/")
        return tuple(recorded[name] for name in sorted(recorded.keys() - set(_OUTPUTS)))

    def names_in_reference(self, model: RecursiveModel) -> dict[str, str]:
        """The reference's name of each tensor, by its name here."""
        return names_in_reference(model, self.plugin)


def plugin_of(name: str) -> ModuleType:
    """The plugin whose model the vectors of this name are of."""
    return next(plugin for start, plugin in PLUGINS.items() if name.startswith(start))


def names_in_reference(model: RecursiveModel, plugin: ModuleType) -> dict[str, str]:
    """The reference's name of each tensor, by its name here."""
    _, weights = plugin.export_reference(model)
    return dict(zip(model.state_dict(), weights, strict=True))


def assert_close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float, what: str) -> None:
    """Fail unless the largest difference is within the tolerance of the largest entry."""
    assert actual.shape == expected.shape, what
    largest = expected.abs().max().clamp_min(1e-30)
    difference = ((actual.double() - expected).abs().max() / largest).item()
    assert difference <= tolerance, f"{what}: off by {difference:.1e} of the largest entry"
