"""Results in an object store (a server of the S3 protocol): nothing is lost or done twice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from resilience.support import (
    LONG_ENOUGH_TO_KILL,
    OFTEN,
    OTHER,
    TOY,
    TRIAL,
    assert_a_claim_keeps_others_out,
    assert_same_results,
    environment,
    kill_all,
    rows,
    run,
    started,
    statuses,
    wait_until,
)

from trmbench.errors import TrmbenchError
from trmbench.store import Store, checkpoints as checkpoint
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.claims import Claimed, holders
from trmbench.store.claims.objects import ObjectRegister
from trmbench.store.location import ObjectPath
from trmbench.testing.running import toy_trial

RACE = """
import sys, time
from pathlib import Path
from trmbench.store.claims import Claimed, claimed
won = 0
print("ready", flush=True)
input()
for turn in range(10):
    try:
        with claimed(sys.argv[1], f"{turn:012x}"):
            alone = Path(sys.argv[2]) / f"alone-{turn}"
            alone.open("x").close()  # fails where another one holds the claim as well
            time.sleep(0.2)
            alone.unlink()
            won += 1
    except Claimed:
        continue
print(won)
"""


def last_step(results: ObjectPath) -> int:
    """The training step of the newest checkpoint of the toy's first seed."""
    trial = toy_trial(0, Path(), {"train.steps": 400}).trial_id
    found = (results / "checkpoints" / trial).glob("running-*.json")
    return max((int(path.stem.split("-")[1]) for path in found), default=0)


def test_objects_are_read_listed_and_deleted_like_files(folder: ObjectPath, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("content")
    one, other = folder / "one.json", folder / "below" / "other.json"
    assert not one.exists() and list(folder.glob("*")) == []
    one.upload(source)
    other.upload(source)
    assert one.read_text() == "content" and folder.exists()
    assert list(folder.glob("*.json")) == [one] and other.parent / "other.json" == other
    assert abs(one.modified() - time.time()) < 60
    one.unlink()
    one.unlink(missing_ok=True)
    for missing in (one.unlink, one.read_bytes, one.modified):
        with pytest.raises(FileNotFoundError):
            missing()
    other.unlink()
    assert not other.exists() and list(folder.glob("*.json")) == []


def test_a_damaged_checkpoint_falls_back_and_a_server_that_is_away_does_not(
    folder: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    of_trial = folder / "checkpoints" / TRIAL
    warnings: list[str] = []
    running = RunningCheckpoints(of_trial, warnings.append)
    for step in (1, 2):
        running.save(step, {"weight": torch.full((3,), float(step))}, {"step": step})
    running.wait()
    (of_trial / "running-000000002.safetensors").unlink()
    found = running.load_latest()
    assert (
        found is not None
        and found[1]["step"] == 1
        and "going on from the one before" in warnings[0]
    )
    with monkeypatch.context() as broken:

        def fails(path: ObjectPath) -> bytes:
            raise TrmbenchError(f"cannot reach {path}")

        broken.setattr(ObjectPath, "read_bytes", fails)
        with pytest.raises(TrmbenchError, match="cannot reach"):
            running.load_latest()
    assert checkpoint.load(of_trial, "running-000000001")[1]["step"] == 1


def test_a_claim_keeps_others_out_until_it_is_released(folder: ObjectPath) -> None:
    assert_a_claim_keeps_others_out(folder)


def test_a_claim_of_another_machine_ends_when_its_heart_stops(
    folder: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = ObjectRegister(folder)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(holders, "_machine", lambda: "another machine")
        theirs = register.take("trial")
    with pytest.raises(Claimed):
        register.take("trial")
    written = ObjectPath.modified
    old = {".ticket"}

    def long_ago(path: ObjectPath) -> float:
        return written(path) - 100 * path.name.endswith(tuple(old))

    monkeypatch.setattr(ObjectPath, "modified", long_ago)
    assert register.holder("trial") is None
    assert register.renew("trial", theirs)
    assert register.holder("trial") == theirs, "its heart has beaten since"
    old.add(".beat")
    assert register.holder("trial") is None
    ours = register.take("trial")
    assert not register.renew("trial", theirs), "it was suspended, and has lost the claim"
    assert register.holder("trial") == ours


@pytest.mark.slow
def test_of_processes_that_race_for_claims_at_most_one_holds_each(
    place: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", RACE, place, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        print(file=racer.stdin, flush=True)
    won = [int(racer.communicate(timeout=120)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sum(won) >= 10


@pytest.mark.slow
def test_a_killed_command_goes_on_from_its_checkpoint(
    uninterrupted: Path, place: str, folder: ObjectPath
) -> None:
    arguments = ["run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={place}"]
    arguments.append("--checkpoint-every=1")
    with started(*arguments) as process:
        wait_until(lambda: last_step(folder), "a checkpoint")
        kill_all(process)
    listed = run("resume", "--dry-run", f"--results={place}")
    assert listed.returncode == 0 and "begun" in listed.stdout, listed.stderr
    done = run("resume", f"--results={place}")
    assert done.returncode == 0, done.stderr
    assert (rows(folder)[0]["resumed_from_step"] or 0) > 0
    assert_same_results(uninterrupted, folder)
    assert last_step(folder) == 0, "running checkpoints give way to the final weights"
    shown = run("show", f"--results={place}")
    assert shown.returncode == 0 and "finished" in shown.stdout
    fresh = run(*arguments, "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert [row["resumed_from_step"] for row in rows(folder)] == [None, None]


@pytest.mark.slow
def test_two_commands_at_once_train_each_trial_once(place: str, folder: ObjectPath) -> None:
    arguments = ["run", *TOY, OFTEN, "--set=train.steps=100", "--seeds=3", f"--results={place}"]
    with started(*arguments) as one, started(*arguments) as other:
        printed = [process.communicate(timeout=240)[0] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), printed
    assert statuses(folder) == ["finished"] * 3
    trained = sum(text.count("train 100/100") for text in printed)
    assert trained <= 3, printed


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ("s3://no-such-bucket/results", "NO_SUCH_BUCKET"),
        ("s3:///results", "names no bucket"),
        ("s4://bucket/results", "s4://"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(server: str, results: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "trmbench.cli", "run", *TOY, f"--results={results}"],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 2 and words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_store_reads_what_it_wrote(place: str) -> None:
    store = Store(place)
    store.ensure_writable()
    point = {"trial_id": TRIAL, "step": 1, "loss": 0.5}
    store.write("curves", TRIAL, [point])
    assert Store(place).read("curves", list(point)).to_pylist() == [point]
    assert Store(place).read("curves", names=[OTHER]).num_rows == 0
