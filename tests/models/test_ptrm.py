"""Probabilistic TRM: a search with a trained base that needs no change of the harness."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench import Batch, StepOutput, TrialEvent, TrmbenchError, run_trial
from trmbench.config.bases import hashed
from trmbench.config.cell import Cell, learned_hash
from trmbench.config.compose import base_cells, compose
from trmbench.evaluation.answers import RecursiveSolver
from trmbench.plugin import registry
from trmbench.testing import TOY_MODEL, TOY_TASK, assert_model_conforms, run_one
from trmbench_ptrm import Options
from trmbench_ptrm.search import StochasticSearch

SPEC = registry.models().find("ptrm").spec
INFO = TOY_TASK.load(TOY_TASK.options()).info


class LuckyBase:
    """Answers 3 and is sure of it where the first latent is above 1; else answers 2."""

    max_steps = 3
    puzzle_embedding = None

    def initial_state(self, batch_size: int) -> tuple[torch.Tensor, ...]:
        return torch.zeros(batch_size, 4, 2), torch.zeros(batch_size, 4, 2)

    def __call__(self, *arguments: Any) -> StepOutput:
        return self.forward(*arguments)

    def forward(self, state: Any, inputs: torch.Tensor, identifiers: torch.Tensor) -> StepOutput:
        assert not state[0].any(), "noise belongs into z, not into y"
        lucky = state[1][:, 0, 0] > 1
        tokens = torch.where(lucky, 3, 2)[:, None].expand_as(inputs)
        logits = torch.nn.functional.one_hot(tokens, 6).float()
        zeros = self.initial_state(len(inputs))
        return StepOutput(zeros, logits, torch.where(lucky, 2.0, -2.0))


def _batch(size: int = 64) -> Batch:
    inputs = torch.randint(2, 6, (size, 12), generator=torch.Generator().manual_seed(3))
    zeros = torch.zeros(size, dtype=torch.long)
    return Batch(inputs, torch.zeros_like(inputs), zeros, torch.arange(size))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def test_ptrm_conforms() -> None:
    assert_model_conforms(SPEC)


def test_without_noise_it_is_its_base() -> None:
    torch.manual_seed(0)
    base = TOY_MODEL.build(TOY_MODEL.options(), INFO, None)  # type: ignore[arg-type]
    batch = _batch()
    expected = RecursiveSolver(base, None, torch.float32).predict(batch, _generator())
    answers = StochasticSearch(base, 3, 0.0, None).predict(batch, _generator())
    assert torch.equal(answers.tokens, expected.tokens)
    assert torch.equal(answers.confidence, expected.confidence)
    assert torch.equal(answers.tokens_by_step, expected.tokens_by_step)


def test_the_answer_is_that_of_the_surest_rollout() -> None:
    one, many = (
        StochasticSearch(LuckyBase(), rollouts, 1.0, None).predict(_batch(), _generator())
        for rollouts in (1, 40)
    )
    assert 0 < (one.tokens == 3).float().mean() < 0.5  # P(normal > 1) = 16 %
    assert (many.tokens == 3).all()
    assert torch.allclose(many.confidence, torch.tensor(2.0).sigmoid())


class Scripted(LuckyBase):
    """Its rollouts answer and are sure as a script says, one (token, logit) each."""

    max_steps = 1

    def __init__(self, *script: tuple[int, float]) -> None:
        self._script = iter(script)

    def forward(self, state: Any, inputs: torch.Tensor, identifiers: torch.Tensor) -> StepOutput:
        token, logit = next(self._script)
        logits = torch.nn.functional.one_hot(torch.full_like(inputs, token), 6).float()
        return StepOutput(state, logits, torch.full((len(inputs),), logit))


@pytest.mark.parametrize(
    ("select", "script", "answer"),
    [
        ("best", [(2, 20.0), (3, 30.0), (4, 25.0)], 3),
        ("best", [(2, 1.0), (3, 1.0)], 2),
        ("mode", [(2, 9.0), (3, 1.0), (3, -1.0)], 3),
        ("mode", [(2, 1.0), (3, 1.5), (2, 0.0), (3, 0.0), (4, 9.0)], 3),
    ],
)
def test_a_rollout_is_chosen_by_its_logit_or_by_how_many_agree(
    select: Any, script: list[tuple[int, float]], answer: int
) -> None:
    search = StochasticSearch(Scripted(*script), len(script), 1.0, None, select=select)
    answers = search.predict(_batch(4), _generator())
    assert (answers.tokens == answer).all()
    chosen = max(logit for token, logit in script if token == answer)
    assert torch.allclose(answers.confidence, torch.tensor(chosen).sigmoid())


def test_every_rollout_is_a_candidate() -> None:
    search = StochasticSearch(Scripted((2, 1.0), (3, 2.0)), 2, 1.0, None)
    answers = search.predict(_batch(4), _generator())
    assert answers.candidates is not None and answers.candidates.shape == (4, 2, 12)
    assert answers.candidates[0].tolist() == [[2] * 12, [3] * 12]
    assert answers.candidate_scores is not None
    assert answers.candidate_scores.tolist() == [[1.0, 2.0]] * 4


@pytest.mark.parametrize("select", ["best", "mode"])
def test_one_rollout_that_is_no_number_is_not_hidden_by_the_others(select: Any) -> None:
    script = [(2, 1.0), (3, float("nan")), (2, 2.0)]
    search = StochasticSearch(Scripted(*script), 3, 1.0, None, select=select)
    assert search.predict(_batch(4), _generator()).confidence.isnan().all()


def test_a_single_feature_is_the_latent() -> None:
    search = StochasticSearch(LuckyBase(), 1, 1.0, None)
    (z,) = search.disturbed((torch.zeros(2, 3, 4),), _generator())
    assert z.std() > 0.5


def test_an_output_that_is_no_number_is_not_hidden() -> None:
    class Broken(LuckyBase):
        def forward(self, *arguments: Any) -> StepOutput:
            output = super().forward(*arguments)
            return output._replace(halt_logits=output.halt_logits * torch.nan)

    answers = StochasticSearch(Broken(), 2, 1.0, None).predict(_batch(), _generator())
    assert answers.confidence.isnan().all()


def test_base_without_halting_is_refused() -> None:
    class OneShot(LuckyBase):
        def forward(self, *arguments: Any) -> StepOutput:
            return super().forward(*arguments)._replace(halt_logits=None)

    with pytest.raises(TrmbenchError, match="halting"):
        StochasticSearch(OneShot(), 2, 1.0, None).predict(_batch(), _generator())


def test_it_computes_in_the_precision_of_its_base() -> None:
    seen = set()

    class Watched(LuckyBase):
        def forward(self, state: Any, *arguments: Any) -> StepOutput:
            seen.update(part.dtype for part in state)
            return super().forward(state, *arguments)._replace(state=state)

    StochasticSearch(Watched(), 2, 1.0, None, "bfloat16").predict(_batch(), _generator())
    assert seen == {torch.bfloat16}


def _cell(**overrides: Any) -> Cell:
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    return compose(SPEC, registry.tasks().find("maze").spec, "mini", from_command=named)


def test_its_training_is_that_of_its_base() -> None:
    trm = compose(registry.models().find("trm").spec, registry.tasks().find("maze").spec, "mini")
    assert _cell().values["train"] == trm.values["train"]
    assert _cell(train__precision="bfloat16").values["train"]["precision"] == "bfloat16"
    assert "base trm" in {setting.origin for setting in _cell().sections["train"].values()}


@pytest.mark.parametrize(
    ("task", "rollouts", "steps", "noise", "select"),
    [
        ("sudoku", 100, 64, 0.3, "best"),
        ("maze", 100, None, 1.0, "mode"),
        ("arc2", 25, None, 0.2, "best"),
    ],
)
def test_its_paper_presets_are_the_paper_s_settings(
    task: str, rollouts: int, steps: int | None, noise: float, select: str
) -> None:
    values = compose(SPEC, registry.tasks().find(task).spec, "paper").values
    options = Options(**values["model"])
    assert (options.rollouts, options.noise, options.select) == (rollouts, noise, select)
    assert options.steps == steps  # the base has 16


def test_later_options_leave_earlier_results_their_ids() -> None:
    maze, cell = registry.tasks().find("maze").spec, _cell()
    later = ("select", "base_trial")
    model = {key: value for key, value in cell.values["model"].items() if key not in later}
    bases = base_cells(SPEC, maze, "mini", cell.values, cell.overrides)
    assert learned_hash(SPEC, maze, {**cell.values, "model": model}, hashed(bases)) == cell.cell_id
    assert _cell(model__select="mode").cell_id != cell.cell_id
    assert _cell(model__base_trial="0123456789ab").cell_id != cell.cell_id


def test_cells_upon_bases_that_are_trained_differently_have_different_hashes() -> None:
    cells = [
        _cell(),
        _cell(train__ema=0.999),  # what a model without presets has, and the base has not
        _cell(train__steps=100),
        _cell(train__precision="bfloat16"),
        _cell(model__base="hrm"),
    ]
    assert len({cell.cell_id for cell in cells}) == len(cells)
    assert _cell().cell_id == _cell(evaluation__limit=5).cell_id


@pytest.mark.parametrize("change", ["revision", "preset"])
def test_what_its_base_means_decides_its_hash(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _cell().cell_id
    trm = registry.models().find("trm")
    preset = trm.spec.presets["mini"]
    wider = dataclasses.replace(preset, options={**preset.options, "width": 16})
    changed: dict[str, Any] = {"revision": trm.spec.revision + 1}
    if change == "preset":
        changed = {"presets": {"mini": wider}}
    spec = dataclasses.replace(trm.spec, **changed)
    places = [e if e is not trm else dataclasses.replace(e, spec=spec) for e in registry.models()]
    monkeypatch.setattr(registry.models(), "entries", places)
    assert _cell().cell_id != before


def test_a_base_that_does_not_exist_is_refused_before_anything_runs() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'trm'"):
        _cell(model__base="trn")


@pytest.mark.parametrize("values", [{"rollouts": 0}, {"noise": -0.1}, {"steps": 0}])
def test_impossible_options_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TrmbenchError, match=f"model.{next(iter(values))}"):
        _cell(**{f"model__{key}": value for key, value in values.items()})


@pytest.mark.slow
def test_harness_trains_the_base_once_for_both(tmp_path: Path) -> None:
    short = {
        "train.steps": 4,
        "task.train_puzzles": 64,
        "task.test_puzzles": 16,
    }
    trm = run_one("trm", "maze", tmp_path, overrides=short)
    written = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    quiet = short | {"model.noise": 0.0, "model.rollouts": 1}
    ptrm = run_one("ptrm", "maze", tmp_path, overrides=quiet)
    after = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert set(after) - set(written) == {ptrm["trial_id"]}, "the base was trained again"
    assert ptrm["cell_accuracy"] == trm["cell_accuracy"]


@pytest.mark.slow
def test_the_training_of_its_base_is_shown_as_its_own(tmp_path: Path) -> None:
    short = {"train__steps": 4, "task__train_puzzles": 64, "task__test_puzzles": 16}
    trial = _cell(**short, model__rollouts=1).trial(0, str(tmp_path))
    events: list[TrialEvent] = []
    assert run_trial(trial, events.append).status == "finished"
    assert {event.trial_id for event in events} == {trial.trial_id}
    assert {"train", "test"} == {event.phase for event in events}
