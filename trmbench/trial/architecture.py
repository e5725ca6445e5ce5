"""Whether foreign weights fit a configuration, and which settings would make them fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trmbench.errors import TrmbenchError

Facts = Mapping[str, Any]
"""Facts about an architecture, as `ReferenceWeights.describe` tells them from weights."""

_MEANING: dict[tuple[str, Any], Any] = {
    ("model.puzzle_positions", False): 0,
    ("model.position_encoding", True): "learned",
}
"""What an option is where a fact that names it only says whether something is there."""


def check_architecture(ours: Facts, theirs: Facts, options: Facts) -> None:
    """Refuse weights of another architecture, naming the first option that differs.

    Args:
        ours: what weights of the configuration would tell.
        theirs: what the weights tell.
        options: `model.*` of the configuration.

    Raises:
        TrmbenchError: they differ.
    """
    different = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    if not different:
        return
    first = different[0]
    settings = _settings(different, theirs, options)
    known = _option(first) in settings
    asked = " ".join(f"--set {key}={str(value).lower()}" for key, value in settings.items())
    raise TrmbenchError(
        f"the weights do not fit the configuration: {first} is {theirs.get(first, 'not')} in the"
        f" weights, {ours.get(first, 'not')} in the configuration",
        f"try {asked}" if known else "check --task, --preset and --set",
    )


def _settings(different: Sequence[str], theirs: Facts, options: Facts) -> dict[str, Any]:
    """Collect the options that the weights ask for, as far as they tell."""
    settings = {}
    for key in different:
        option, value = _option(key), theirs.get(key)
        if key.startswith("model.") and value is not None:
            settings[option] = value
        elif (option, value) in _MEANING:
            settings[option] = _MEANING[option, value]
    learned = any(_option(key) == "model.position_encoding" and theirs[key] for key in theirs)
    attention = theirs.get("model.mixing") == "attention"
    if attention and not learned and options.get("position_encoding") != "rope":
        settings["model.position_encoding"] = "rope"
    return settings


def _option(fact: str) -> str:
    """Find the option that a fact is about: `model.width`, or the one in brackets at its end."""
    found = re.search(r"\((model\.\w+)\)$", fact)
    return found[1] if found else fact


def doubts(options: Facts) -> list[str]:
    """Name the options that fit the weights and are likely wrong all the same, a line each.

    Args:
        options: `model.*` of the configuration.
    """
    if options.get("mixing") == "attention" and options.get("position_encoding") == "none":
        return [
            "attention without positions cannot tell one cell from another and scores near 0;"
            " published attention weights have rotary positions:"
            " import again with --set model.position_encoding=rope"
        ]
    return []
