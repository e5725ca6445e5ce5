from .datasets import (
    Store as Store,
)
