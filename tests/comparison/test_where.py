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
