"""Trials on torch's `meta` device, which has shapes and no numbers."""

from __future__ import annotations

import pytest
import torch

from trmbench.streams import Streams

META = torch.device("meta")


class OnDevice(torch.Generator):
    """A generator that says it is the device's: none can be made for `meta`."""

    device = META  # type: ignore[assignment]


def train_on_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every trial that is built from here on train on `meta`."""
    monkeypatch.setattr("trmbench.trial.build.choose_device", lambda wanted: META)
    monkeypatch.setattr(
        Streams,
        "__init__",
        lambda self, seed, _: vars(self).update(seed=seed, _generator=OnDevice()),
    )
