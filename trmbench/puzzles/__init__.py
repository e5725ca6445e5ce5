"""What tasks made of one-to-one puzzles share: options, files, splits, and the task itself.

The public names are those of `trmbench`; this package's `__init__` imports nothing.
"""
