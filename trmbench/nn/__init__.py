"""Building blocks of small recursive networks, loaded when they are first used.

Everything computes in the dtype of its input, so a model computes in the dtype of its state.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
