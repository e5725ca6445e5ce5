"""Which trmbench a process runs: parent and worker must be the same."""

from __future__ import annotations

import os
from typing import NamedTuple

import trmbench


class Code(NamedTuple):
    """The trmbench that a process runs."""

    place: str
    version: str

    def __str__(self) -> str:
        return f"{self.version} in {self.place}"


def own_code() -> Code:
    """The trmbench of this process."""
    return Code(os.path.realpath(str(trmbench.__file__)), trmbench.__version__)
