"""The contract of a task."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import torch
from rich.console import Console

from trmbench.config.compose import compose
from trmbench.errors import one_line
from trmbench.spec import IGNORED_LABEL, Batch, Predictions, PuzzleTable
from trmbench.testing.cases import ROWS, SEED, TaskCase
from trmbench.testing.conformance import Check, ConformanceError, require
from trmbench.testing.figure_checks import named_scores, solutions
from trmbench.testing.listing import require_light
from trmbench.testing.sample_check import sample
from trmbench.testing.symbol_check import symbols
from trmbench.testing.toy import TOY_MODEL
from trmbench.testing.writing_check import writing


def listing(case: TaskCase) -> None:
    """Listing imports nothing heavy."""
    require_light(case.spec.load, "tasks")


def presets(case: TaskCase) -> None:
    """There are presets, and each resolves to options."""
    require(case.spec.presets, "the task has no preset; give it at least Preset() as 'mini'")
    for name in case.spec.presets:
        try:
            compose(dataclasses.replace(TOY_MODEL, presets={}), case.spec, name)
        except Exception as error:
            raise ConformanceError(f"preset {name!r}: {one_line(error)}") from error


def tables(case: TaskCase) -> None:
    """Every split has the contract's shapes, types and ranges, and names its puzzles."""
    info = case.task.info
    require(
        info.seq_len == info.grid_shape[0] * info.grid_shape[1],
        f"seq_len is {info.seq_len}, but the grid has {info.grid_shape[0]}x{info.grid_shape[1]}",
    )
    for name, table in case.tables.items():
        require(len(table) or name == "validation", f"split {name!r} has no puzzles")
        wanted = (len(table), info.seq_len)
        for part in ("inputs", "labels"):
            _require_tokens(f"{name}.{part}", getattr(table, part), wanted, info.vocab_size)
        identifiers = table.puzzle_identifiers
        require(
            identifiers.shape == wanted[:1] and identifiers.dtype == np.int32,
            f"{name}.puzzle_identifiers are {identifiers.dtype} {identifiers.shape}, "
            f"not int32 {wanted[:1]}",
        )
        if len(table):
            low, high = int(identifiers.min()), int(identifiers.max())
            require(
                low >= 0 and high < info.num_puzzle_identifiers,
                f"{name}.puzzle_identifiers go from {low} to {high}; info.num_puzzle_identifiers "
                f"is {info.num_puzzle_identifiers}",
            )
        names, times = np.unique(table.puzzle_ids, return_counts=True)
        twice = names[times > 1].tolist()
        require(name != "test" or not twice, f"test puzzle_id {twice[:1]} is not unique")
        require(len(table.groups) == len(table), f"{name}.groups has {len(table.groups)} rows")


def _require_tokens(
    what: str, tokens: np.ndarray, wanted: tuple[int, int], vocab_size: int
) -> None:
    require(
        tokens.dtype == np.uint8 and tokens.shape == wanted,
        f"{what} are {tokens.dtype} {tokens.shape}, not uint8 (N, L) = {wanted}",
    )
    strange = np.flatnonzero((tokens >= vocab_size).any(axis=1))
    require(
        not strange.size,
        f"{what} hold token {tokens.max(initial=0)} (puzzle {strange[:1]}); info.vocab_size is "
        f"{vocab_size}",
    )


def repeatable_load(case: TaskCase) -> None:
    """Loading twice gives the same puzzles, and so does asking twice for a split."""
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    again = case.load()
    for name, table in case.tables.items():
        for what, other in (("load", again.split(name)), ("split", case.task.split(name))):
            same = np.array_equal(table.inputs, other.inputs) and np.array_equal(
                table.labels, other.labels
            )
            require(
                same and np.array_equal(table.puzzle_ids, other.puzzle_ids),
                f"two calls of {what} differ in the {name} puzzles; draw them from "
                "numpy.random.default_rng(options.data_seed)",
            )
    require(again.info == case.task.info, "two calls of load differ in task.info")


