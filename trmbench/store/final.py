"""What a trial keeps in its folder: its final weights, and the answers it gave with them.

Torch is imported when tensors are read or written, not to see whether they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from trmbench.errors import TrmbenchError
from trmbench.spec import Predictions, Trial
from trmbench.store.files import Damaged
from trmbench.store.location import Location
from trmbench.store.rows import MOST

if TYPE_CHECKING:
    from torch import Tensor, nn

    from trmbench.spec import SelfTraining
    from trmbench.spec.settings import EvaluationSettings

FINAL = "final"
_RAW, _EMA, _LAST = "raw/", "ema/", "last/"
_OF_ANSWERS = (
    *("tokens", "confidence", "tokens_by_step"),
    *("candidates", "candidate_scores", "abstained"),
)
"""The parts of predictions that are kept."""


@dataclass(frozen=True)
class FinalWeights:
    """The weights that a training ended with, by their names in the model."""

    raw: Mapping[str, Tensor]
    """As trained."""
    averages: Mapping[str, Tensor] = field(default_factory=dict)
    """Their moving averages, of those that have one."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    """The columns of the trial's row that tell of the training."""
    imported: Mapping[str, str] | None = None
    """`file` and `sha256`, where they were trained elsewhere."""
    last: FinalWeights | None = None
    """The last ones, where these were selected before the end."""

    def save(self, folder: Location, trial: Trial) -> None:
        """Write them into the trial's folder: from then on the trial is trained."""
        from trmbench.store import checkpoints

        tensors = self._tensors()
        if self.last is not None:
            tensors |= {f"{_LAST}{name}": tensor for name, tensor in self.last._tensors().items()}
        told = {"config": trial.config, "model": trial.model, "task": trial.task}
        origin = {} if self.imported is None else {"imported": self.imported}
        checkpoints.save(folder, FINAL, tensors, {**told, "trained": self.trained, **origin})

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {f"{_RAW}{name}": tensor for name, tensor in self.raw.items()}
        return tensors | {f"{_EMA}{name}": tensor for name, tensor in self.averages.items()}

    def asked(self, checkpoint: str) -> FinalWeights:
        """The weights that an evaluation asks for: "selected" or "last".

        Raises:
            TrmbenchError: the last ones were not kept apart.
        """
        if checkpoint != "last":
            return self
        if self.last is None:
            raise TrmbenchError(
                "evaluation.checkpoint=last, but no last weights were kept apart",
                "they are where train.select=validation selected others; leave it out",
            )
        return self.last

    def load_as_asked(
        self, model: nn.Module | SelfTraining, evaluation: EvaluationSettings
    ) -> None:
        """Give a model the weights that an evaluation asks for; raises as `asked` does."""
        self.asked(evaluation.checkpoint).load_into(model, evaluation.weights)

    def load_into(self, model: nn.Module | SelfTraining, tested: str) -> None:
        """Give a model the weights that are tested: "raw", or "ema" where there are averages."""
        model.load_state_dict(self.raw)
        if tested == "ema" and self.averages:
            cast("nn.Module", model).load_state_dict(self.averages, strict=False)


def has_final(folder: Location) -> bool:
    """Whether the final weights are in a trial's folder."""
    return (folder / f"{FINAL}.json").exists()


def asked_evaluation(folder: Location) -> dict[str, Any]:
    """The evaluation settings that a trained trial was run with; empty where nothing tells.

    Raises:
        Damaged: the description of the weights is not what was saved.
    """
    from trmbench.store import checkpoints

    config = checkpoints.describe(folder, FINAL)["values"].get("config")
    asked = config.get("evaluation") if isinstance(config, dict) else None
    return asked if isinstance(asked, dict) else {}


def load_final(folder: Location) -> FinalWeights:
    """Read the final weights of a trial, onto the CPU.

    Raises:
        Damaged: a file is missing, truncated or altered.
    """
    from trmbench.store import checkpoints

    tensors, values = checkpoints.load(folder, FINAL)
    raw, averages, raw_last, averages_last = (
        {name.removeprefix(kind): t for name, t in tensors.items() if name.startswith(kind)}
        for kind in (_RAW, _EMA, _LAST + _RAW, _LAST + _EMA)
    )
    trained, imported = values.get("trained"), values.get("imported")
    if not isinstance(trained, dict) or not isinstance(imported, dict | None):
        raise Damaged(folder / f"{FINAL}.json", "it does not say how they were trained")
    for column, value in trained.items():
        if value is not None and not (type(value) in (int, float) and 0 <= value < MOST):
            raise Damaged(folder / f"{FINAL}.json", f"its {column:.40} is {value!r:.40}")
    last = FinalWeights(raw_last, averages_last, trained) if raw_last else None
    return FinalWeights(raw, averages, trained, imported, last)


def save_answers(folder: Location, evaluation_id: str, given: Predictions) -> None:
    """Write the answers of a trial, as its model gave them, before they are scored."""
    import torch

    from trmbench.store import checkpoints

    arrays = {name: getattr(given, name) for name in _OF_ANSWERS}
    tensors = {name: torch.from_numpy(a) for name, a in arrays.items() if a is not None}
    checkpoints.save(folder, _answers(evaluation_id), tensors, {})


def load_answers(folder: Location, evaluation_id: str) -> Predictions | None:
    """Read the answers that `save_answers` wrote; None where there are none.

    Raises:
        Damaged: a file is truncated or altered.
    """
    from trmbench.store import checkpoints

    name = _answers(evaluation_id)
    if not (folder / f"{name}.json").exists():
        return None
    tensors, _ = checkpoints.load(folder, name)
    arrays: dict[str, Any] = {part: tensors[part].numpy() for part in tensors}
    return Predictions(**arrays)


def _answers(evaluation_id: str) -> str:
    return f"answers-{evaluation_id}"
