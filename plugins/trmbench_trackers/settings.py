"""What a tracker is told of a trial at its beginning."""

from __future__ import annotations

from typing import Any

from trmbench import Trial


def settings(trial: Trial) -> dict[str, Any]:
    """A trial's names and settings by dotted key."""
    names = {
        name: getattr(trial, name) for name in ("trial_id", "cell_id", "model", "task", "seed")
    }
    flat = {f"{part}.{key}": v for part, keys in trial.config.items() for key, v in keys.items()}
    return {**names, "preset": trial.preset, **flat}
