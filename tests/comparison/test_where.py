from __future__ import annotations

import json
from typing import Any

import pytest

from trmbench.comparison.where import parse_where
from trmbench.errors import TrmbenchError

ROW: dict[str, Any] = {
    "model": "trm",
    "task": "maze",
    "seed": 3,
    "score": None,
    "config": json.dumps({"train": {"steps": 500, "halting": True, "epochs": None}, "model": {}}),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model == trm", True),
        ("model = 'trm'", True),
        ("model != trm", False),
        ("model in (trm, hrm)", True),
        ("model not in (trm, hrm)", False),
        ("not model in (direct)", True),
        ("seed < 4", True),
        ("seed >= 4", False),
        ("seed in (1, 3)", True),
        ("train.steps == 500", True),
        ("train.steps > 500", False),
        ("train.halting = true", True),
        ("train.epochs = none", True),
        ("train.nothing = 1 or seed = 3", True),
        ("model = hrm and task = maze or seed = 3", True),
        ("model = hrm and (task = maze or seed = 3)", False),
        ("score > 0", False),
        ('model == "t rm"', False),
    ],
)
def test_conditions_select_what_they_say(text: str, expected: bool) -> None:
    assert parse_where(text)(ROW) is expected


@pytest.mark.parametrize(
    "text",
    ["model", "model ==", "== trm", "model in trm", "(model = trm", "model = a b", "seed ! 3"],
)
def test_a_condition_that_does_not_parse_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(TrmbenchError, match="--where") as refused:
        parse_where(text)
    assert "model in (trm, hrm)" in (refused.value.hint or "")


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(TrmbenchError, match="unknown name in --where: 'modle'") as refused:
        parse_where("modle = trm")(ROW)
    assert "did you mean 'model'" in (refused.value.hint or "")


def test_order_between_text_and_number_is_refused() -> None:
    with pytest.raises(TrmbenchError, match="no order"):
        parse_where("model < 3")(ROW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 5000 + "seed = 3" + ")" * 5000, "10,008 characters"),
        ("(" * 101 + "seed = 3" + ")" * 101, "101 parentheses and nots"),
        ("not " * 2000 + "seed = 3", "2,000 parentheses and nots"),
        ("seed = " + "9" * 20_000, "20,007 characters"),
        ("seed = 3 " + "x" * 5000, "unexpected"),
    ],
)
def test_a_condition_that_is_too_long_or_too_deep_is_refused_in_a_line(
    text: str, message: str
) -> None:
    with pytest.raises(TrmbenchError) as refused:
        parse_where(text)(ROW)
    assert message in str(refused.value) and len(str(refused.value)) < 400


def test_deep_conditions_and_deep_values_are_understood() -> None:
    assert parse_where("(" * 100 + "seed = 3" + ")" * 100)(ROW)
    assert parse_where("not " * 100 + "seed = 3")(ROW)
    assert parse_where(f"seed != {'[' * 5000}")(ROW)
    assert parse_where(" and ".join(["seed = 3"] * 500))(ROW)
