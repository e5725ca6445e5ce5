"""What a trial is expected to cost."""

from __future__ import annotations

from typing import Any

import pytest

from trmbench.bench import estimate
from trmbench.bench.subject import subject


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("model", ["trm", "hrm", "direct"])
def test_a_try_and_a_trace_find_the_same_memory(
    model: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = subject(model, "maze", "mini", {"train.precision": precision}, {})

    def memory(small: int) -> Any:
        monkeypatch.setattr("trmbench.trial.memory.SMALL_FLOPS", small)
        return estimate.estimate_trial(found.parts, matmul_rate=1e10).memory_bytes

    assert memory(small=10**9) == pytest.approx(memory(small=0), rel=0.01)


def test_time_follows_from_the_operations_and_the_rate() -> None:
    found = subject("trm", "maze", "mini", {"train.steps": 50, "train.batch_size": 4}, {})
    cost = estimate.estimate_trial(found.parts, matmul_rate=1e10)
    share = estimate.USUAL_SHARE_OF_MATMUL_RATE
    assert cost.seconds == pytest.approx(50 * cost.flops_per_step / (1e10 * share))
    twice = subject("trm", "maze", "mini", {"train.steps": 50, "train.batch_size": 8}, {})
    cost_of_twice = estimate.estimate_trial(twice.parts, matmul_rate=1e10)
    assert cost_of_twice.flops_per_step == 2 * cost.flops_per_step
