"""ARC as a trmbench task: which pairs are trained and tested on, and how they are scored.

Protocol as published (TRM, arXiv 2510.04871, section 5; HRM, arXiv 2506.21734): train on all pairs
of the training tasks and on the demonstration pairs of the evaluation tasks, test on the
evaluation tasks' test inputs, each task variant with a puzzle identifier of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from trmbench import Batch, Predictions, PuzzleTable, Scores, Task, TaskInfo, TrmbenchError, Votes
from trmbench_arc.drawing import draw
from trmbench_arc.grids import VOCABULARY, encode
from trmbench_arc.options import Arc1Options
from trmbench_arc.overlap import Leak
from trmbench_arc.reading import ArcTask, Pair
from trmbench_arc.selection import Selection, select
from trmbench_arc.transform import canonical, restore, transform
from trmbench_arc.variants import Variants, derive
from trmbench_arc.voting import Tally, VoteResult

CHUNK = 512
"""Puzzles transformed at once, so that the work stays in the processor's cache."""


class Row(NamedTuple):
    """One pair in a split."""

    task: int
    """Number of the ARC task among all."""
    kind: str
    """"train" or "test", as in the task's file."""
    number: int
    """Among the pairs of that kind."""
    place: int
    """Among all pairs of the task in training; a variant leaves one of these places unshifted."""
    pair: Pair


