"""Whether this version can use what a stored trial was configured with."""

from __future__ import annotations

from trmbench.config.fields import options_of
from trmbench.config.values import checked
from trmbench.errors import TrmbenchError, shown
from trmbench.plugin import registry
from trmbench.spec import Trial
from trmbench.spec.settings import CORE_SECTIONS

_TOLD = ("execution", "evaluation")
"""Sections that older versions wrote with other keys, which are read as they are."""


def require_known_settings(trial: Trial) -> None:
    """Compare a trial's configuration with the settings that there are, before anything is built.

    Ranges are not asked for: what was trained with a value is tested with it.

    Raises:
        TrmbenchError: a setting of it is unknown here, as one of a later version, or none at all.
    """
    model, task = (
        known.find(name).spec.options
        for known, name in ((registry.models(), trial.model), (registry.tasks(), trial.task))
    )
    for section, schema in {"task": task, "model": model, **CORE_SECTIONS}.items():
        options = options_of(schema)
        for key, value in trial.config[section].items():
            dotted = f"{section}.{key}"
            if key in options:
                try:
                    checked(dotted, value, options[key].expected)
                except TrmbenchError as error:
                    raise _unusable(trial, error.message) from None
            elif section not in _TOLD:
                raise _unusable(trial, f"{shown(dotted)} is unknown here")


def _unusable(trial: Trial, why: str) -> TrmbenchError:
    return TrmbenchError(
        f"the configuration of trial {trial.trial_id} cannot be used: {why}",
        "use the trmbench and the plugins that trained it, or train it again",
    )
