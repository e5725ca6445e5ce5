"""A trial whose worker dies is heard of, whatever its parent does at that moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from trmbench.runners.local import LocalRunner
from trmbench.spec import Trial
from trmbench.spec.settings import ExecutionSettings
from trmbench.spec.status import FAILED, FINISHED
from trmbench.testing.running import toy_trial, visible_plugin


@pytest.mark.slow
def test_a_worker_that_dies_while_another_ones_result_is_taken_fails_its_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trmbench.runners.local.available_cores", lambda: 2)
    lost, other = (toy_trial(seed, tmp_path, {}) for seed in (0, 1))
    with visible_plugin("toy", "trmbench.testing.toy"):
        runner = LocalRunner(vars(ExecutionSettings(device="cpu")))
        [first] = runner._workers

        def trials() -> Iterator[Trial]:
            yield lost
            first.process.send_signal(signal.SIGSTOP)
            yield other

        results = runner.run(trials(), lambda event: None)
        assert next(results).status == FINISHED
        first.process.kill()
        first.process.wait()
        [failed] = results
    assert (failed.trial_id, failed.status) == (lost.trial_id, FAILED)
    assert failed.error is not None and "SIGKILL" in failed.error
