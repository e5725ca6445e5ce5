"""Each check of the task kit fires on a task that breaks its rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator

from trmbench import Batch, Predictions, Preset, PuzzleTable, Scores, TaskSample, TaskSpec, Votes
from trmbench.testing import TOY_TASK, ConformanceError, assert_task_conforms
from trmbench.testing.conform import check_task
from trmbench.testing.toy_task import ToyTask, load

LISTING = {"listing"}  # the broken tasks live in a test module, which imports torch


class Broken(ToyTask):
    """The toy task with other splits or methods."""

    def __init__(self, original: ToyTask) -> None:
        self.__dict__ |= original.__dict__

    def change(self, name: str, **parts: Any) -> None:
        """Replace columns of a split."""
        self._splits = {**self._splits, name: dataclasses.replace(self._splits[name], **parts)}


class WideTokens(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.change("train", inputs=self.split("train").inputs.astype(np.int64))


class UnknownToken(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.change("test", inputs=self.split("test").inputs + 1)


class EqualNames(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.change("test", puzzle_ids=np.full(len(self.split("test")), "same"))


class WrongSize(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.info = dataclasses.replace(original.info, seq_len=7)


class RenamedPadding(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.info = dataclasses.replace(original.info, symbols=(0, 1))


class KnowsOnlyItsLabels(Broken):
    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        labels = np.concatenate([self.split(name).labels for name in ("train", "test")])
        known = {label.tobytes() for label in labels}
        return np.array([answer.astype(np.uint8).tobytes() in known for answer in answers])


class RandomLoad(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        order = np.random.default_rng().permutation(len(self.split("train")))
        self._splits = {**self._splits, "train": self.split("train").select(order)}


class ChangingSplit(Broken):
    def split(self, name: str) -> PuzzleTable:
        table = super().split(name)
        return table.select(np.random.default_rng().permutation(len(table)))


class TrainsOnTest(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self._splits = {**self._splits, "train": self.split("test")}


class AugmentsIntoTest(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self._splits = {**self._splits, "train": self.votes(2, 0).table.select(slice(1, None, 2))}


class WrongLabel(Broken):
    def __init__(self, original: ToyTask) -> None:
        super().__init__(original)
        self.change("test", labels=self.split("test").labels[::-1])


class AcceptsAnything(Broken):
    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return np.ones(len(inputs), bool)


class BreaksLabel(Broken):
    def augment(self, batch: Batch, generator: Generator) -> Batch:
        return batch._replace(labels=super().augment(batch, generator).labels)


class BreaksClues(Broken):
    def augment(self, batch: Batch, generator: Generator) -> Batch:
        return batch._replace(inputs=batch.inputs.flip(1), labels=batch.labels.flip(1))


class AugmentsInPlace(Broken):
    def augment(self, batch: Batch, generator: Generator) -> Batch:
        copies = super().augment(batch, generator)
        batch.inputs.copy_(copies.inputs)
        return copies


class UnseededAugmentation(Broken):
    def augment(self, batch: Batch, generator: Generator) -> Batch:
        own = torch.Generator().manual_seed(int(torch.randint(1000, ())))
        return super().augment(batch, own)


class NoInverse(Broken):
    def votes(self, count: int, seed: int) -> Votes:
        return Votes(super().votes(count, seed).table, lambda rows, tokens: tokens)


class InverseIgnoresRows(Broken):
    def votes(self, count: int, seed: int) -> Votes:
        votes = super().votes(count, seed)
        return Votes(votes.table, lambda rows, tokens: votes.restore(np.arange(len(rows)), tokens))


class FirstVoteChanged(Broken):
    def votes(self, count: int, seed: int) -> Votes:
        votes = super().votes(count + 1, seed)
        rows = np.flatnonzero(np.arange(len(votes.table)) % (count + 1))
        return Votes(
            votes.table.select(rows), lambda kept, tokens: votes.restore(rows[kept], tokens)
        )


class ForgetsPuzzles(Broken):
    def votes(self, count: int, seed: int) -> Votes:
        votes = super().votes(count, seed)
        return Votes(votes.table.select(slice(count, None)), votes.restore)


class ScoresAbove(Broken):
    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        return Scores(100 * super().score(table, predictions).per_puzzle)


class ScoresNothing(Broken):
    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        return Scores(np.zeros(len(table)))


class CountsInParts(Broken):
    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        return np.full(len(inputs), 1.5)


class CountsOneAndKnowsMore(Broken):
    def solutions(self, inputs: np.ndarray) -> np.ndarray:
        return np.ones(len(inputs), np.int64)

    def has_one_answer(self, inputs: np.ndarray) -> np.ndarray:
        return np.zeros(len(inputs), bool)


class NamesATakenScore(Broken):
    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        right = super().score(table, predictions).per_puzzle
        return Scores(right, by_name={"pass@1": right})


class NamesAScoreOfTheWhole(Broken):
    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        right = super().score(table, predictions).per_puzzle
        return Scores(right, by_name={"sharp": right.mean()})


class RendersNothing(Broken):
    def render(self, tokens: np.ndarray) -> str:
        return ""


class CannotRenderPadding(Broken):
    def render(self, tokens: np.ndarray) -> str:
        return "".join({1: ".", 2: "a", 3: "b", 4: "c", 5: "d"}[token] for token in tokens.tolist())


BROKEN: dict[str, tuple[type[Broken], ...]] = {
    "tables": (WideTokens, UnknownToken, EqualNames, WrongSize),
    "repeatable-load": (RandomLoad, ChangingSplit),
    "separate-splits": (TrainsOnTest, AugmentsIntoTest),
    "verification": (WrongLabel, AcceptsAnything),
    "symbols": (RenamedPadding, KnowsOnlyItsLabels),
    "augmentation": (BreaksLabel, BreaksClues, AugmentsInPlace),
    "seeded-augmentation": (UnseededAugmentation,),
    "votes": (NoInverse, InverseIgnoresRows, FirstVoteChanged, ForgetsPuzzles),
    "scores": (ScoresAbove, ScoresNothing),
    "solutions": (CountsInParts, CountsOneAndKnowsMore),
    "named-scores": (NamesATakenScore, NamesAScoreOfTheWhole),
    "rendering": (RendersNothing, CannotRenderPadding),
}
PAIRS = [(check, kind) for check, kinds in BROKEN.items() for kind in kinds]


def _spec_of(kind: Callable[[ToyTask], ToyTask]) -> TaskSpec:
    return dataclasses.replace(TOY_TASK, load=lambda options: kind(load(options)))


def test_toy_task_conforms() -> None:
    assert_task_conforms(TOY_TASK)


@pytest.mark.parametrize(("check", "kind"), PAIRS, ids=[kind.__name__ for _, kind in PAIRS])
def test_check_fires_on_a_broken_task(check: str, kind: type[Broken]) -> None:
    found = check_task(_spec_of(kind), skip=LISTING)
    problems = {finding.check: finding.problem for finding in found if finding.problem}
    assert next(iter(problems), None) == check, problems


def test_error_names_the_puzzle() -> None:
    first = load(TOY_TASK.options()).split("test").puzzle_ids[0]
    with pytest.raises(ConformanceError, match=f"puzzle {first} of train is a test puzzle"):
        assert_task_conforms(_spec_of(TrainsOnTest), skip=LISTING)


def test_preset_with_an_unknown_option_is_named() -> None:
    presets = {"mini": Preset(), "large": Preset(options={"puzzels": 3})}
    with pytest.raises(ConformanceError, match="preset 'large'.*task.puzzels"):
        assert_task_conforms(dataclasses.replace(TOY_TASK, presets=presets))


def test_task_without_presets_is_refused() -> None:
    with pytest.raises(ConformanceError, match="no preset"):
        assert_task_conforms(dataclasses.replace(TOY_TASK, presets={}))


def test_a_sample_of_another_shape_is_found() -> None:
    def sample(options: Any, count: int) -> TaskSample:
        changed = dataclasses.replace(options, columns=8, train_puzzles=count, test_puzzles=count)
        return TaskSample(changed, options.train_puzzles)

    [finding] = [f for f in check_task(dataclasses.replace(TOY_TASK, sample=sample)) if f.problem]
    assert finding.check == "sample"
    assert "the sample's grid is (2, 8)" in (finding.problem or "")


def test_a_sample_as_large_as_the_task_is_found() -> None:
    def sample(options: Any, count: int) -> TaskSample:
        return TaskSample(options, options.train_puzzles)

    [finding] = [f for f in check_task(dataclasses.replace(TOY_TASK, sample=sample)) if f.problem]
    assert "64 train puzzles, not 1 to 4" in (finding.problem or "")
