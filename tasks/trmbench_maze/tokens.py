"""The tokens of mazes, as in the released builders of HRM and TRM: pad 0, then `# SGo`."""

from __future__ import annotations

PAD, WALL, BLANK, START, GOAL, PATH = range(6)
VOCABULARY = 6
CHARACTERS = {"#": WALL, " ": BLANK, "S": START, "G": GOAL, "o": PATH}
