"""The device a trial runs on, and what it can do; imports torch only when asked."""

from __future__ import annotations

import glob
import math
import os
import platform
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    import torch


def has_cuda() -> bool:
    """Whether there is a CUDA (or ROCm) GPU that torch can use.

    Looks for a driver first: importing torch takes seconds, which a machine without one is spared.
    """
    signs = glob.glob("/dev/nvidia[0-9]*") + glob.glob("/dev/dxg") + glob.glob("/dev/kfd")
    if not signs and shutil.which("nvidia-smi") is None:
        return False
    import torch

    return torch.cuda.is_available()


def choose_device(wanted: str) -> torch.device:
    """The torch device for `execution.device`.

    Raises:
        TrmbenchError: the device asked for is not here.
    """
    import torch

    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return torch.device(next(name for name, here in available.items() if here))
    if not available[wanted]:
        raise TrmbenchError(
            f"no {wanted} device on this machine",
            "use --set execution.device=auto; `trmbench doctor` shows what is here",
        )
    return torch.device(wanted)


def require_precision(precision: str, device: torch.device) -> None:
    """Refuse a precision that the device lacks, or only emulates.

    Raises:
        TrmbenchError: with the way out.
    """
    import torch

    lacks = ""
    if precision == "float64" and device.type == "mps":
        lacks = "has no float64"
    if precision == "bfloat16" and device.type == "cuda":
        if not torch.cuda.is_bf16_supported():
            lacks = "has no bfloat16"
        elif not torch.cuda.is_bf16_supported(including_emulation=False):
            lacks = "computes bfloat16 by emulation, slower than float32"
    if lacks:
        raise TrmbenchError(f"{device} {lacks}", "use --set train.precision=float32")


def require_graphs(device: torch.device) -> None:
    """Refuse CUDA graphs (`execution.compile=graphs`) to a device that has none.

    Raises:
        TrmbenchError: with the way out.
    """
    if device.type != "cuda":
        raise TrmbenchError(
            f"execution.compile=graphs needs a CUDA GPU, and this is {device}",
            "use --set execution.compile=true",
        )


def device_name(device: torch.device) -> str:
    """The device as a row names it, such as "cpu" or "cuda (NVIDIA H200)"."""
    import torch

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def reset_peak_memory(device: torch.device) -> None:
    """Begin a new measurement of peak memory."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")  # Linux: resets VmHWM of this process


def peak_memory(device: torch.device) -> int:
    """Peak bytes since the reset: allocated by torch on a GPU, of the whole process elsewhere."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    kilobytes = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobytes


def available_memory(device: torch.device) -> float:
    """Bytes that a computation on the device may still take; infinity where nobody knows."""
    import torch

    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return float(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    told = Path("/proc/meminfo")
    lines = told.read_text().splitlines() if told.exists() else []
    available = [line for line in lines if line.startswith("MemAvailable:")]
    return int(available[0].split()[1]) * 1024.0 if available else math.inf


_NO_MEMORY = ("can't allocate memory", "CUDA error: out of memory", "_STATUS_ALLOC_FAILED")
"""Words of errors that torch has no type for: the processor's, the driver's, the libraries'."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device's or the machine's memory did not suffice."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def free_memory() -> None:
    """Give back what nothing refers to any more."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def cpu_name() -> str:
    """The processor's name for people."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def available_cores() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


POWERCAP = Path("/sys/class/powercap")
"""Where Linux tells the energy that processors take (RAPL); as a rule only root may read it."""


class EnergyMeter:
    """The joules that a device takes, by its own counter: NVML's of a GPU, RAPL's of processors.

    They are the whole device's: what other processes do on it is counted as well. RAPL's counters
    begin again from 0 every few minutes, so `update` is to be called more often than that.

    Args:
        device: the device.
    """

    def __init__(self, device: torch.device) -> None:
        self._read = _nvml(device) if device.type == "cuda" else _rapl()
        self._last = self._read() if self._read else None
        self._taken = 0.0

    def update(self) -> None:
        """Add what was taken since the last look."""
        if self._read is None or self._last is None:
            return
        now = self._read()
        if now is None:
            self._last = None
            return
        for (last, _), (current, size) in zip(self._last, now, strict=True):
            self._taken += (current - last) % size if size else current - last
        self._last = now

    @property
    def joules(self) -> float | None:
        """Joules since the beginning; None where the device does not tell, or no longer does."""
        self.update()
        return None if self._last is None else self._taken


Counters = list[tuple[float, float]]
"""The joules that each counter of a device shows, and those at which it begins again; 0 = never."""


def _rapl() -> Callable[[], Counters | None] | None:
    """How the processors' counters are read; None where they cannot be."""

    def read() -> Counters | None:
        try:
            return [
                (
                    int((package / "energy_uj").read_text()) / 1e6,
                    int((package / "max_energy_range_uj").read_text()) / 1e6,
                )
                for package in packages
            ]
        except (OSError, ValueError):
            return None

    packages = sorted(POWERCAP.glob("intel-rapl:?"))
    return read if packages and read() else None


def _nvml(device: torch.device) -> Callable[[], Counters | None] | None:
    """How a GPU's counter is read; None without NVML's Python package, or without a counter."""
    try:
        import pynvml
        import torch

        pynvml.nvmlInit()
        uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
    except Exception:  # whatever is missing: the energy is then unknown
        return None

    def read() -> Counters | None:
        try:
            return [(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3, 0.0)]
        except pynvml.NVMLError:
            return None

    return read if read() else None