def separate_splits(case: TaskCase) -> None:
    """No test puzzle is trained on, not even as an augmented copy."""
    test = _keys(case.tables["test"].inputs, case.tables["test"].puzzle_identifiers)
    for name in ("train", "validation"):
        table = case.tables[name]
        for row, key in enumerate(_keys(table.inputs, table.puzzle_identifiers)):
            require(
                key not in test, f"puzzle {table.puzzle_ids[row]} of {name} is a test puzzle, too"
            )
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(8):
        copies = case.task.augment(case.batch(), generator)
        keys = _keys(_array(copies.inputs), _array(copies.puzzle_identifiers))
        for row, key in enumerate(keys):
            require(
                key not in test,
                f"augmenting training puzzle {case.tables['train'].puzzle_ids[row]} gives a test "
                "puzzle; keep all copies of a puzzle in one split",
            )


def _keys(inputs: np.ndarray, identifiers: np.ndarray) -> dict[tuple[int, bytes], None]:
    pairs = zip(identifiers.tolist(), inputs.astype(np.uint8), strict=True)
    return {(identifier, row.tobytes()): None for identifier, row in pairs}


def verification(case: TaskCase) -> None:
    """`verify` accepts every label and refuses padding."""
    for name, table in case.tables.items():
        if not len(table):
            continue
        part = table.select(slice(ROWS))
        right = case.task.verify(part.inputs, part.labels)
        require(
            isinstance(right, np.ndarray) and right.shape == (len(part),) and right.dtype == bool,
            f"verify returned {_described(right)} instead of bool (N,) = ({len(part)},)",
        )
        require(right.all(), f"verify refuses the label of {name} puzzle {_first(~right, part)}")
        wrong = case.task.verify(part.inputs, np.zeros_like(part.labels))
        require(
            not wrong.any(), f"verify accepts padding as answer to puzzle {_first(wrong, part)}"
        )


def _described(value: object) -> str:
    return f"{getattr(value, 'dtype', type(value).__name__)} {getattr(value, 'shape', '')}".strip()


def _first(rows: np.ndarray, table: PuzzleTable) -> str:
    return ", ".join(table.puzzle_ids[np.flatnonzero(rows)[:1]].tolist())


def augmentation(case: TaskCase) -> None:
    """Augmented puzzles keep their shapes, and their labels still solve them."""
    batch = case.batch()
    kept = Batch(*(part.clone() for part in batch))
    info, names = case.task.info, case.tables["train"].puzzle_ids
    for seed in range(4):
        copies = case.task.augment(batch, torch.Generator().manual_seed(seed))
        for name, before, original, after in zip(Batch._fields, batch, kept, copies, strict=True):
            require(torch.equal(before, original), f"augment changed batch.{name} in place")
            require(
                after.shape == original.shape and after.dtype == original.dtype,
                f"augment turned batch.{name} from {original.dtype} {tuple(original.shape)} into "
                f"{after.dtype} {tuple(after.shape)}",
            )
        require(torch.equal(copies.rows, kept.rows), "augment changed batch.rows")
        inputs, labels = _array(copies.inputs), _array(copies.labels)
        for what, tokens in (("inputs", inputs), ("labels", labels)):
            _require_tokens(f"augmented {what}", tokens, inputs.shape, info.vocab_size)
        highest = int(copies.puzzle_identifiers.max())
        require(highest < info.num_puzzle_identifiers, f"augment made puzzle identifier {highest}")
        right = case.task.verify(inputs, labels)
        bad = int((~right).argmax())
        require(
            right.all(),
            f"an augmented copy of training puzzle {names[bad]} is not solved by its label any "
            f"more: inputs {inputs[bad].tolist()}, labels {labels[bad].tolist()}",
        )


def seeded_augmentation(case: TaskCase) -> None:
    """Augmentation draws from the generator it is given, and from nothing else."""
    copies = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        generator = torch.Generator().manual_seed(SEED)
        copies.append(case.task.augment(case.batch(), generator))
    for name, one, other in zip(Batch._fields, *copies, strict=True):
        require(
            torch.equal(one, other),
            f"augmented {name} differ between two equally seeded generators; draw from the "
            "generator that augment gets",
        )


