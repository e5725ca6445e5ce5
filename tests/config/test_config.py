"""Composition of settings, and their hashes."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from trmbench import ModelSpec, Preset, TaskSpec, TrmbenchError
from trmbench.config.compose import compose
from trmbench.config.values import checked, parse_value, read_toml


@dataclass(frozen=True)
class Options:
    width: int = 8
    rate: float = 0.5
    path: str | None = None
    kind: Literal["a", "b"] = "a"


def make(**changes: Any) -> Any:
    task = TaskSpec(
        "t",
        "T",
        {"mini": Preset(options={"width": 1}, train={"steps": 10, "ema": 0.5})},
        load=print,
        options=Options,
    )
    model = ModelSpec(
        "m",
        "M",
        {
            "mini": Preset(
                train={"ema": 0.6, "beta1": 0.7},
                for_task={"t": Preset(options={"width": 3}, train={"beta1": 0.8})},
            )
        },
        build=print,
        options=Options,
    )
    return compose(model, task, changes.pop("preset", "mini"), **changes)


def test_later_layers_win_and_every_value_knows_its_origin() -> None:
    cell = make(from_file={"train.beta1": 0.1, "model.rate": 2}, from_command={"train.beta1": 0.2})
    train, model = cell.sections["train"], cell.sections["model"]
    assert (train["steps"].value, train["steps"].origin) == (10, "task preset t/mini")
    assert (train["ema"].value, train["ema"].origin) == (0.6, "model preset m/mini")
    assert (model["width"].value, model["width"].origin) == (3, "model preset m/mini for t")
    assert (train["beta1"].value, train["beta1"].origin) == (0.2, "command line")
    assert (train["halting"].value, train["halting"].origin) == (True, "default")
    assert model["rate"].value == 2.0 and isinstance(model["rate"].value, float)
    assert cell.overrides == {"train.beta1": 0.2, "model.rate": 2.0}


def test_the_hash_follows_what_is_learned_and_nothing_else() -> None:
    base = make()
    assert make().cell_id == base.cell_id
    assert make(from_command={"execution.log_every": 7}).cell_id == base.cell_id
    other_test = make(from_command={"evaluation.votes": 8})
    assert other_test.cell_id == base.cell_id and other_test.evaluation_id != base.evaluation_id
    for key, value in {"train.steps": 11, "model.width": 4, "task.width": 2}.items():
        changed = make(from_command={key: value})
        assert changed.cell_id != base.cell_id and changed.evaluation_id == base.evaluation_id
    assert base.trial(0, "r").trial_id != base.trial(1, "r").trial_id


def test_a_later_option_leaves_the_hash_alone_at_its_old_meaning() -> None:
    later = field(default="old", metadata={"unhashed_at": "old"})
    wider = make_dataclass("Wider", [("order", str, later)], bases=(Options,), frozen=True)

    def cell_id(options: type, **changes: Any) -> str:
        task = TaskSpec("t", "T", {"mini": Preset()}, load=print, options=options)
        model = ModelSpec("m", "M", {}, build=print, options=options)
        return compose(model, task, "mini", from_command=changes).cell_id

    before = cell_id(Options)
    assert cell_id(wider) == before
    assert (
        len({before, *(cell_id(wider, **{key: "new"}) for key in ("task.order", "model.order"))})
        == 3
    )


def test_none_is_a_name_where_it_is_one_of_the_names() -> None:
    assert (
        checked("model.position_encoding", parse_value("none"), Literal["rope", "none"]) == "none"
    )
    assert checked("task.path", parse_value("none"), str | None) is None
    with pytest.raises(TrmbenchError, match="is not 'rope'"):
        checked("model.position_encoding", None, Literal["rope"])


def test_a_value_that_a_file_sets_to_the_preset_gives_the_same_cell() -> None:
    assert make(from_file={"train.steps": 10}).cell_id == make().cell_id


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train.stepz", 1, "did you mean 'train.steps'"),
        ("trian.steps", 1, "did you mean 'train.steps'"),
        ("steps", 1, "unknown setting"),
        ("train.steps", "many", "a whole number or none"),
        ("train.steps", True, "a whole number or none"),
        ("train.ema", "x", "a number"),
        ("model.kind", "c", "'a' or 'b'"),
        ("train.halting", 1, "true or false"),
    ],
)
def test_a_bad_setting_is_refused_with_a_reason(key: str, value: Any, message: str) -> None:
    with pytest.raises(TrmbenchError) as error:
        make(from_command={key: value})
    assert message in str(error.value)


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(TrmbenchError, match="did you mean 'mini'"):
        make(preset="minni")


def test_typed_values_are_read_as_toml_or_text() -> None:
    typed = {
        "5": 5,
        "1e-3": 1e-3,
        "true": True,
        "none": None,
        "a/b": "a/b",
        '"5"': "5",
        "[1, 2]": [1, 2],
    }
    assert {text: parse_value(text) for text in typed} == typed
    lines = "5\ntrain = 6"
    assert parse_value(lines) == lines, "what follows is not dropped"
    assert str(checked("train.learning_rate", parse_value("-0"), float)) == "0.0"


@pytest.mark.parametrize("typed", ["123456789e12", "007", "2024_01", "1e5", "2024-01-01", "12"])
def test_a_text_that_looks_like_a_number_is_taken_as_it_was_typed(typed: str) -> None:
    assert checked("model.base_trial", parse_value(typed), str | None) == typed


def test_a_number_as_typed_is_a_plain_number_where_one_is_wanted() -> None:
    steps, rate = (
        checked("train.steps", parse_value("500"), int | None),
        checked("train.learning_rate", parse_value("1e-3"), float),
    )
    assert (type(steps), steps) == (int, 500)
    assert (type(rate), rate) == (float, 0.001)


def test_a_number_is_a_valid_path() -> None:
    assert make(from_command={"task.path": 2024}).values["task"]["path"] == "2024"


def test_malformed_toml_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[train]\nsteps = = 5\n")
    with pytest.raises(TrmbenchError, match=r"bad\.toml is not valid TOML.*line 2"):
        read_toml(file)
    with pytest.raises(TrmbenchError, match="cannot read"):
        read_toml(tmp_path / "missing.toml")
