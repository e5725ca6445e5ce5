"""What a trial consists of, built from its configuration: device, task, model, streams."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import torch

from trmbench.config.cell import DATA, evaluation_hash
from trmbench.config.data import require_same_files
from trmbench.errors import TrmbenchError
from trmbench.machine import choose_device, require_graphs, require_precision
from trmbench.nn.layers import recompute_activations
from trmbench.plugin import registry
from trmbench.spec import Context, ModelSpec, SelfTraining, Solver, Task, TaskSpec, Trial
from trmbench.spec.models import SCHEDULE_AT_TEST
from trmbench.spec.settings import EvaluationSettings, ExecutionSettings, TrainSettings
from trmbench.streams import Streams, stream_seed
from trmbench.training.data import Batches
from trmbench.training.trainer import Trainer
from trmbench.training.workers import ONE_WORKER, Workers
from trmbench.trial.bases import base_trials

MINI_DEPTH = 4
"""How many times the supervision steps of training the depth curve has at preset `mini`."""


class TrialParts:
    """The parts of a trial, each built when it is first asked for.

    Args:
        trial: the trial.
        train_base: returns the trained model of another trial, for models that build upon one;
            None = such a model is refused.
    """

    def __init__(self, trial: Trial, train_base: Callable[[Trial], Any] | None = None) -> None:
        self.trial = trial
        self._train_base = train_base or self._refuse_base
        self.train = TrainSettings(**trial.config["train"])
        self.evaluation = EvaluationSettings(**EvaluationSettings.told(trial.config["evaluation"]))
        self.execution = ExecutionSettings.stored(trial.config["execution"])

    @cached_property
    def model_entry(self) -> registry.Entry:
        """The model's spec and plugin."""
        return registry.models().find(self.trial.model)

    @cached_property
    def task_entry(self) -> registry.Entry:
        """The task's spec and plugin."""
        return registry.tasks().find(self.trial.task)

    @cached_property
    def optimizer_entry(self) -> registry.Entry:
        """The optimiser's spec and plugin."""
        return registry.optimizers().find(self.train.optimizer)

    def tested_on(self, split: str) -> TrialParts:
        """The same trial, tested on another split; no copies vote there."""
        return self.tested_otherwise(split=split, votes=1)

    def tested_otherwise(self, **changes: Any) -> TrialParts:
        """The same trial with other settings of its evaluation."""
        told = EvaluationSettings.told(self.trial.config["evaluation"])
        evaluation = {**told, **changes}
        other = copy.copy(self)
        other.evaluation = EvaluationSettings(**evaluation)
        other.trial = dataclasses.replace(
            self.trial,
            evaluation_id=evaluation_hash(evaluation),
            config={**self.trial.config, "evaluation": evaluation},
        )
        return other

    @cached_property
    def device(self) -> torch.device:
        """Where the model runs."""
        device = choose_device(self.execution.device)
        require_precision(self.train.precision, device)
        if self.execution.compile == "graphs":
            require_graphs(device)
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the activations and of the carried state."""
        dtype: torch.dtype = getattr(torch, self.train.precision)
        return dtype

    @cached_property
    def streams(self) -> Streams:
        """The trial's random streams."""
        return Streams(self.trial.seed, self.device)

    @cached_property
    def task(self) -> Task:
        """The loaded task; raises `TrmbenchError` where the user's files changed since."""
        spec: TaskSpec = self.task_entry.spec
        config = self.trial.config
        require_same_files(self.trial, spec, spec.options(**config["task"]))
        values, held = (json.dumps(config.get(name)) for name in ("task", DATA))
        return _loaded(spec.load, spec.options, values, held)

    @cached_property
    def model(self) -> Any:
        """The model as built, on its device."""
        bases = base_trials(self.trial, self.model_entry.spec, self.task_entry.spec)
        trained = [self._train_base(base) for base in bases]
        torch.manual_seed(stream_seed(self.trial.seed, "init"))
        return self._built(self.device, trained)

    def model_without_base(self, device: torch.device) -> Any:
        """Build the model anew on some device, such as `meta`; what it builds upon stays out."""
        with device:
            return self._built(device)

    def _built(self, device: torch.device, bases: Sequence[Any] = ()) -> Any:
        spec: ModelSpec = self.model_entry.spec
        model = spec.build(
            spec.options(**self.trial.config["model"]),
            self.task.info,
            Context(self.trial.seed, device, precision=self.train.precision, bases=tuple(bases)),
        )
        if isinstance(model, torch.nn.Module):
            setattr(model, SCHEDULE_AT_TEST, self.schedule(1.0))
            model.to(device)
            if self.train.precision == "float64":
                model.double()
            if self.execution.activation_checkpointing and not isinstance(model, Solver):
                recompute_activations(model)
        return model

    @property
    def needs_training(self) -> bool:
        """Whether the harness trains the model; a `Solver` answers as it is."""
        return not isinstance(self.model, Solver)

    @property
    def trains_itself(self) -> bool:
        """Whether the model brings a training loop of its own."""
        return isinstance(self.model, SelfTraining)

    def train_at_a_time(self, micro_batch: int) -> None:
        """Take the gradients of so many puzzles at a time; the trial's row will tell."""
        self.execution = dataclasses.replace(self.execution, micro_batch=micro_batch)
        execution = {**self.trial.config["execution"], "micro_batch": micro_batch}
        config = {**self.trial.config, "execution": execution}
        self.trial = dataclasses.replace(self.trial, config=config)

    def renew_model(self) -> None:
        """Forget the model, to have it built again."""
        del self.model

    @property
    def total_steps(self) -> int:
        """Training steps, from `train.steps` or `train.epochs`."""
        return training_steps(self.train, len(self.task.split("train")))

    @property
    def depth(self) -> int | None:
        """Supervision steps at which the depth curve ends; None = where the answer counts.

        There is no curve of a model with a single step, nor where copies of a puzzle vote.
        """
        steps: int = self.model.max_steps
        if steps == 1 or self.evaluation.votes > 1:
            return None
        if self.evaluation.depth is None and self.trial.preset == "mini":
            return MINI_DEPTH * steps
        return self.evaluation.depth

    def trainer(self, workers: Workers = ONE_WORKER) -> Trainer:
        """A new trainer of the model, at step 0.

        Args:
            workers: the processes that train it together.

        Raises:
            TrmbenchError: its training is limited in time.
        """
        if self.train.seconds is not None:
            raise TrmbenchError(
                f"train.seconds={self.train.seconds:g} is for models that train themselves, which"
                f" {self.trial.model} does not",
                "use train.steps",
            )
        share = workers.share(self.train.batch_size)
        batches = Batches(
            self.task.split("train"),
            self.train.batch_size,
            self.task.augment,
            self.streams,
            self.device,
            share,
        )
        return Trainer(
            self.model,
            batches,
            self.total_steps,
            self.train,
            self.execution,
            self.optimizer_entry.spec,
            self.streams,
            workers,
            self.schedule,
        )

    def schedule(self, progress: float) -> Mapping[str, int]:
        """Whole numbers for the model once this share of the training is done."""
        spec: ModelSpec = self.model_entry.spec
        if spec.schedule is None:
            return {}
        return spec.schedule(spec.options(**self.trial.config["model"]), progress)

    def _refuse_base(self, base: Trial) -> None:
        raise TrmbenchError(
            f"{self.trial.model} builds upon {base.label}, which is not trained here",
            f"name {base.model} itself",
        )


@lru_cache(maxsize=1)
def _loaded(load: Callable[[Any], Task], schema: type, values: str, held: str) -> Task:
    """A task by the JSON of its options and of what its files hold: trials share the last one."""
    return load(schema(**json.loads(values)))


def training_steps(train: TrainSettings, puzzles: int) -> int:
    """Training steps of a trial: `train.steps`, else whole batches in `train.epochs` passes.

    Raises:
        TrmbenchError: neither is given.
    """
    if train.steps is not None:
        return train.steps
    if train.epochs is None:
        raise TrmbenchError(
            "neither train.steps nor train.epochs is set", "add --set train.steps=1000"
        )
    return train.epochs * puzzles // train.batch_size
