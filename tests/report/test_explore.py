"""The report in a real browser: sorted, switched, pointed at, stepped through, with keys alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from trmbench.api import run
from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
from trmbench.gallery.differences import draw_differences
from trmbench.report.page import build_report, write_report
from trmbench.store import Store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
SHORT = {
    "task.clues": 34,  # of 36 cells: some are solved after a moment
    "task.test_puzzles": 40,
    "task.train_puzzles": 40,
    "train.batch_size": 32,
    "train.steps": 150,
    "train.warmup_steps": 20,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models on one task, trained for a moment, so that their weights are there."""
    folder = tmp_path_factory.mktemp("explore")
    results, file = folder / "results", folder / "report.html"
    run(["trm", "direct"], ["sudoku"], preset="mini", seeds=2, settings=SHORT, results=results)
    store = Store(results)
    found = compare_cells(store, Question())
    write_report(build_report(store, found, draw_differences(store, found)), file)
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The page at desk size; whatever the browser complains of fails the test."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if "http" in asked.url else None)
    page.goto(report.as_uri())
    yield page
    page.close()
    assert complaints == []


def _names(page: Page) -> list[str]:
    """The models in the table of accuracies that are shown, from the top."""
    return (
        page.locator("#accuracy table")
        .first.locator("tbody tr:visible td:nth-child(2)")
        .all_inner_texts()
    )


def test_the_winner_stands_in_the_first_screen(page: Page) -> None:
    lead = page.locator(".leads li").first
    assert re.search(r"(trm|direct).*, [\d.]+ %", lead.inner_text())
    box = lead.bounding_box()
    assert box is not None and box["y"] + box["height"] < 900


def test_a_column_is_sorted_both_ways_by_keys_alone(page: Page) -> None:
    button = page.locator("#accuracy table").first.locator("th button", has_text="parameters")
    orders = []
    button.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        orders.append([name.split()[0] for name in _names(page)])
    assert orders == [["trm", "direct"], ["direct", "trm"]]


def test_a_model_is_switched_off_in_tables_and_figures(page: Page) -> None:
    before = page.locator("[data-cells]:visible").count()
    page.locator("#models label", has_text="direct").click()
    [row] = _names(page)
    assert row.startswith("trm")
    lines = page.locator("svg [data-cells]:not(.off)").count()
    assert 0 < lines < page.locator("svg [data-cells]").count()
    page.locator("#models label", has_text="direct").click()
    assert page.locator("[data-cells]:visible").count() == before


def test_pointing_at_a_seed_says_its_value(page: Page) -> None:
    place = page.evaluate(
        """() => {
          const figure = document.querySelector("figure[data-marks]");
          figure.scrollIntoView();
          const [x, y, words] = JSON.parse(figure.dataset.marks)[0];
          const at = new DOMPoint(x, y).matrixTransform(figure.querySelector("svg").getScreenCTM());
          return [at.x, at.y, words];
        }"""
    )
    page.mouse.move(place[0], place[1])
    tip = page.locator("#tip")
    assert tip.is_visible()
    assert re.fullmatch(r"(trm|direct).*, seed \d: [\d.]+ %", tip.inner_text())
    drawn = page.evaluate(
        """([x, y]) => document.elementsFromPoint(x, y).some(e => e.closest("svg [data-cells]"))""",
        place[:2],
    )
    assert drawn, "the words stand where the seed is drawn"


def test_a_puzzle_is_stepped_through(page: Page) -> None:
    steps = page.locator(".steps").first
    steps.locator("summary").click()
    assert steps.locator(".frame:visible").count() == 1
    first = steps.locator(".frame:visible p").first.inner_text()
    steps.locator("input").focus()
    page.keyboard.press("ArrowRight")
    assert steps.locator(".frame:visible").count() == 1
    assert first.startswith("step 1") and "step 2" in steps.locator(".frame:visible").inner_text()


def test_on_paper_it_is_short(page: Page, tmp_path: Path) -> None:
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())) <= 6
