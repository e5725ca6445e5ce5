"""The ensemble that trusts the first member to halt: it needs no change of the harness."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench import Answers, BaseCell, Batch, StepOutput, TrmbenchError
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.experiment.cells import choose_cells
from trmbench.plugin import registry
from trmbench.store import Store
from trmbench.testing import TOY_MODEL, TOY_TASK, assert_model_conforms, run_one
from trmbench.trial.build import TrialParts
from trmbench.trial.weights import import_weights
from trmbench_ensemble import Options, bases, trmbench_models
from trmbench_ensemble.solver import HaltFirst

SPEC = trmbench_models()[0]
INFO = TOY_TASK.load(TOY_TASK.options()).info
NEVER = -9.0


class Scripted:
    """Answers a token with a halting logit, step by step, for every puzzle alike."""

    max_steps = 3
    puzzle_embedding = None

    def __init__(self, *script: tuple[int, float], go_on: float | None = None) -> None:
        self.script, self.go_on = script, go_on
        self.needs_continue_target = go_on is not None

    def initial_state(self, batch_size: int) -> tuple[torch.Tensor, ...]:
        return (torch.zeros(batch_size),)

    def forward(self, state: Any, inputs: torch.Tensor, *_: Any) -> StepOutput:
        token, logit = self.script[int(state[0][0])]
        logits = torch.nn.functional.one_hot(torch.full_like(inputs, token), 6).float()
        halt = torch.full((len(inputs),), logit)
        going = None if self.go_on is None else torch.full_like(halt, self.go_on)
        return StepOutput((state[0] + 1,), logits, halt, going)

    __call__ = forward


class Moody(Scripted):
    """Halts at once on puzzles that begin with a 2, and never on others; answers the question."""

    def forward(self, state: Any, inputs: torch.Tensor, *_: Any) -> StepOutput:
        halt = torch.where(inputs[:, 0] == 2, 1.0, NEVER)
        return StepOutput((state[0] + 1,), torch.nn.functional.one_hot(inputs, 6).float(), halt)

    __call__ = forward


def batch(*first: int) -> Batch:
    inputs = torch.full((len(first), 4), 3)
    inputs[:, 0] = torch.tensor(first)
    rows = torch.arange(len(first))
    return Batch(inputs, torch.zeros_like(inputs), torch.zeros_like(rows), rows)


def asked(*members: Any, puzzles: tuple[int, ...] = (2,), **settings: Any) -> Answers:
    return HaltFirst(members, settings.pop("steps", None), **settings).predict(
        batch(*puzzles), torch.Generator()
    )


def test_the_first_to_halt_is_trusted_whoever_is_surer_later() -> None:
    slow = Scripted((4, NEVER), (4, NEVER), (4, 9.0))
    quick = Scripted((5, NEVER), (3, 0.5), (3, -1.0))
    found = asked(slow, quick)
    assert found.tokens.unique().item() == 3
    assert found.confidence.item() == pytest.approx(torch.tensor(0.5).sigmoid().item())
    assert found.steps is not None and found.steps.tolist() == [4]
    assert found.candidates is not None and found.candidates[0, :, 0].tolist() == [4, 3]
    assert found.candidate_scores is not None
    assert found.candidate_scores.tolist() == [[NEVER, 0.5]]
    assert found.tokens_by_step is not None
    assert found.tokens_by_step[:, 0, 0].tolist() == [4, 3, 3]


def test_of_those_that_halt_together_the_surest_is_trusted() -> None:
    found = asked(Scripted((1, 1.0)), Scripted((2, 3.0)), Scripted((4, 2.0)))
    assert found.tokens.unique().item() == 2
    assert found.steps is not None and found.steps.tolist() == [3]


def test_where_none_halts_the_surest_is_trusted_in_the_end() -> None:
    members = Scripted((1, -1.0), (1, -4.0)), Scripted((2, -3.0), (2, -2.0))
    assert asked(*members, steps=1).tokens.unique().item() == 1
    assert asked(*members, steps=2).tokens.unique().item() == 2


def test_a_member_with_a_continue_head_halts_where_it_is_exceeded() -> None:
    hrm = Scripted((1, 2.0), (2, 2.0), (3, 2.0), go_on=5.0)
    found = asked(hrm)
    assert found.steps is not None and found.steps.tolist() == [3]
    assert found.confidence.item() == pytest.approx(torch.tensor(2.0).sigmoid().item())


def test_puzzles_leave_one_by_one() -> None:
    found = asked(Moody(), Moody(), puzzles=(3, 2, 4))
    assert found.steps is not None and found.steps.tolist() == [6, 2, 6]
    assert found.tokens[:, 0].tolist() == [3, 2, 4]


def test_a_member_that_is_no_number_is_not_hidden_by_the_others() -> None:
    assert asked(Scripted((1, 3.0)), Scripted((2, float("nan")))).confidence.isnan().all()


def test_a_member_that_never_says_how_sure_it_is_is_refused() -> None:
    class Silent(Scripted):
        def __call__(self, *arguments: Any) -> StepOutput:
            return super().forward(*arguments)._replace(halt_logits=None)

    with pytest.raises(TrmbenchError, match="halting head"):
        asked(Silent((1, 0.0)))


def test_a_single_member_that_does_not_halt_is_its_base() -> None:
    base = TOY_MODEL.build(TOY_MODEL.options(), INFO, None)  # type: ignore[arg-type]
    torch.nn.init.constant_(base.halt.bias, -50.0)
    puzzles = TOY_TASK.load(TOY_TASK.options()).split("test")
    inputs = torch.from_numpy(puzzles.inputs).long()
    rows = torch.arange(len(inputs))
    given = Batch(inputs, torch.zeros_like(inputs), torch.zeros_like(rows), rows)
    wanted = RecursiveSolver(base, None, torch.float32).predict(given, torch.Generator())
    found = HaltFirst([base], None).predict(given, torch.Generator())
    assert torch.equal(found.tokens, wanted.tokens)
    assert torch.equal(found.confidence, wanted.confidence)


def test_its_members_are_seeds_or_trials() -> None:
    assert bases(Options()) == [BaseCell("trm", seeds=3)]
    assert bases(Options(members=2, seeds="0, 7")) == [BaseCell("trm", seeds=(0, 7))]
    stored = bases(Options(base="hrm", members=2, base_trials="a,b"))
    assert stored == [BaseCell("hrm", trial="a"), BaseCell("hrm", trial="b")]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"seeds": "1,2"}, "names 2 members, model.members is 3"),
        ({"seeds": "1,x,3"}, "names no seeds"),
        ({"base_trials": "a"}, "names 1 members"),
        ({"seeds": "1", "base_trials": "a", "members": 1}, "both given"),
    ],
)
def test_members_that_do_not_fit_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(TrmbenchError, match=why):
        Options(**options)


def test_it_conforms() -> None:
    assert_model_conforms(SPEC, skip={"listing"})


@pytest.mark.slow
def test_it_is_trained_and_tested_on_a_tiny_sudoku(tmp_path: Path) -> None:
    small = {"train.steps": 4, "task.train_puzzles": 64, "task.test_puzzles": 8}
    small |= {"execution.device": "cpu"}
    row = run_one("ensemble", "sudoku", tmp_path, overrides=small | {"model.members": 2})
    base = run_one("trm", "sudoku", tmp_path, overrides=small)
    assert base["trial_id"] in json.loads(row["provenance"])["bases"]
    assert row["train_flops"] == 2 * base["train_flops"]
    assert (row["candidates"], row["depth"]) == (2, base["depth"])
    totals = json.loads(row["totals"])
    expected = base["flops_per_step"] * totals["supervision_steps"]
    assert row["flops_per_answer"] == pytest.approx(expected, rel=0.01)
    assert totals["oracle_pass@2"] >= row["score"]
    assert registry.models().find("ensemble").spec.name == "ensemble"


@pytest.mark.slow
def test_imported_weights_are_members(tmp_path: Path) -> None:
    data = {"task.train_puzzles": 8, "task.test_puzzles": 6, "execution.device": "cpu"}
    narrow = data | {"model.width": 16, "model.supervision_steps": 2}
    cell = choose_cells(["trm"], ["maze"], "mini", None, narrow).cells[0]
    imported = []
    for seed in (1, 2):
        parts = TrialParts(cell.trial(seed, "unused"))
        _, weights = parts.model_entry.spec.reference.export(parts.model)
        file = tmp_path / f"w{seed}.pt"
        torch.save({name: value.detach() for name, value in weights.items()}, file)
        imported.append(import_weights(file, cell, Store(tmp_path / "r")).trial_id)
    members = {"model.members": 2, "model.base_trials": ",".join(imported)}
    row = run_one("ensemble", "maze", tmp_path / "r", overrides=data | members)
    named = json.loads(row["provenance"])["bases"]
    assert list(named) == imported
    assert "w1.pt (sha256 " in named[imported[0]] and "w2.pt" in named[imported[1]]
    assert (row["candidates"], row["train_flops"]) == (2, None)
    kept = {path.name for path in (tmp_path / "r" / "checkpoints").iterdir()}
    assert kept == {*imported, row["trial_id"]}, "nothing was trained"
