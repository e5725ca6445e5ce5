"""The contracts between the harness and its plugins; standard library only.

A plugin describes what it offers with a spec (`ModelSpec`, `TaskSpec`, `RunnerSpec`). The parts
are loaded when they are first used: listing what is installed needs the specs alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
