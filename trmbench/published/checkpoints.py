"""Public weights of TRM and HRM by name; light: the hub's client is loaded by a download."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from trmbench.errors import TrmbenchError, unknown


@dataclass(frozen=True)
class PublicWeights:
    """A file of weights on the Hugging Face hub. Texts may be empty: not known, or none."""

    name: str
    """The name in `trmbench checkpoint import NAME`."""
    model: str
    task: str
    repository: str
    """`owner/name` on the hub."""
    file: str
    """The path in the repository."""
    options: str
    """Settings other than the preset `paper` has, as `KEY=VALUE KEY=VALUE`."""
    identifiers: str
    """ARC: the subsets of the data set whose `identifiers.json` names the puzzle embeddings."""
    expected: str
    """The accuracy that somebody measured, in percent, as printed."""
    metric: str
    """The metric that was measured."""
    measured_by: str
    evidence: str
    """text = read in the source itself, secondary = quoted elsewhere."""
    note: str

    def expectation(self) -> str | None:
        """Say which accuracy was measured, and by whom; None where nobody reports one."""
        if not self.expected:
            return None
        return f"{self.measured_by} measured {self.expected} % ({self.metric}) with these weights"


def public_weights(task: str | None = None) -> list[PublicWeights]:
    """Read all public weights, or the weights for one task, in the order of the file.

    Raises:
        TrmbenchError: there are none for the task.
    """
    text = files("trmbench.published").joinpath("weights.csv").read_text(encoding="utf-8")
    found = [PublicWeights(**row) for row in csv.DictReader(text.splitlines())]
    if task is None:
        return found
    tasks = dict.fromkeys(weights.task for weights in found)
    if task not in tasks:
        raise unknown("task with public weights", task, tasks)
    return [weights for weights in found if weights.task == task]


def find_weights(name: str) -> PublicWeights:
    """Find the public weights of a name.

    Raises:
        TrmbenchError: there are none.
    """
    by_name = {weights.name: weights for weights in public_weights()}
    if name not in by_name:
        raise unknown("file or name of public weights", name, by_name)
    return by_name[name]


def download(weights: PublicWeights) -> Path:
    """Fetch the file, unless it is in the hub's local cache already.

    Raises:
        TrmbenchError: it cannot be downloaded.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # its retries are no news; its failure becomes one line
    try:
        return Path(hf_hub_download(weights.repository, weights.file))
    except Exception as error:  # the client's errors have changed base class between versions
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TrmbenchError(
            f"{weights.file} of {weights.repository} cannot be downloaded: {reason}",
            f"get it elsewhere and add --path FILE to checkpoint import {weights.name}",
        ) from error
