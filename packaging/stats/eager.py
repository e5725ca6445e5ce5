"""The package's names are imported at once: lazy-loader is none of its dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path(__file__).resolve().parents[2] / "trmbench" / "stats"


class Eager(BuildHookInterface):  # type: ignore[type-arg]
    """Takes the modules as they are, and the stub, which names everything, as `__init__`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Choose the files of the wheel."""
        include = self.build_config.target_config["force-include"]
        for module in sorted(SOURCE.glob("*.py")):
            if module.name != "__init__.py":
                include[str(module)] = f"trmbench_stats/{module.name}"
        include[str(SOURCE / "__init__.pyi")] = "trmbench_stats/__init__.py"
