"""Claims: one process at a time does a trial, and nobody waits for the dead."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from resilience.support import assert_a_claim_keeps_others_out

from trmbench.store import claims
from trmbench.store.claims import Claimed, claimed, holder, holders
from trmbench.store.claims.files import FileRegister

TRIAL = "0123456789ab"
HOLD = """
import sys, time
from trmbench.store.claims import claimed
with claimed(sys.argv[1], "0123456789ab"):
    print("held", flush=True)
    time.sleep(60)
"""
RACE = """
import sys, time
from pathlib import Path
from trmbench.store.claims import Claimed, claimed
won = 0
for turn in range(40):
    try:
        with claimed(Path(sys.argv[1]), f"{turn:012x}"):
            alone = Path(sys.argv[1]) / f"alone-{turn}"
            alone.open("x").close()  # fails where another one holds the claim as well
            time.sleep(0.02)
            alone.unlink()
            won += 1
    except Claimed:
        continue
print(won)
"""


def start_holder(results: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(results)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_claim_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    assert_a_claim_keeps_others_out(tmp_path)
    assert not list((tmp_path / "claims").glob("[!.]*"))


def test_results_out_of_reach_at_the_end_do_not_undo_what_was_done(tmp_path: Path) -> None:
    with claimed(tmp_path, TRIAL):
        (tmp_path / "claims").rename(tmp_path / "away")
        (tmp_path / "claims").write_text("no folder")


def test_a_claim_ends_at_once_with_a_killed_holder_even_unburied(tmp_path: Path) -> None:
    process = start_holder(tmp_path)
    with pytest.raises(Claimed), claimed(tmp_path, TRIAL):
        raise AssertionError("claimed from a living process")
    process.kill()
    deadline = time.monotonic() + 5
    while holder(tmp_path, TRIAL) and time.monotonic() < deadline:
        time.sleep(0.01)  # it is a zombie from now on, since nobody has waited for it
    with claimed(tmp_path, TRIAL):
        assert process.wait(5) != 0


def test_a_claim_of_another_machine_is_stale_after_a_minute_without_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(holders, "_machine", lambda: "another machine")
        FileRegister(tmp_path / "claims").take(TRIAL)
    with pytest.raises(Claimed), claimed(tmp_path, TRIAL):
        raise AssertionError("its heartbeat is fresh")
    long_ago = time.time() - claims.STALE_SECONDS - 5
    os.utime(tmp_path / "claims" / TRIAL, (long_ago, long_ago))
    with claimed(tmp_path, TRIAL):
        assert holder(tmp_path, TRIAL)


def test_the_heart_beats_and_notices_a_claim_that_was_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.01)
    path = tmp_path / "claims" / TRIAL
    with claimed(tmp_path, TRIAL) as claim:
        os.utime(path, (0, 0))
        time.sleep(0.3)
        assert path.stat().st_mtime > 0 and not claim.lost
        theirs = path.read_text().replace(claim._holder.token, "theirs")
        path.write_text(theirs)
        time.sleep(0.3)
        assert claim.lost
    assert path.read_text() == theirs, "a claim that was lost must not be released"


def test_half_a_claim_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / TRIAL).write_text('{"host": ')
    assert holder(tmp_path, TRIAL) is None
    with claimed(tmp_path, TRIAL):
        assert holder(tmp_path, TRIAL)


def test_of_processes_that_race_for_stale_claims_one_gets_each(tmp_path: Path) -> None:
    process = start_holder(tmp_path)
    process.kill()
    process.wait()
    stale = (tmp_path / "claims" / TRIAL).read_text()
    for turn in range(40):
        (tmp_path / "claims" / f"{turn:012x}").write_text(stale)
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    won = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sum(won) >= 40
