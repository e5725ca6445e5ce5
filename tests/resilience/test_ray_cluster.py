"""A cluster of several nodes on this machine, of which some are killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from resilience.support import (
    LONG_ENOUGH_TO_KILL,
    TOY,
    assert_same_results,
    descendants,
    last_step,
    rows,
    started,
    statuses,
    wait_until,
)

from trmbench.store import claims
from trmbench.store.location import ObjectPath
from trmbench.testing.running import toy_trial

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytestmark = pytest.mark.slow
ONE_CORE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


@contextmanager
def cluster_of(*nodes: dict[str, int]) -> Iterator[Cluster]:
    """A head that trains nothing, and nodes that do."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for node in nodes:
            cluster.add_node(**node)
        yield cluster
    finally:
        cluster.shutdown()


def begin(cluster: Cluster, *arguments: str) -> list[str]:
    """A run of two seeds on the cluster."""
    on_it = ["--runner=ray", f"--ray-address={cluster.address}", "--cpus-per-trial=1"]
    return ["run", *TOY, *on_it, "--seeds=2", *arguments]


def test_a_node_killed_in_a_trial_without_a_common_file_system_costs_no_byte(
    uninterrupted: Path, place: str, folder: ObjectPath
) -> None:
    trials = {seed: toy_trial(seed, Path(), {"train.steps": 400}).trial_id for seed in (0, 1)}

    def begun() -> int | None:
        """The process of a trial that would lose what follows its checkpoint."""
        for trial in trials.values():
            if list((folder / "checkpoints" / trial).glob("running-*.json")):
                found = claims.holder(folder, trial)
                return found.pid if found else None
        return None

    with cluster_of(ONE_CORE, ONE_CORE) as cluster:
        arguments = [*LONG_ENOUGH_TO_KILL, f"--results={place}"]
        with started(*begin(cluster, *arguments)) as process:
            worker = wait_until(lambda: begun() or process.poll() is not None, "a checkpoint")
            raylets = {
                node.all_processes["raylet"][0].process.pid: node for node in cluster.worker_nodes
            }
            [its_node] = [node for pid, node in raylets.items() if worker in descendants(pid)]
            cluster.remove_node(its_node, allow_graceful=False)
            out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    assert statuses(folder) == ["finished", "finished"]
    assert any((row["resumed_from_step"] or 0) > 0 for row in rows(folder))
    assert_same_results(uninterrupted, folder)


def test_a_lost_head_is_one_line_that_says_how_to_go_on(
    uninterrupted: Path, tmp_path: Path
) -> None:
    arguments = [*LONG_ENOUGH_TO_KILL, f"--results={tmp_path}"]
    with cluster_of(ONE_CORE) as cluster:
        slowly = ["--set=train.steps=1000000", "--checkpoint-every=0.2"]
        with started(*begin(cluster, *arguments, *slowly)) as process:
            wait_until(lambda: last_step(tmp_path) or process.poll() is not None, "a checkpoint")
            cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
            killed = time.monotonic()
            out, _ = process.communicate(timeout=120)
        assert time.monotonic() - killed < 30
    assert process.returncode == 2, out
    [line] = [line for line in out.splitlines() if line.startswith("trmbench: ")]
    assert "head of the Ray cluster" in line and "is lost" in line
    assert f"trmbench resume --results {tmp_path}" in line
    assert "Traceback" not in out and "Failed to connect to GCS" not in out
    assert "failed" not in statuses(tmp_path)
