"""Each check of the model kit fires on a model that breaks its rule, and on no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from testing.broken_models import BROKEN, CopySolver, spec_of, with_presets

from trmbench import BaseCell, ModelSpec, Preset
from trmbench.testing import TOY_MODEL, TOY_TASK, ConformanceError, assert_model_conforms
from trmbench.testing.conform import check_model

PAIRS = [(check, kind) for check, kinds in BROKEN.items() for kind in kinds]
LISTING = {"listing"}  # the broken models live in a test module, which imports torch


def _problems(spec: ModelSpec) -> dict[str, str]:
    found = check_model(spec, skip=LISTING)
    return {finding.check: finding.problem for finding in found if finding.problem}


@pytest.mark.slow
def test_toy_model_conforms() -> None:
    assert_model_conforms(TOY_MODEL)


def test_a_model_need_not_be_a_network() -> None:
    assert_model_conforms(spec_of(CopySolver), skip=LISTING)


@pytest.mark.parametrize(("check", "kind"), PAIRS, ids=[kind.__name__ for _, kind in PAIRS])
def test_check_fires_on_a_broken_model(check: str, kind: type) -> None:
    problems = _problems(spec_of(kind))
    assert next(iter(problems)) == check, problems


@pytest.mark.parametrize(
    ("preset", "reason"),
    [
        (Preset(options={"widht": 3}), "model.widht"),
        (Preset(options={"width": "large"}), "whole number"),
        (Preset(train={"epoch": 3}), "train.epoch"),
        (Preset(for_task={"sudoku": Preset(options={"depth": 3})}), "model.depth"),
        (Preset(options={"width": -1}), "negative"),
    ],
)
def test_preset_that_does_not_build_is_named(preset: Preset, reason: str) -> None:
    problems = _problems(with_presets(mini=Preset(), large=preset))
    assert set(problems) == {"presets"}
    assert "'large'" in problems["presets"]
    assert reason in problems["presets"]


def test_base_must_name_a_cell() -> None:
    spec = ModelSpec("x", "", {"mini": Preset()}, TOY_MODEL.build, base=lambda options: "trm")  # type: ignore[arg-type,return-value]
    problem = _problems(spec)["presets"]
    assert BaseCell.__name__ in problem


def test_error_lists_what_is_wrong_with_an_example() -> None:
    kind = BROKEN["gradients"][0]
    with pytest.raises(ConformanceError, match=r"gradients: parameter forgotten\.weight never"):
        assert_model_conforms(spec_of(kind), skip=LISTING)


@pytest.mark.slow
def test_spec_that_imports_torch_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["import torch", "from trmbench.testing import TOY_MODEL", "def build(o, i, c): ..."]
    (tmp_path / "heavy_plugin.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    import heavy_plugin  # type: ignore[import-not-found]

    spec = ModelSpec("heavy", "", {}, heavy_plugin.build)
    found = check_model(spec, task=TOY_TASK)
    assert found[0].check == "listing"
    assert "heavy_plugin" in (found[0].problem or "")
    assert "torch" in (found[0].problem or "")
    del sys.modules["heavy_plugin"]
