"""The rule that a spec is listed without importing heavy packages."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from trmbench.testing.conformance import require

HEAVY = ("torch", "numpy", "pandas", "scipy", "matplotlib", "ray", "jax", "tensorflow")
_SCRIPT = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*(name for name in sys.argv[2].split(",") if name in sys.modules))
"""


def require_light(function: Callable[..., Any], what: str) -> None:
    """Refuse a spec whose module imports heavy packages; it is imported in a new process."""
    while isinstance(function, functools.partial):
        function = function.func
    module = function.__module__
    process = subprocess.run(
        [sys.executable, "-c", _SCRIPT, module, ",".join(HEAVY)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
    )
    error = process.stderr.strip().splitlines()
    require(process.returncode == 0, f"module {module} cannot be imported: {error and error[-1]}")
    heavy = process.stdout.split()
    require(
        not heavy,
        f"importing {module}, which is imported to list the {what}, imports {', '.join(heavy)}; "
        "import them inside the function instead",
    )
