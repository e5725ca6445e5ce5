"""The way to the answer of one test puzzle of a stored trial."""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch

from trmbench.evaluation.answers import confidence_of
from trmbench.evaluation.steps import SupervisionSteps
from trmbench.gallery.nearest import nearest_right
from trmbench.gallery.stored_puzzle import StoredPuzzle
from trmbench.gallery.strips import Refinement
from trmbench.spec.models import capabilities
from trmbench.store.final import load_answers
from trmbench.trial.build import TrialParts


def refinement(found: StoredPuzzle) -> Refinement:
    """Repeat the way to the answer of a puzzle with the trial's final weights.

    A model that has no supervision steps is not asked again: its stored answers are shown.
    """
    trained = found.trained
    if trained is not None and trained.needs_training:
        answers, latents, halts = _computed(found, trained)
    else:
        answers, latents, halts = _stored(found)
    question, label = found.puzzle.inputs[0], found.puzzle.labels[0]
    return Refinement(
        title=found.trial.label,
        puzzle_id=found.id,
        render=found.parts.task.render,
        render_answer=found.parts.task.render_answer,
        question=question,
        label=nearest_right(found.parts.task, question, label, answers[-1]),
        answers=answers,
        latents=latents,
        halt_probability=halts,
    )


Steps = tuple[np.ndarray, dict[str, np.ndarray], np.ndarray | None]


@torch.inference_mode()
def _computed(found: StoredPuzzle, parts: TrialParts) -> Steps:
    """Run the supervision steps of the trained model, reading every part of its state."""
    model, device, dtype = parts.model, parts.device, parts.dtype
    inputs = torch.from_numpy(found.puzzle.inputs).to(device).long()
    identifiers = torch.from_numpy(found.puzzle.puzzle_identifiers).to(device).long()
    read = capabilities(model).read
    answers: list[torch.Tensor] = []
    halts: list[float] = []
    latents: list[list[torch.Tensor]] = []
    rows = torch.tensor([found.index], device=device)
    told = (found.trial.seed, parts.schedule(1.0))
    work = SupervisionSteps(model, inputs, identifiers, dtype, rows, *told)
    for output in islice(work, parts.evaluation.steps or model.max_steps):
        answers.append(output.logits[0].argmax(-1))
        if output.halt_logits is not None or output.confidence is not None:
            halts.append(float(confidence_of(output)[0]))
        if read is not None:
            latents.append([read(z, output.state).logits[0].argmax(-1) for z in output.state[1:]])
    count = len(latents[0]) if latents else 0
    names = ["z"] if count == 1 else [f"z{i}" for i in range(1, count + 1)]
    return (
        _tokens(answers),
        {name: _tokens([step[i] for step in latents]) for i, name in enumerate(names)},
        np.array(halts) if halts else None,
    )


def _stored(found: StoredPuzzle) -> Steps:
    """Read the answers as they were given; after each step where one vote was asked for."""
    if found.parts.evaluation.votes == 1:
        folder = found.store.checkpoints(found.trial.trial_id)
        given = load_answers(folder, found.trial.evaluation_id)
        if given is not None and given.tokens_by_step is not None:
            return given.tokens_by_step[:, found.index], {}, None
    return np.frombuffer(found.stored_row()["answer"], dtype=np.uint8)[None], {}, None


def _tokens(steps: list[torch.Tensor]) -> np.ndarray:
    return torch.stack(steps).to(torch.uint8).cpu().numpy()
