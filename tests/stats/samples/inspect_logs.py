"""Make inspect.parquet: `pip install inspect_ai pyarrow`, then `python inspect_logs.py`.

Two models answer two tasks, one of which has several epochs and two scorers; one answer fails.
"""

import tempfile

from inspect_ai import Task, eval
from inspect_ai.analysis import EvalModel, EvalTask, SampleSummary, samples_df
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import includes, match
from inspect_ai.solver import Generate, Solver, TaskState, solver

PAIRS = [(3, 4), (12, 5), (8, 8), (20, 1), (7, 6), (9, 9), (15, 4), (2, 2)]
KEPT = ["model", "task_name", "eval_id", "id", "epoch", "score_match", "score_includes", "error"]


@solver
def answer(wrong: int) -> Solver:
    """Answer with doubts every so many times; fail once."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if (wrong, state.sample_id, state.epoch) == (2, "8+8", 2):
            raise RuntimeError("no answer")
        doubt = " or 0" if (len(state.input_text) + 3 * state.epoch) % wrong == 0 else ""
        state.output = ModelOutput.from_content(str(state.model), state.target.text + doubt)
        return state

    return solve


with tempfile.TemporaryDirectory() as logs:
    for name, wrong in (("careful", 7), ("hasty", 2)):
        how = {"model": f"mockllm/{name}", "log_dir": logs, "display": "none"}
        sums = [Sample(id=f"{a}+{b}", input=f"{a} + {b} =", target=str(a + b)) for a, b in PAIRS]
        task = Task(sums, name="sums", solver=answer(wrong), scorer=[match(), includes()])
        eval(task, epochs=3, fail_on_error=False, **how)
        rest = [Sample(input=f"{a} - {b} =", target=str(a - b)) for a, b in PAIRS]  # ids 1, 2, ...
        eval(Task(rest, name="differences", solver=answer(wrong), scorer=match()), **how)
    frame = samples_df(logs, columns=EvalModel + EvalTask + SampleSummary)

order = ["model", "task_name", "epoch", "id"]
frame[KEPT].sort_values(order).to_parquet("inspect.parquet", index=False)
