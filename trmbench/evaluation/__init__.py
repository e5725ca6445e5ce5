"""Testing: answers of a model to puzzles, and their scores."""
