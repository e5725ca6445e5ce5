"""The rate of matrix products: the peak that a training is measured against."""

from __future__ import annotations

import subprocess
import sys
import time

import torch

from trmbench.errors import TrmbenchError
from trmbench.machine import synchronize

SIZES = {"cuda": (4096, 8192), "mps": (2048, 4096)}
CPU_SIZES = (512, 1024)
"""Square products large enough to reach the peak and small enough to take moments."""


def measure_matmul_rate(
    device: torch.device, dtype: torch.dtype, threads: int, seconds: float = 0.05
) -> float:
    """Measure the floating-point operations per second of matrix products, the best of a few sizes.

    Args:
        device: where to multiply.
        dtype: dtype of the factors.
        threads: CPU threads; stay set.
        seconds: time spent on each size.
    """
    torch.set_num_threads(threads)
    sizes = SIZES.get(device.type, CPU_SIZES)
    return max(_rate(size, device, dtype, seconds) for size in sizes)


def measure_elsewhere(device: torch.device, dtype: torch.dtype, threads: int) -> float:
    """`measure_matmul_rate` in a process that ends with it: this one leaves the GPU to others.

    Raises:
        TrmbenchError: that process could not use the device.
    """
    asked = [device.type, str(dtype).removeprefix("torch."), str(threads)]
    program = [sys.executable, "-P", "-m", "trmbench.bench.matmul", *asked]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TrmbenchError(f"products on {device} could not be measured: {last}")
    return float(done.stdout)


def _rate(size: int, device: torch.device, dtype: torch.dtype, seconds: float) -> float:
    """Take the fastest product of this time: a disturbance only slows down."""
    a = torch.randn(size, size, device=device, dtype=dtype)
    repeats = 8 if device.type == "cuda" else 1  # starting a kernel must not count
    torch.mm(a, a)
    synchronize(device)
    fastest, deadline = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < deadline or fastest == float("inf"):
        started = time.perf_counter()
        for _ in range(repeats):
            torch.mm(a, a)
        synchronize(device)
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * size**3 * repeats / fastest


if __name__ == "__main__":
    where, precision, count = sys.argv[1:]
    print(measure_matmul_rate(torch.device(where), getattr(torch, precision), int(count)))
