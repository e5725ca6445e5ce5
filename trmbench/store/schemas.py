"""The columns of the Parquet datasets: part of what trmbench promises."""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = 1

_TIME = pa.timestamp("us", tz="UTC")
_DEPTH = pa.struct(
    [
        ("depth", pa.int64()),
        ("score", pa.float64()),
        ("exact_accuracy", pa.float64()),
        ("valid_accuracy", pa.float64()),
        ("cell_accuracy", pa.float64()),
        ("halting_auc", pa.float64()),
        ("lost", pa.int64()),
        ("flops", pa.float64()),
    ]
)
"""A point of a depth curve."""
SCHEMAS: dict[str, pa.Schema] = {
    "trials": pa.schema(
        [
            ("trial_id", pa.string()),
            ("evaluation_id", pa.string()),
            ("cell_id", pa.string()),
            ("model", pa.string()),
            ("task", pa.string()),
            ("preset", pa.string()),
            ("seed", pa.int64()),
            ("label", pa.string()),
            ("status", pa.string()),
            ("error", pa.string()),
            ("primary_metric", pa.string()),
            ("score", pa.float64()),
            ("exact_accuracy", pa.float64()),
            ("cell_accuracy", pa.float64()),
            ("valid_accuracy", pa.float64()),
            ("validation_accuracy", pa.float64()),
            ("exact_accuracy_by_step", pa.list_(pa.float64())),
            ("by_depth", pa.list_(_DEPTH)),
            ("totals", pa.string()),
            ("variants", pa.string()),
            ("depth", pa.int64()),
            ("candidates", pa.int64()),
            ("votes", pa.int64()),
            ("attempts", pa.int64()),
            ("test_puzzles", pa.int64()),
            ("test_ids", pa.string()),
            ("unique_share", pa.float64()),
            ("train_puzzles", pa.int64()),
            ("train_presentations", pa.int64()),
            ("train_steps", pa.int64()),
            ("selected_step", pa.int64()),
            ("train_seconds", pa.float64()),
            ("test_seconds", pa.float64()),
            ("flops_per_step", pa.float64()),
            ("flops_per_answer", pa.float64()),
            ("train_flops", pa.float64()),
            ("train_joules", pa.float64()),
            ("test_joules", pa.float64()),
            ("resumed_from_step", pa.int64()),
            ("peak_memory_bytes", pa.int64()),
            ("activation_bytes", pa.int64()),
            ("parameters", pa.int64()),
            ("puzzle_embedding_parameters", pa.int64()),
            ("device", pa.string()),
            ("overrides", pa.string()),
            ("config", pa.string()),
            ("provenance", pa.string()),
            ("started_at", _TIME),
            ("finished_at", _TIME),
        ]
    ),
    "curves": pa.schema(
        [
            ("trial_id", pa.string()),
            ("step", pa.int64()),
            ("seconds", pa.float64()),
            ("learning_rate", pa.float64()),
            ("loss", pa.float64()),
            ("answer_loss", pa.float64()),
            ("halt_loss", pa.float64()),
            ("exact_accuracy", pa.float64()),
            ("cell_accuracy", pa.float64()),
            ("supervision_steps", pa.float64()),
            ("losses", pa.string()),
            ("gradient_norm", pa.float64()),
        ]
    ),
    "puzzles": pa.schema(
        [
            ("trial_id", pa.string()),
            ("evaluation_id", pa.string()),
            ("puzzle_id", pa.string()),
            ("group", pa.string()),
            ("score", pa.float64()),
            ("exact", pa.bool_()),
            ("valid", pa.bool_()),
            ("cell_accuracy", pa.float64()),
            ("halt_probability", pa.float32()),
            ("exact_by_step", pa.list_(pa.bool_())),
            ("answer", pa.binary()),
            ("candidates", pa.int64()),
            ("candidates_right", pa.int64()),
            ("distinct_right", pa.int64()),
            ("times_found", pa.list_(pa.int64())),
            ("solutions", pa.int64()),
            ("mode_right", pa.bool_()),
            ("right_by_score", pa.list_(pa.bool_())),
            ("candidate_auc", pa.float64()),
            ("abstained", pa.bool_()),
            ("cost", pa.float64()),
            ("score_names", pa.list_(pa.string())),
            ("named_scores", pa.list_(pa.float64())),
        ]
    ),
    "depths": pa.schema(
        [
            ("trial_id", pa.string()),
            ("evaluation_id", pa.string()),
            ("puzzle_id", pa.string()),
            ("row", pa.int64()),
            ("depth", pa.int64()),
            ("score", pa.float64()),
            ("exact", pa.bool_()),
            ("valid", pa.bool_()),
            ("cell_accuracy", pa.float64()),
            ("halt_probability", pa.float32()),
            ("answer", pa.binary()),
        ]
    ),
    "votes": pa.schema(
        [
            ("trial_id", pa.string()),
            ("evaluation_id", pa.string()),
            ("puzzle_id", pa.string()),
            ("answer", pa.binary()),
            ("votes", pa.int64()),
            ("mean_halt_probability", pa.float64()),
            ("correct", pa.bool_()),
        ]
    ),
}

NEEDED: dict[str, tuple[str, ...]] = {
    "trials": (
        *("trial_id", "evaluation_id", "cell_id"),
        *("model", "task", "preset", "seed", "status"),
    ),
    "curves": ("trial_id", "step"),
    "puzzles": ("trial_id", "evaluation_id", "puzzle_id", "exact", "answer"),
    "depths": ("trial_id", "evaluation_id", "puzzle_id", "depth", "answer"),
    "votes": ("trial_id", "evaluation_id", "puzzle_id", "answer", "votes"),
}
"""The columns without which a row says nothing: every version has them, and they are never null."""

MOST_ROWS = {"trials": 1, "curves": 10**6, "puzzles": 10**7, "depths": 10**8, "votes": 10**7}
"""Rows of one file; Sudoku-Extreme has 422,786 test and 3.8 million training puzzles."""
MOST_BYTES = {
    "trials": 2**23,
    "curves": 2**28,
    "puzzles": 2**31,
    "depths": 2**33,
    "votes": 2**31,
}
"""Bytes of one column of a file, uncompressed."""
