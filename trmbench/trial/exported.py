"""A trained recursive model as programs of its own: one supervision step, and the whole answer.

Shapes: B puzzles, L tokens of a puzzle.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch._higher_order_ops.while_loop import while_loop
from torch.export import Dim, ExportedProgram
from torch.fx import GraphModule

from trmbench.errors import TrmbenchError, one_line
from trmbench.evaluation.answers import confidence_of
from trmbench.spec import StepOutput
from trmbench.spec.models import Draw, Forward, State, Step, initial_state, takes
from trmbench.streams import draws
from trmbench.trial.build import TrialParts

MOST_PUZZLES = 4096
"""Puzzles that a program takes at once."""
Loop = tuple[Tensor, ...]
"""Steps done, the last answer and its confidence, and the state."""
_TRACED = 3
"""Puzzles of the batch that is traced; any number but one stands for any number."""


class _Steps(nn.Module):
    """The supervision steps of a trained model, as they are taken at test."""

    def __init__(self, parts: TrialParts) -> None:
        super().__init__()
        self.model = parts.model
        self._dtype, self._seed = parts.dtype, parts.trial.seed
        self._schedule = parts.schedule(1.0)
        self._takes_step = takes(parts.model.forward, "step")
        self._begins_at_random = takes(parts.model.initial_state, "draw")

    def begin(self, inputs: Tensor) -> State:
        """The state before the first step."""
        size = inputs.shape[0]
        draw = None
        if self._begins_at_random:
            rows = torch.arange(size, device=inputs.device)
            draw = draws(self._seed, "initial state at test", 0, rows)
        return initial_state(self.model, size, self._dtype, draw)

    def step(
        self, state: State, inputs: Tensor, identifiers: Tensor, number: Tensor, draw: Draw
    ) -> StepOutput:
        """Take the step after so many, () int64."""
        forward: Forward = self.model
        if not self._takes_step:
            return forward(state, inputs, identifiers)
        progress = torch.ones((), device=inputs.device)
        told = Step(draw, False, progress, self._schedule, number.expand(inputs.shape[0]), None)
        return forward(state, inputs, identifiers, told)

    def draw(self, inputs: Tensor, done: int) -> Draw:
        """The random numbers of the step after so many."""
        rows = torch.arange(inputs.shape[0], device=inputs.device)
        return draws(self._seed, "forward at test", done, rows)

    @torch.no_grad()
    def draws_at_test(self, length: int) -> bool:
        """Whether a step draws random numbers, which differ from step to step."""
        inputs = torch.ones((1, length), dtype=torch.int64)
        zero, watched = torch.zeros((), dtype=torch.int64), _Watched()
        self.step(self.begin(inputs), inputs, inputs[:, 0] * 0, zero, watched)
        return watched.is_used


class _Watched:
    """Random numbers of which it is known whether somebody drew them."""

    is_used = False

    def normal(self, like: Tensor) -> Tensor:
        """Draw zeros."""
        self.is_used = True
        return torch.zeros_like(like)

    def uniform(self, like: Tensor) -> Tensor:
        """Draw zeros."""
        return self.normal(like)

    def bernoulli(self, like: Tensor, p: float) -> Tensor:
        """Draw zeros."""
        return self.normal(like)


class WholeAnswer(_Steps):
    """Answers questions: all supervision steps, one after the other.

    Args:
        parts: a trained trial.
        depth: supervision steps.
    """

    def __init__(self, parts: TrialParts, depth: int) -> None:
        super().__init__(parts)
        self._depth = depth
        self._is_random = self.draws_at_test(parts.task.info.seq_len)

    def forward(self, inputs: Tensor, puzzle_identifiers: Tensor) -> tuple[Tensor, Tensor]:
        """Answer: inputs (B, L) and identifiers (B,) int64 -> (B, L) int64, (B,) float32."""
        if self._is_random:
            return self._unrolled(inputs, puzzle_identifiers)

        def take(done: Tensor, answer: Tensor, confidence: Tensor, *state: Tensor) -> Loop:
            output = self.step(state, inputs, puzzle_identifiers, done, nobody)
            new = (part.clone() for part in output.state)
            return done + 1, output.logits.argmax(-1), confidence_of(output), *new

        def goes_on(done: Tensor, *rest: Tensor) -> Tensor:
            return done < self._depth

        count, nobody = torch.zeros((), dtype=torch.int64), _Watched()
        nothing = torch.zeros_like(inputs), torch.zeros(inputs.shape[0])
        state = (part.clone() for part in self.begin(inputs))
        _, answer, confidence, *_ = while_loop(goes_on, take, (count, *nothing, *state))
        return answer, confidence

    def _unrolled(self, inputs: Tensor, identifiers: Tensor) -> tuple[Tensor, Tensor]:
        state = self.begin(inputs)
        for done in range(self._depth):
            number, draw = torch.tensor(done), self.draw(inputs, done)
            output = self.step(state, inputs, identifiers, number, draw)
            state = output.state
        return output.logits.argmax(-1), confidence_of(output)


class OneStep(_Steps):
    """Takes one supervision step, as the first, from any state."""

    def forward(
        self, inputs: Tensor, puzzle_identifiers: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Step: as `WholeAnswer`, and the state -> (B, L), (B,), and the new state."""
        number, draw = torch.zeros((), dtype=torch.int64), self.draw(inputs, 0)
        output = self.step(state, inputs, puzzle_identifiers, number, draw)
        return output.logits.argmax(-1), confidence_of(output), *output.state


def traced(module: WholeAnswer | OneStep, parts: TrialParts) -> ExportedProgram:
    """Trace a program that takes any number of puzzles up to `MOST_PUZZLES`.

    Raises:
        TrmbenchError: torch cannot trace it.
    """
    inputs = torch.ones((_TRACED, parts.task.info.seq_len), dtype=torch.int64)
    given: tuple[Tensor, ...] = (inputs, torch.zeros(_TRACED, dtype=torch.int64))
    state = module.begin(inputs) if isinstance(module, OneStep) else ()
    batch = {0: Dim("batch", min=1, max=MOST_PUZZLES)}
    shapes = (batch, batch, tuple(batch for _ in state)) if state else (batch, batch)
    try:
        with torch.no_grad():
            program = torch.export.export(
                module.eval(), (*given, *state), dynamic_shapes=shapes, strict=False
            )
    except Exception as error:  # whatever a plugin's model does, torch may not follow it
        raise TrmbenchError(
            f"{parts.trial.model} cannot be exported: {one_line(error)[:300]}",
            "a model is traced by torch.export: its forward may branch on no number of a tensor",
        ) from error
    for part in program.graph_module.modules():
        for node in part.graph.nodes if isinstance(part, GraphModule) else ():
            node.meta.pop("stack_trace", None)  # lines of code, with folders of this machine
    return program
