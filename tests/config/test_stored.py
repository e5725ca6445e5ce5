"""A stored configuration that this version cannot use is one line, and any other is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trmbench.config.stored import require_known_settings
from trmbench.errors import TrmbenchError
from trmbench.spec import Trial
from trmbench.testing.running import toy_trial, visible_plugin


@pytest.fixture(autouse=True)
def toy_plugin() -> Iterator[None]:
    with visible_plugin("toy", "trmbench.testing.toy"):
        yield


def with_setting(section: str, key: str, value: Any) -> Trial:
    """A trial whose configuration says something else, or more."""
    trial = toy_trial(0, Path("results"), {})
    return replace(trial, config={**trial.config, section: {**trial.config[section], key: value}})


@pytest.mark.parametrize(
    ("section", "key", "value", "why"),
    [
        ("train", "of_a_later_version", 1, "'train.of_a_later_version' is unknown here"),
        ("task", "of_a_later_version", 1, "'task.of_a_later_version' is unknown here"),
        ("model", "width", "wide", "model.width='wide' is not a whole number"),
        ("execution", "device", "quantum", "execution.device='quantum' is not"),
        ("execution", "device", [1], "execution.device=[1] is not"),
    ],
)
def test_settings_that_nobody_knows_are_one_line(
    section: str, key: str, value: Any, why: str
) -> None:
    trial = with_setting(section, key, value)
    with pytest.raises(TrmbenchError) as error:
        require_known_settings(trial)
    assert why in error.value.message and trial.trial_id in error.value.message


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("execution", "ray_address", "auto"), ("train", "steps", 10**12)],
)
def test_former_settings_and_former_values_are_used(section: str, key: str, value: Any) -> None:
    require_known_settings(with_setting(section, key, value))
