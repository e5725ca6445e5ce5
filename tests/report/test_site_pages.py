"""The leaderboard: every number leads to its trial, and a trial to its puzzles."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli
from playwright.sync_api import sync_playwright

from trmbench.cli.main import run_command
from trmbench.comparison.cells import summarize
from trmbench.report import site
from trmbench.store import Store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RIGHT = bernoulli(3, 40, 0.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of two places, of two models on one task and one of them on another."""
    place = tmp_path_factory.mktemp("site")
    add_cell(place / "ours", "trm", RIGHT)
    add_cell(place / "ours", "trm", bernoulli(3, 40, 0.9), task="sudoku")
    add_cell(place / "theirs", "<b>evil</b>", bernoulli(3, 40, 0.7))
    arguments = [str(place / "ours"), str(place / "theirs"), "-o", str(place / "site")]
    assert run_command(["site", *arguments]) == 0
    return place / "site"


def _links(page: Path) -> list[Path]:
    found = re.findall(r'href="([^"#]+)"', page.read_text())
    return [(page.parent / link).resolve() for link in found]


def test_every_link_leads_to_a_page_and_every_page_is_linked(folder: Path) -> None:
    pages = {page.resolve() for page in folder.rglob("*.html")}
    linked = {link for page in pages for link in _links(page)}
    assert linked == pages
    assert not re.search(r"https?://(?!www\.w3\.org)", "".join(p.read_text() for p in pages))


def test_the_board_leads_over_a_cell_and_a_trial_to_the_puzzles(folder: Path) -> None:
    board = folder / "index.html"
    share = f"{100 * RIGHT.mean():.1f} %"
    [cell] = re.findall(rf'<a href="(cells/\w+.html)">{share}</a>', board.read_text())
    trials = [link for link in _links(folder / cell) if link.parent.name == "trials"]
    assert len(set(trials)) == 3
    for seed, trial in enumerate(dict.fromkeys(trials)):
        text = trial.read_text()
        rows = re.findall(r'<td class="name stays">p\d+<.*', text)
        assert f"seed {seed}" in text and len(rows) == 40
        exact = [re.findall(r">([^<]*)</td>", row)[2] for row in rows]
        assert exact.count("yes") == RIGHT[seed].sum()
    assert "&lt;b&gt;evil" in board.read_text() and "<b>evil" not in board.read_text()


def test_it_says_on_what_and_by_whom_it_was_measured(folder: Path) -> None:
    text = (folder / "index.html").read_text()
    assert "A processor" in text and "theirs" in text and "tasks/maze-mini" in text


def test_a_trial_of_many_puzzles_lists_the_first_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "MOST_PUZZLES", 5)
    add_cell(tmp_path, "trm", bernoulli(1, 9, 0.5))
    store = Store(tmp_path)
    *_, trial = site.site_pages(store, summarize(store, store.trials()), {})
    assert "The first 5 of 9 puzzles" in trial.html


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [400, 1400])
def test_the_board_is_filtered_and_sorted_in_a_browser(folder: Path, width: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((folder / "index.html").as_uri())
        shown = page.locator("main tbody tr:visible")
        assert shown.count() == 3
        page.get_by_role("searchbox").fill("trm")
        assert shown.count() == 2 and page.get_by_text("2 of 3 cells").is_visible()
        page.get_by_label("task").select_option("sudoku")
        assert shown.count() == 1
        page.get_by_label("task").select_option("")
        page.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="mean").click()
        means = [
            float(text.split()[0]) for text in shown.locator("td:nth-child(4)").all_inner_texts()
        ]
        assert means == sorted(means)
        model = shown.first.locator("td:nth-child(2)")
        shown.first.locator("td").last.scroll_into_view_if_needed()
        box = model.bounding_box()
        assert box is not None and box["x"] >= 0, "the model's name stays where the rest is moved"
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        shown.first.locator("td:nth-child(4) a").click()
        page.locator("tbody a").first.click()
        assert page.get_by_text("Puzzles, the unsolved ones first").is_visible()
        assert complaints == []
        browser.close()
