"""One test puzzle of a stored trial: what was asked, what was answered, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trmbench.assembly import Assembly
from trmbench.errors import TrmbenchError
from trmbench.report.drawing import draw, mark, to_text
from trmbench.report.strips import Refinement
from trmbench.report.words import percent
from trmbench.spec import PuzzleTable, Trial, TrialEvent
from trmbench.store import FINAL, FINISHED, Store
from trmbench.training import checkpoint
from trmbench.trial import TrialRun


class StoredPuzzle:
    """A puzzle of a finished trial.

    Args:
        store: where the trial is.
        trial: the beginning of its id; of several evaluations the latest counts.
        puzzle: the beginning of the puzzle's id.

    Raises:
        TrmbenchError: there is no such trial or puzzle, or the task cannot be loaded.
    """

    def __init__(self, store: Store, trial: str, puzzle: str) -> None:
        rows = [row for row in store.find_trial(trial) if row["status"] == FINISHED]
        if not rows:
            raise TrmbenchError(f"trial {trial!r} is not finished", "it has no answers to show")
        row = max(rows, key=lambda row: str(row["finished_at"]))
        self.store = store
        self.trial = store.trial_of(row)
        self.parts = Assembly(self.trial, _no_training)
        table = self.parts.task.split("test").select(slice(self.parts.evaluation.limit))
        self.index = _find(table, puzzle, self.trial)
        self.puzzle = table.select(slice(self.index, self.index + 1))
        self.id = str(self.puzzle.puzzle_ids[0])

    def stored_row(self) -> Mapping[str, Any]:
        """The puzzle's row of the results."""
        columns = ["puzzle_id", "score", "exact", "valid", "halt_probability", "answer"]
        table = self.store.read("puzzles", columns, [self.trial.name])
        if len(table) <= self.index or table["puzzle_id"][self.index].as_py() != self.id:
            raise TrmbenchError(
                f"the stored answers of trial {self.trial.trial_id} are to other puzzles",
                "the task's data has changed since; run the trial again",
            )
        row: Mapping[str, Any] = table.slice(self.index, 1).to_pylist()[0]
        return row


def _find(table: PuzzleTable, start: str, trial: Trial) -> int:
    ids = table.puzzle_ids.astype(str)
    found = np.flatnonzero(np.char.startswith(ids, start))
    exact = np.flatnonzero(ids == start)
    if len(exact) or len(found) == 1:
        return int((exact if len(exact) else found)[0])
    if len(found) == 0:
        hint = f"trmbench show {trial.trial_id} --failures lists some"
        raise TrmbenchError(f"no test puzzle {start!r} in trial {trial.trial_id}", hint)
    raise TrmbenchError(f"{start!r} may be any of {len(found)} puzzles", "type more of it")


def puzzle_view(store: Store, trial: str, puzzle: str) -> Iterator[RenderableType]:
    """The question, the right answer and the given one, piece by piece."""
    found = StoredPuzzle(store, trial, puzzle)
    row, task = found.stored_row(), found.parts.task
    label = found.puzzle.labels[0]
    answer = np.frombuffer(row["answer"], dtype=np.uint8)
    right = draw(task.render(label))
    given = mark(draw(task.render(np.where(label != 0, answer, label))), None, right)
    yield Text(f"{found.trial.label}, puzzle {found.id}", "bold")
    grid = Table.grid(padding=(0, 3))
    grid.add_row(*(Text(name, "dim") for name in ("question", "right", "answer")))
    grid.add_row(to_text(draw(task.render(found.puzzle.inputs[0]))), to_text(right), to_text(given))
    yield grid
    verdict = "exactly right" if row["exact"] else "valid" if row["valid"] else "wrong"
    yield Text(f"{verdict}, score {row['score']:g}, sure of it {percent(row['halt_probability'])}")


def refinement(store: Store, trial: str, puzzle: str) -> Refinement:
    """How the answer to one test puzzle came about, from the trial's final weights.

    A solver that is not trained is not asked again: its stored answers are shown.
    """
    found = StoredPuzzle(store, trial, puzzle)
    trained = (store.checkpoints(found.trial.trial_id) / f"{FINAL}.json").exists()
    answers, latents, halts = _computed(found) if trained else _stored(found)
    return Refinement(
        title=found.trial.label,
        puzzle_id=found.id,
        render=found.parts.task.render,
        question=found.puzzle.inputs[0],
        label=found.puzzle.labels[0],
        answers=answers,
        latents=latents,
        halt_probability=halts,
    )


Steps = tuple[np.ndarray, dict[str, np.ndarray], np.ndarray | None]


@torch.inference_mode()
def _computed(found: StoredPuzzle) -> Steps:
    """Run the supervision steps of the trained model, reading every part of its state."""
    run = TrialRun(found.trial, _ignore, lambda: False)
    run.train()  # loads the final weights, since they are there
    model, device, dtype = run.parts.model.eval(), run.parts.device, run.parts.dtype
    inputs = torch.from_numpy(found.puzzle.inputs).to(device).long()
    identifiers = torch.from_numpy(found.puzzle.puzzle_identifiers).to(device).long()
    state = tuple(part.to(dtype) for part in model.initial_state(1))
    # Only models built from trmbench.nn have a head that can be put on any part of the state.
    read = getattr(model, "read", None)
    answers: list[torch.Tensor] = []
    halts: list[float] = []
    latents: list[list[torch.Tensor]] = []
    for _ in range(run.parts.evaluation.steps or model.max_steps):
        output = model(state, inputs, identifiers)
        state = output.state
        answers.append(output.logits[0].argmax(-1))
        if output.halt_logits is not None:
            halts.append(float(output.halt_logits[0].float().sigmoid()))
        if read is not None:
            latents.append([read(z, state).logits[0].argmax(-1) for z in state[1:]])
    count = len(latents[0]) if latents else 0
    names = ["z"] if count == 1 else [f"z{i}" for i in range(1, count + 1)]
    return (
        _tokens(answers),
        {name: _tokens([step[i] for step in latents]) for i, name in enumerate(names)},
        np.array(halts) if halts else None,
    )


def _stored(found: StoredPuzzle) -> Steps:
    """The answers as they were given; after each step where one vote was asked for."""
    name = f"answers-{found.trial.evaluation_id}"
    folder = found.store.checkpoints(found.trial.trial_id)
    if found.parts.evaluation.votes == 1 and (folder / f"{name}.json").exists():
        tensors, _ = checkpoint.load(folder, name)
        if "tokens_by_step" in tensors:
            return tensors["tokens_by_step"][:, found.index].numpy(), {}, None
    return np.frombuffer(found.stored_row()["answer"], dtype=np.uint8)[None], {}, None


def _tokens(steps: list[torch.Tensor]) -> np.ndarray:
    return torch.stack(steps).to(torch.uint8).cpu().numpy()


def _ignore(event: TrialEvent) -> None:
    """Nobody watches."""


def _no_training(trial: Trial) -> Any:
    raise TrmbenchError(f"the base model {trial.model} of this trial is not needed here")