class Arc(Task):
    """A loaded ARC data set.

    Args:
        selection: the tasks to train and test on.
        options: `task.*`.
    """

    def __init__(self, selection: Selection, options: Arc1Options) -> None:
        self.canvas = options.canvas
        self.tasks: list[ArcTask] = [*selection.training, *selection.evaluation]
        self.overlap: list[Leak] = selection.overlap
        self.variants: Variants = derive(self.tasks, options.variants)
        self._first_evaluated = len(selection.training)
        trained = list(self._training_rows())
        held_out = _held_out(trained, self._first_evaluated, options)
        self._rows = {
            "train": [row for number, row in enumerate(trained) if number not in held_out],
            "validation": [trained[number] for number in sorted(held_out)],
            "test": list(self._test_rows()),
        }
        self._splits = {name: self._table(rows) for name, rows in self._rows.items()}
        self._on_device: dict[torch.device, dict[str, Tensor]] = {}
        self._known = _known_answers(self._splits.values())
        self.info = TaskInfo(
            title=selection.title,
            source=selection.source,
            fingerprint=_fingerprint(self._splits, self.variants),
            vocab_size=VOCABULARY,
            seq_len=self.canvas**2,
            grid_shape=(self.canvas, self.canvas),
            num_puzzle_identifiers=1 + len(self.tasks) * options.variants,
            unit="group",
        )

    # --- puzzles ---

    def split(self, name: str) -> PuzzleTable:
        """The pairs of a split, unaugmented; see `trmbench.Task`."""
        return self._splits[name]

    def _training_rows(self) -> Iterator[Row]:
        for index, task in enumerate(self.tasks):
            pairs = [("train", number, pair) for number, pair in enumerate(task.train)]
            if index < self._first_evaluated:
                pairs += [("test", number, pair) for number, pair in enumerate(task.test)]
            for place, (kind, number, pair) in enumerate(pairs):
                yield Row(index, kind, number, place, pair)

    def _test_rows(self) -> Iterator[Row]:
        for index in range(self._first_evaluated, len(self.tasks)):
            for number, pair in enumerate(self.tasks[index].test):
                yield Row(index, "test", number, 0, pair)

    def _table(self, rows: Sequence[Row]) -> PuzzleTable:
        names = [self.tasks[row.task].name for row in rows]
        ids = [f"{name}/{row.kind}/{row.number}" for name, row in zip(names, rows, strict=True)]
        shape = (len(rows), self.canvas**2)
        return PuzzleTable(
            inputs=_encode_all((row.pair.input for row in rows), shape),
            labels=_encode_all((row.pair.output for row in rows), shape),
            puzzle_identifiers=self._identifiers(np.array([row.task for row in rows], np.int64)),
            puzzle_ids=np.array(ids, np.str_),
            groups=np.array(names, np.str_),
        )

    def _identifiers(self, tasks: np.ndarray, variants: np.ndarray | int = 0) -> np.ndarray:
        return (1 + tasks * self.variants.dihedral.shape[1] + variants).astype(np.int32)

    @property
    def identifier_names(self) -> list[str]:
        """The name of every puzzle identifier, as `trmbench_arc.vote` wants them."""
        names = ["<blank>"]
        for row, task in enumerate(self.tasks):
            for variant in range(self.variants.dihedral.shape[1]):
                names.append(self.variants.name(task.name, row, variant))
        return names

    @property
    def test_inputs(self) -> dict[str, int]:
        """Per evaluation task its number of test inputs."""
        return {task.name: len(task.test) for task in self.tasks[self._first_evaluated :]}

    def demonstrations(self, puzzle_id: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """The demonstration pairs of a puzzle's ARC task, as (L,) tokens of input and output.

        Raises:
            TrmbenchError: no task of that name.
        """
        name = puzzle_id.split("/")[0]
        for task in self.tasks:
            if task.name == name:
                return [
                    (encode(pair.input, self.canvas), encode(pair.output, self.canvas))
                    for pair in task.train
                    if pair.output is not None
                ]
        raise TrmbenchError(f"no ARC task {name!r}", "puzzle ids look like 00576224/test/0")

    # --- augmentation ---

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """A random variant of each pair, laid at a random place.

        One pair of each variant stays at the top left, as in the reference.
        """
        tables = self._tables(batch.inputs.device)
        draws = torch.rand((3, len(batch.rows)), generator=generator, device=generator.device)
        draws = draws.to(batch.inputs.device)
        task = tables["task"][batch.rows]
        variant = _below(draws[0], tables["variants"][task])
        dihedral, colours = tables["dihedral"][task, variant].long(), tables["colours"]
        unshifted = _below(tables["unshifted"][task, variant], tables["pairs"][task])
        sizes = tables["sizes"][batch.rows]
        rotated = (dihedral[:, None] == torch.tensor((1, 3, 6, 7), device=task.device)).any(1)
        room = self.canvas - sizes.amax(dim=1)  # (B, 2) rows and columns, before the transform
        room = torch.where(rotated[:, None], room.flip(1), room)
        shift = _below(draws[1:].T, room + 1) * (unshifted != tables["place"][batch.rows])[:, None]
        inputs, labels = (
            transform(
                tokens,
                sizes[:, side, 0],
                sizes[:, side, 1],
                dihedral,
                colours[task, variant].long(),
                shift[:, 0],
                shift[:, 1],
            )
            for side, tokens in enumerate((batch.inputs, batch.labels))
        )
        identifiers = 1 + task * self.variants.dihedral.shape[1] + variant
        return Batch(inputs, labels, identifiers, batch.rows)

    def _tables(self, device: torch.device) -> dict[str, Tensor]:
        """What `augment` looks up, on the device; rows are those of the training split."""
        if device not in self._on_device:
            rows = self._rows["train"]
            sizes = [(row.pair.input.shape, _output(row.pair).shape) for row in rows]
            pairs = np.zeros(len(self.tasks), np.int64)
            for row in self._training_rows():
                pairs[row.task] += 1
            arrays = {
                "task": np.array([row.task for row in rows], np.int64),
                "place": np.array([row.place for row in rows], np.int64),
                "sizes": np.array(sizes, np.int64).reshape(-1, 2, 2),
                "pairs": pairs,
                "variants": self.variants.counts,
                "dihedral": self.variants.dihedral,
                "colours": self.variants.colours,
                "unshifted": self.variants.unshifted,
            }
            self._on_device[device] = {
                name: torch.from_numpy(array).to(device) for name, array in arrays.items()
            }
        return self._on_device[device]

    # --- testing ---

    def votes(self, count: int, seed: int) -> Votes:
        """Up to `count` variants of every test input, the first the original; the others at random.

        A task with fewer distinct variants gets fewer votes. The table's labels are padding: a
        vote is compared after `restore`.
        """
        test = self.split("test")
        tasks = np.array([row.task for row in self._rows["test"]], np.int64)
        chosen = [self._choose(task, count, seed) for task in tasks]
        origin = np.repeat(np.arange(len(test)), [len(variants) for variants in chosen])
        task, variant = tasks[origin], np.concatenate([np.zeros(0, np.int64), *chosen])
        dihedral = torch.from_numpy(self.variants.dihedral[task, variant]).long()
        colours = torch.from_numpy(self.variants.colours[task, variant])
        shapes = [row.pair.input.shape for row in self._rows["test"]]
        sizes = torch.tensor(shapes, dtype=torch.int64).reshape(-1, 2)[torch.from_numpy(origin)]
        inputs = np.empty((len(origin), self.canvas**2), np.uint8)
        for start in range(0, len(origin), CHUNK):
            part = slice(start, start + CHUNK)
            tokens = torch.from_numpy(test.inputs[origin[part]])
            inputs[part] = transform(
                tokens, *sizes[part].T, dihedral[part], colours[part].long()
            ).numpy()
        table = PuzzleTable(
            inputs=inputs,
            labels=np.broadcast_to(np.uint8(0), inputs.shape),
            puzzle_identifiers=self._identifiers(task, variant),
            puzzle_ids=test.puzzle_ids[origin],
            groups=test.groups[origin],
        )

        def back(rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
            restored = np.empty(tokens.shape, np.uint8)
            for start in range(0, len(rows), CHUNK):
                part = slice(start, start + CHUNK)
                row = torch.from_numpy(np.asarray(rows[part], np.int64))
                answers = torch.from_numpy(np.asarray(tokens[part], np.uint8))
                restored[part] = restore(answers, dihedral[row], colours[row].long()).numpy()
            return restored

        return Votes(table, back)

    def _choose(self, task: int, count: int, seed: int) -> np.ndarray:
        """Variant numbers (K,) of a task, 0 first."""
        generator = np.random.default_rng([seed, int(task)])
        others = 1 + generator.permutation(int(self.variants.counts[task]) - 1)
        return np.concatenate([np.zeros(1, np.int64), others[: count - 1]])

    def verify(self, inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Whether each answer spells an output that the data gives for that very input."""
        questions, grids = _canonical(inputs), _canonical(answers)
        return np.array(
            [
                grid.tobytes() in self._known.get(question.tobytes(), ())
                for question, grid in zip(questions, grids, strict=True)
            ],
            bool,
        )

    def render(self, tokens: np.ndarray) -> Any:
        """The grid in ARC's official colours."""
        return draw(tokens)

    def score(self, table: PuzzleTable, predictions: Predictions) -> Scores:
        """1 where the cropped answer is the output; totals are vote@1 in both scorings.

        Cropping is how the reference and the contest read an answer: what a model says outside of
        its grid does not count.
        """
        right = (_canonical(predictions.tokens) == _canonical(table.labels)).all(axis=1)
        per_task = [right[table.groups == name] for name in np.unique(table.groups)]
        totals = {
            "fractional_vote@1": _mean([float(part.mean()) for part in per_task]),
            "contest_vote@1": _mean([float(part.all()) for part in per_task]),
        }
        return Scores(right.astype(np.float64), totals)

    def score_votes(
        self, table: PuzzleTable, ballots: PuzzleTable, predictions: Predictions
    ) -> dict[str, float]:
        """vote@k in both scorings, the vote ladder, and how many votes spell no grid.

        Args:
            table: the tested puzzles.
            ballots: one row per vote, `puzzle_ids` naming the puzzle, in the order of `votes`.
            predictions: the votes in the puzzles' own frame.
        """
        tallies = {
            puzzle_id: Tally(label.tobytes())
            for puzzle_id, label in zip(table.puzzle_ids.tolist(), table.labels, strict=True)
        }
        for start in range(0, len(ballots), CHUNK):
            part = slice(start, start + CHUNK)
            answers = _canonical(predictions.tokens[part])
            confidence = predictions.confidence[part].tolist()
            for puzzle_id, tokens, probability in zip(
                ballots.puzzle_ids[part].tolist(), answers, confidence, strict=True
            ):
                tallies[puzzle_id].add(tokens.tobytes(), probability)
        by_task: dict[str, list[Tally]] = {}
        for name, tally in zip(table.groups.tolist(), tallies.values(), strict=True):
            by_task.setdefault(name, []).append(tally)
        return VoteResult(by_task).totals()


def load(options: Arc1Options) -> Arc:
    """Read, check and prepare the data of `task.*`.

    Raises:
        TrmbenchError: faulty data or options, or test outputs that would be trained on.
    """
    return Arc(select(options), options)


def _encode_all(grids: Iterator[np.ndarray | None], shape: tuple[int, int]) -> np.ndarray:
    tokens = np.zeros(shape, np.uint8)
    side = round(shape[1] ** 0.5)
    for row, grid in enumerate(grids):
        if grid is not None:
            tokens[row] = encode(grid, side)
    return tokens


def _held_out(rows: Sequence[Row], first_evaluated: int, options: Arc1Options) -> set[int]:
    """Row numbers of the validation pairs."""
    candidates = [number for number, row in enumerate(rows) if row.task < first_evaluated]
    if options.validation >= max(len(candidates), 1):
        raise TrmbenchError(
            f"task.validation={options.validation}, but the training tasks have "
            f"{len(candidates)} pairs",
            "hold out fewer",
        )
    generator = np.random.default_rng([options.seed, 1])
    return set(generator.choice(candidates, options.validation, replace=False).tolist())


def _known_answers(tables: Any) -> Mapping[bytes, set[bytes]]:
    known: dict[bytes, set[bytes]] = {}
    for table in tables:
        for question, answer in zip(table.inputs, table.labels, strict=True):
            known.setdefault(question.tobytes(), set()).add(answer.tobytes())
    return known


def _fingerprint(splits: Mapping[str, PuzzleTable], variants: Variants) -> str:
    digest = hashlib.sha256()
    for name, table in splits.items():
        digest.update(f"{name} {len(table)} {'|'.join(table.puzzle_ids)}".encode())
        for array in (table.inputs, table.labels, table.puzzle_identifiers):
            digest.update(np.ascontiguousarray(array).tobytes())
    for array in (variants.counts, variants.dihedral, variants.colours):
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _canonical(tokens: np.ndarray) -> np.ndarray:
    parts = np.array_split(np.asarray(tokens, np.uint8), max(1, -(-len(tokens) // CHUNK)))
    return np.concatenate([canonical(torch.tensor(part)).numpy() for part in parts])


def _below(uniform: Tensor, limit: Tensor) -> Tensor:
    """Whole numbers in 0..limit-1 from uniform ones in [0, 1); rounding never reaches the limit."""
    return torch.minimum((uniform * limit).long(), limit - 1)


def _output(pair: Pair) -> np.ndarray:
    if pair.output is None:
        raise TrmbenchError("a training pair has no output", "give its solution")
    return pair.output


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
