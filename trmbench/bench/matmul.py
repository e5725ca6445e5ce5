"""The rate of matrix products: the peak that a training is measured against."""

from __future__ import annotations

import time

import torch

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
