"""Statistics for cells of trials: arrays in, plain numbers out; imports nothing else of trmbench.

The names are loaded when they are first used: importing this package imports neither numpy nor
scipy. `docs/statistics.md` explains the methods.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
