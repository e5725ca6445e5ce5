"""Studies that come with trmbench: TOML files of cells (`trmbench.config.study`), shipped as data.

Cells state only what differs from the preset, so each study exists at every preset; `at.mini` has
what must differ in another way there.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from trmbench.errors import unknown

_SUFFIX = ".toml"


def study_names() -> list[str]:
    """Names of the studies, in alphabetical order."""
    names = (file.name for file in files(__name__).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def find_study(name: str) -> Traversable:
    """The file of a study.

    Raises:
        TrmbenchError: there is no study of that name.
    """
    if name not in study_names():
        raise unknown("study", name, study_names())
    return files(__name__).joinpath(name + _SUFFIX)
