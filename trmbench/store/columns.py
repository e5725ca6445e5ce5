"""The meaning of every Parquet column, in words."""

from __future__ import annotations

from collections.abc import Mapping

_IDS = {
    "trial_id": "Hash of the cell and the seed; equal answers on the same kind of CPU only.",
    "evaluation_id": "Hash of the settings with which the trial was tested.",
    "puzzle_id": "Name of the puzzle, the same on every machine.",
}

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "trials": {
        **{name: _IDS[name] for name in ("trial_id", "evaluation_id")},
        "cell_id": "Hash of model, task, data and every setting that changes what is learned.",
        "model": "Name of the model.",
        "task": "Name of the task.",
        "preset": "Name of the preset.",
        "seed": "Seed of the training.",
        "label": "Name of the cell in its study, if it has one.",
        "status": "finished, failed, interrupted, or imported.",
        "error": "Why the trial failed, in one line.",
        "primary_metric": "Name of the figure that `score` holds.",
        "score": "The figure by which models are compared, 0 to 1.",
        "exact_accuracy": "Share of the test puzzles whose answer equals the label.",
        "cell_accuracy": "Share of the right tokens.",
        "valid_accuracy": "Share of the test puzzles whose answer solves them, whatever the label.",
        "validation_accuracy": "Exact accuracy on the training puzzles that were held out.",
        "exact_accuracy_by_step": "Exact accuracy if the trial had stopped after each step.",
        "by_depth": "Figures of the depth curve, one entry per number of supervision steps.",
        "totals": "Further figures by name, as JSON.",
        "votes": "Augmented copies of a test puzzle that voted on its answer.",
        "depth": "Supervision steps that an answer got at most.",
        "candidates": "Answers of which the one that counts was chosen.",
        "attempts": "Answers of which one must be right, such as 2 for vote@2.",
        "test_ids": "Hash of the ids of the puzzles that were tested.",
        "unique_share": "Share of them that have one right answer; null where nobody knows.",
        "test_puzzles": "Number of puzzles that were tested.",
        "train_puzzles": "Number of distinct training puzzles.",
        "train_presentations": "Training steps times batch size: one supervision step each.",
        "train_steps": "Training steps taken.",
        "train_seconds": "Seconds of the training, interruptions apart.",
        "test_seconds": "Seconds of the test.",
        "flops_per_step": (
            "Floating-point operations of one supervision step of one puzzle, without gradient."
        ),
        "flops_per_answer": "Floating-point operations of the answer to one puzzle, on average.",
        "train_flops": "Floating-point operations of the training's matrix products.",
        "selected_step": "Training step whose weights were selected by held-out puzzles; null where"
        " the last ones count.",
        "variants": "Noise floor as JSON: by variant of the test the score, and the share of"
        " puzzles whose score flips; null where `evaluate --variants` was not asked.",
        "train_joules": "Energy of the training; null where the device does not tell.",
        "test_joules": "Energy of the test; null where the device does not tell.",
        "resumed_from_step": "Step at which the last interruption was followed up; null if none.",
        "peak_memory_bytes": "Most memory that the process, or on a GPU torch, held at a time.",
        "activation_bytes": "Activations kept for one backward pass.",
        "parameters": "Number of weights without puzzle embeddings.",
        "puzzle_embedding_parameters": "Number of weights of the puzzle embeddings.",
        "device": "Type of the device, such as cpu.",
        "overrides": "Settings that differ from the preset, as JSON.",
        "config": "Every setting, as JSON.",
        "provenance": "Versions, code, machine and data that made the row, as JSON.",
        "started_at": "Beginning of the trial, UTC.",
        "finished_at": "End of the trial, UTC.",
    },
    "curves": {
        "trial_id": _IDS["trial_id"],
        "step": "Training step of the point.",
        "seconds": "Seconds of training until then.",
        "learning_rate": "Learning rate at that step.",
        "loss": "Weighted sum of the losses, averaged over the steps since the last point.",
        "answer_loss": "Loss of the answer's tokens.",
        "halt_loss": "Loss of the halting logit.",
        "exact_accuracy": "Exact accuracy on training puzzles that gave up their slot.",
        "cell_accuracy": "Share of the right tokens on them.",
        "supervision_steps": "Supervision steps that they took on average.",
        "gradient_norm": "Norm of the gradient before clipping; null without clipping.",
        "losses": "The model's further losses by name, as JSON.",
    },
    "puzzles": {
        **_IDS,
        "group": "Name of the task that the puzzle belongs to, such as an ARC task.",
        "score": "Part of the puzzle in the primary metric, 0 to 1.",
        "exact": "Whether the answer equals the label.",
        "valid": "Whether the answer solves the puzzle; null where the task cannot tell.",
        "cell_accuracy": "Share of the right tokens.",
        "halt_probability": "Probability that the answer is right, according to the model.",
        "exact_by_step": "Whether the answer was right after each supervision step.",
        "answer": "The answer's tokens, one byte each.",
        "candidates": "Candidates, or votes, of the puzzle; null where there was one answer.",
        "candidates_right": "How many of them solve the puzzle.",
        "distinct_right": "How many different right answers are among them.",
        "times_found": "How often each different right answer is among them, most often first.",
        "solutions": "How many right answers the puzzle has; null where the task does not count.",
        "mode_right": "Whether the most frequent of them, of equals the first to be so, is right.",
        "right_by_score": (
            "Whether each of them is right, best score of the model first; null where it gives no"
            " scores or did not choose by them."
        ),
        "candidate_auc": (
            "Chance that a right one has a higher score than a wrong one; null where there is no"
            " such pair."
        ),
        "abstained": "Whether the model gave no answer: a wrong one. Null if it always gives one.",
        "cost": (
            "Floating-point operations of the puzzle's answer, with all votes; null where only the"
            " average is known."
        ),
        "score_names": "Names of the task's further scores; null where it gives none.",
        "named_scores": "These scores, 0 to 1, in the order of their names.",
    },
    "depths": {
        **_IDS,
        "row": "Row of the puzzle in the file of `puzzles`, from 0.",
        "depth": "Supervision steps after which the answer was given.",
        "score": "Part of the puzzle in the primary metric, 0 to 1.",
        "exact": "Whether the answer equals the label.",
        "valid": "Whether the answer solves the puzzle.",
        "cell_accuracy": "Share of the right tokens.",
        "halt_probability": "Probability that the answer is right, according to the model.",
        "answer": "The answer's tokens, where they are not those of the answer that counts.",
    },
    "votes": {
        **_IDS,
        "answer": "The tokens that were voted for, one byte each.",
        "votes": "Number of votes.",
        "mean_halt_probability": "Mean of the voters' halting probabilities.",
        "correct": "Whether the answer is right.",
    },
}
