"""A precision that a device lacks is refused."""

from __future__ import annotations

import pytest
import torch

from trmbench.errors import TrmbenchError
from trmbench.machine import require_precision

CUDA = torch.device("cuda")


@pytest.mark.parametrize(
    ("native", "emulated", "message"),
    [
        (True, True, None),
        (False, True, "cuda computes bfloat16 by emulation, slower than float32"),  # V100 and T4
        (False, False, "cuda has no bfloat16"),
    ],
)
def test_bfloat16_is_refused_where_it_is_emulated(
    native: bool, emulated: bool, message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def supported(including_emulation: bool = True) -> bool:
        return emulated if including_emulation else native

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    require_precision("float32", CUDA)
    if message is None:
        require_precision("bfloat16", CUDA)
    else:
        with pytest.raises(TrmbenchError, match=message):
            require_precision("bfloat16", CUDA)


def test_float64_is_refused_on_mps() -> None:
    require_precision("float64", torch.device("cpu"))
    with pytest.raises(TrmbenchError, match="mps has no float64"):
        require_precision("float64", torch.device("mps"))
