"""Recorded parameters, outputs, losses and gradients, and how to replay them.

Two sources in one format: the public reference implementation's (`../shared/golden`, or
`$TRMBENCH_SHARED/golden`, where present) and our own (`vectors/`, made by `make_vectors.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import trmbench_hrm
import trmbench_trm
from trmbench.nn import PuzzleModel
from trmbench.published.weights import reference_name

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
)
IGNORED = -100


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
        self.plugin = trmbench_hrm if "hrm" in path.stem else trmbench_trm
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

    def model(self, dtype: torch.dtype = torch.float64, **config: Any) -> PuzzleModel:
        """The model of the recorded parameters, some of its configuration changed."""
        weights = {name: value.to(dtype) for name, value in self.group("param/").items()}
        return self.plugin.load_reference(self.config | config, weights)

    def state(self, step: int) -> tuple[torch.Tensor, ...]:
        """The recorded state after a step, in the model's order: y, then z."""
        states = self.group(f"eval/{step}/z_")
        return tuple(states[name] for name in sorted(states))


def names_in_reference(model: PuzzleModel) -> dict[str, str]:
    """The reference's name of each parameter, by its name here."""
    return {name: reference_name(name, ()) for name, _ in model.named_parameters()}


def assert_close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float, what: str) -> None:
    """Fail unless the largest difference is within the tolerance of the largest entry."""
    assert actual.shape == expected.shape, what
    largest = expected.abs().max().clamp_min(1e-30)
    difference = ((actual.double() - expected).abs().max() / largest).item()
    assert difference <= tolerance, f"{what}: off by {difference:.1e} of the largest entry"
