"""The page that follows a run, over HTTP and in a real browser."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers.synthetic import add_cell, bernoulli
from helpers.trials import maze_trials
from playwright.sync_api import sync_playwright

from trmbench.cli.view import page
from trmbench.report.live import Follower, live
from trmbench.report.server import server
from trmbench.spec import Trial
from trmbench.store import Store
from trmbench.store.claims import claimed
from trmbench.store.final import has_final
from trmbench.store.notes import write_note
from trmbench.trial.live_curve import LiveCurve

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def points(number: int) -> list[dict[str, Any]]:
    return [
        {"step": step, "seconds": step / 4, "loss": 2 / (1 + step), "exact_accuracy": step / 10}
        for step in range(1, number + 1)
    ]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[list[Trial]]:
    """Two trials that were asked for; this process does the first."""
    trials = maze_trials(tmp_path, seeds=2)
    write_note(Store(tmp_path), trials)
    with claimed(tmp_path, trials[0].trial_id):
        yield trials


@contextmanager
def serving(store: Store, build: Callable[[], str]) -> Iterator[ThreadingHTTPServer]:
    made = server(Follower(store, build), "Results", 0)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    store = Store(tmp_path)
    with serving(store, lambda: page(store)) as made:
        yield made


def get(served: ThreadingHTTPServer, path: str, method: str = "GET", **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", served.server_port, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_the_live_values_say_who_runs_and_how_long_it_takes(
    tmp_path: Path, running: list[Trial]
) -> None:
    found = live(Store(tmp_path))
    assert found["said"] == "1 trial running, 1 waiting"
    LiveCurve(Store(tmp_path), running[0].trial_id).write(points(2))
    found = live(Store(tmp_path))
    [trial] = found["trials"]
    assert (trial["step"], trial["total"], trial["seconds_left"]) == (2, 6, 1.0)
    assert trial["points"] == [[1, 1.0, 0.1], [2, 2 / 3, 0.2]]
    assert found["said"] == "1 trial running, 1 waiting, about 2 s left"


def test_a_real_trial_writes_its_curve_while_it_is_trained(tmp_path: Path) -> None:
    from trmbench.trial.run import run_trial

    [trial] = maze_trials(tmp_path, 1, train__steps=30, execution__log_every=5)
    written: list[int] = []

    def look(event: Any) -> None:
        if event.phase == "train" and not has_final(Store(tmp_path).checkpoints(trial.trial_id)):
            written.append(Store(tmp_path).read("curves", names=[trial.trial_id]).num_rows)

    assert run_trial(trial, look).error is None
    assert max(written) > 0
    assert Store(tmp_path).read("curves").num_rows == 6


def test_it_answers_this_machine_only_and_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with serving(store, lambda: str([row["model"] for row in store.trials()])) as served:
        _ask_as_a_stranger(tmp_path, served)


def _ask_as_a_stranger(tmp_path: Path, served: ThreadingHTTPServer) -> None:
    add_cell(tmp_path, "trm", bernoulli(3, 30, 0.5))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert served.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", served.server_port), 2):
        pass
    assert get(served, "/")[0] == 200
    assert get(served, "/../../etc/passwd")[0] == get(served, "/results/trials")[0] == 404
    assert get(served, "/", method="POST")[0] == 501
    assert get(served, "/live.json", Host="evil.example.org")[0] == 403
    status, report = get(served, "/report")
    assert status == 200 and "trm" in report
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    add_cell(tmp_path, "hrm", bernoulli(3, 30, 0.9))
    time.sleep(1.1)
    assert "hrm" in get(served, "/report")[1]


def test_a_folder_without_a_finished_trial_says_so(
    tmp_path: Path, served: ThreadingHTTPServer
) -> None:
    assert "No trial is finished yet" in get(served, "/report")[1]
    assert json.loads(get(served, "/live.json")[1])["said"] == "Nothing is running."


@pytest.mark.slow
def test_a_hundred_requests_a_second_are_answered(
    tmp_path: Path, served: ThreadingHTTPServer, running: list[Trial]
) -> None:
    add_cell(tmp_path, "trm", bernoulli(3, 30, 0.5))
    get(served, "/report")
    seconds, rate = 3, 100
    began = time.monotonic()

    def ask(number: int) -> int:
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        return int(get(served, ("/", "/live.json", "/report")[number % 3])[0])

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(seconds * rate))) == {200}
    assert time.monotonic() - began < 3 * seconds


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_curve_grows_without_a_reload_and_a_killed_browser_is_harmless(
    tmp_path: Path, served: ThreadingHTTPServer, running: list[Trial]
) -> None:
    store = Store(tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1400, "height": 900})
        complaints: list[str] = []
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto(f"http://127.0.0.1:{served.server_port}/")
        shown.evaluate("window.untouched = true")
        curve = shown.locator(f"[data-trial='{running[0].trial_id}'] path.loss")
        lengths = []
        for number in (2, 5):
            LiveCurve(store, running[0].trial_id).write(points(number))
            shown.get_by_text(f"step {number} of 6").wait_for(timeout=15_000)
            lengths.append((curve.get_attribute("d") or "").count("L"))
        assert lengths == [1, 4]
        frame = shown.frame_locator("#report")
        frame.get_by_text("No trial is finished yet").wait_for()
        add_cell(tmp_path, "hrm", bernoulli(3, 30, 0.9))
        frame.get_by_role("heading", name="hrm on maze").wait_for(timeout=30_000)
        assert shown.evaluate("window.untouched")
        assert complaints == []
        browser.close()
    assert get(served, "/live.json")[0] == 200