def votes(case: TaskCase) -> None:
    """Votes are copies of test puzzles, and `restore` undoes exactly what was done to them."""
    test, copies = case.tables["test"], case.votes.table
    row_of = {name: row for row, name in enumerate(test.puzzle_ids.tolist())}
    strangers = set(copies.puzzle_ids.tolist()) - set(row_of)
    require(not strangers, f"votes name the puzzle {min(strangers, default='')}, not in test")
    absent = set(row_of) - set(copies.puzzle_ids.tolist())
    require(not absent, f"test puzzle {min(absent, default='')} has no vote")
    of = np.array([row_of[name] for name in copies.puzzle_ids.tolist()])
    first = np.unique(of, return_index=True)[1]
    changed = (copies.inputs[first] != test.inputs[of[first]]).any(axis=1)
    require(
        not changed.any(),
        "the first vote of a puzzle must be the puzzle itself, but is another for "
        f"{test.puzzle_ids[of[first][int(changed.argmax())]]}",
    )
    right = case.task.verify(copies.inputs, copies.labels)
    require(right.all(), f"the label of vote {int((~right).argmax())} does not solve its copy")
    # In another order and not all of them, as rows reach `restore` in a test.
    rows = np.random.default_rng(SEED).permutation(len(copies))[: 4 * ROWS]
    restored = case.votes.restore(rows, copies.labels[rows])
    _require_tokens("restored answers", restored, copies.labels[rows].shape, 256)
    scored = test.labels[of[rows]] != IGNORED_LABEL
    wrong = ((restored != test.labels[of[rows]]) & scored).any(axis=1)
    bad = int(rows[wrong.argmax()])
    require(
        not wrong.any(),
        f"restore is no inverse: the label of vote {bad} (puzzle {copies.puzzle_ids[bad]}) does "
        "not come back as the puzzle's label",
    )
    again = case.task.votes(4, 0).table
    require(np.array_equal(again.inputs, copies.inputs), "votes differ for one seed")


def scores(case: TaskCase) -> None:
    """The labels themselves score 1, padding scores less, and every score is in 0..1."""
    table = case.tables["test"]
    confidence = np.ones(len(table), np.float32)
    best, worst = (
        case.task.score(table, Predictions(tokens, confidence)).per_puzzle
        for tokens in (table.labels, np.zeros_like(table.labels))
    )
    for per_puzzle in (best, worst):
        require(
            np.shape(per_puzzle) == (len(table),)
            and bool(((per_puzzle >= 0) & (per_puzzle <= 1)).all()),
            f"scores are {_described(per_puzzle)}, not (N,) numbers in 0..1",
        )
    require((best == 1).all(), f"the label of puzzle {_first(best < 1, table)} does not score 1")
    require(worst.mean() < 1, "answers of padding score as well as the labels")


def rendering(case: TaskCase) -> None:
    """Questions, labels, demonstrations, and whatever a model may answer can be shown."""
    table, info = case.tables["test"], case.task.info
    anything = np.random.default_rng(SEED).integers(info.vocab_size, size=(8, info.seq_len))
    shown: dict[str, np.ndarray] = {
        "a question": table.inputs[0],
        "a label": table.labels[0],
        **{f"answer {row}": tokens.astype(np.uint8) for row, tokens in enumerate(anything)},
    }
    for number, pair in enumerate(case.task.demonstrations(str(table.puzzle_ids[0]))):
        shown |= {f"demonstration {number}, {side}": pair[side] for side in (0, 1)}
    for what, tokens in shown.items():
        answer = case.task.render_answer(tokens, table.labels[0])
        for name, picture in (("render", case.task.render(tokens)), ("render_answer", answer)):
            page = io.StringIO()
            Console(file=page, width=200).print(picture)
            require(page.getvalue().strip(), f"{name} shows nothing of {what}: {tokens.tolist()}")


def _array(tokens: torch.Tensor) -> np.ndarray:
    wide = tokens.numpy()
    fits = ((wide >= 0) & (wide < 256)).all()
    return wide.astype(np.uint8) if fits else wide


CHECKS = (
    Check(listing),
    Check(presets, vital=True),
    Check(tables, vital=True),
    Check(sample),
    Check(repeatable_load),
    Check(separate_splits),
    Check(verification),
    Check(symbols),
    Check(augmentation),
    Check(seeded_augmentation),
    Check(votes),
    Check(scores),
    Check(named_scores),
    Check(solutions),
    Check(rendering),
    Check(writing),
)
