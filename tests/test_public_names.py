"""The public names of trmbench."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import trmbench


def test_every_public_name_can_be_loaded() -> None:
    for name in trmbench.__all__:
        assert getattr(trmbench, name) is not None


def test_type_checkers_see_the_same_names_as_python() -> None:
    tree = ast.parse(Path(trmbench.__file__).read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    named = {name for _, name in seen} - {"*"}
    assert ("trmbench.spec", "*") in seen
    assert named | set(trmbench.spec.__all__) | {"__version__"} == set(trmbench.__all__)
    for module, name in seen - {("trmbench.spec", "*")}:
        assert getattr(importlib.import_module(module), name) is getattr(trmbench, name)
