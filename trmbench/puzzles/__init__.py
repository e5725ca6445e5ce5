"""The parts that tasks of one-to-one puzzles share: options, files, splits, and the task itself.

The public names are in `trmbench`; this package's `__init__` imports nothing.
"""
