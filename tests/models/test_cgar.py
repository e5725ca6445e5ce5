"""CGAR is TRM under a curriculum of T and n."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import trmbench_cgar
import trmbench_trm
from trmbench import Context, TaskInfo
from trmbench_cgar.options import schedule

TINY = TaskInfo("", "", "", vocab_size=6, seq_len=9, grid_shape=(3, 3), num_puzzle_identifiers=4)
SMALL = {"width": 16, "heads": 2, "expansion": 2.0, "multiple_of": 8, "puzzle_positions": 2}
CPU = Context(seed=0, device=torch.device("cpu"))


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, (1, 2)), (0.29, (1, 2)), (0.3, (2, 4)), (0.59, (2, 4)), (0.6, (3, 6)), (1.0, (3, 6))],
)
def test_the_curriculum_is_the_papers(progress: float, expected: tuple[int, int]) -> None:
    stage = schedule(trmbench_cgar.Options(), progress)
    assert (stage["T"], stage["n"]) == expected


@pytest.mark.parametrize(("T", "n"), [(1, 1), (2, 2), (3, 4)])
def test_every_stage_has_at_least_one_update_and_the_last_has_all(T: int, n: int) -> None:
    options = trmbench_cgar.Options(T=T, n=n)
    stages = [schedule(options, progress) for progress in (0.0, 0.5, 1.0)]
    assert all(stage["T"] >= 1 and stage["n"] >= 1 for stage in stages)
    assert stages[-1] == {"T": T, "n": n}


def _built(plugin: Any, **options: Any) -> Any:
    torch.manual_seed(0)
    model = plugin.build(plugin.Options(**SMALL, **options), TINY, CPU)
    with torch.no_grad():
        model.halt_head.weight.normal_(std=0.1)
    return model


@pytest.mark.parametrize(("T", "n"), [(1, 2), (2, 4), (3, 6)])
def test_at_every_stage_it_computes_what_trm_computes(T: int, n: int) -> None:
    trm, cgar = _built(trmbench_trm, T=T, n=n), _built(trmbench_cgar, T=T, n=n)
    for name, weight in trm.state_dict().items():
        assert torch.equal(weight, cgar.state_dict()[name]), name
    inputs, rows = torch.randint(0, 6, (3, 9)), torch.arange(3)
    ours, theirs = (model(model.initial_state(3), inputs, rows) for model in (cgar, trm))
    assert torch.equal(ours.logits, theirs.logits)
    assert torch.equal(ours.halt_logits, theirs.halt_logits)
    assert all(map(torch.equal, ours.state, theirs.state))
    assert cgar.forward_flops() == trm.forward_flops()
    whole = _built(trmbench_cgar, T=3, n=6)
    assert whole.forward_flops({"T": T, "n": n}) == trm.forward_flops()


def test_weights_by_trms_names_are_those_of_trm() -> None:
    trm = _built(trmbench_trm, T=3, n=6)
    config, weights = trmbench_trm.export_reference(trm)
    loaded = trmbench_cgar.load_reference(config, weights)
    again, exported = trmbench_cgar.export_reference(loaded)
    assert {key: again[key] for key in again} == {key: config[key] for key in again}
    assert exported.keys() == weights.keys()
    assert all(torch.equal(exported[name], weights[name]) for name in weights)
