from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import compare_cells
from trmbench.comparison.question import Question
from trmbench.gallery.differences import draw_differences
from trmbench.report.canvas import save_figures
from trmbench.report.formats import FORMATS
from trmbench.report.page import Report, build_report, render_report
from trmbench.report.words import interval_text, percent
from trmbench.spec.ids import trial_hash
from trmbench.store import Store

EVIL = "<script>alert(1)</script>"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

MEASURE = """
const frame = document.querySelector("iframe"), page = frame.contentDocument;
const outer = box => box.right > frame.clientWidth + 1 || box.left < -1;
const shown = [...page.querySelectorAll("h1,h2,h3,p,li,figure,table,caption,td,summary,.drawing")]
  .filter(e => e.getClientRects().length && !(e.closest(".scroll") && frame.clientWidth < 900));
const cut = shown.filter(e => outer(e.getBoundingClientRect())).map(e => e.outerHTML.slice(0, 90));
const scrolled = [...page.querySelectorAll(".scroll")]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 60));
const pictures = [...page.querySelectorAll("figure svg")];
const texts = pictures.flatMap(svg => [...svg.querySelectorAll("text")].filter(text => {
  const a = text.getBoundingClientRect(), b = svg.getBoundingClientRect();
  return a.left < b.left - 2 || a.right > b.right + 2;
}).map(text => text.textContent));
const found = {
  width: page.documentElement.scrollWidth, cut, scrolled, texts,
  pictures: pictures.filter(svg => svg.getBoundingClientRect().height > 50).length,
  scripts: page.scripts.length,
};
const answer = document.createElement("pre");
answer.id = "answer";
answer.textContent = JSON.stringify(found);
document.body.append(answer);
"""


def report_of(store: Store, question: Question) -> Report:
    found = compare_cells(store, question)
    return build_report(store, found, draw_differences(store, found))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("report")
    add_cell(root, "trm", bernoulli(4, 60, 0.8))
    add_cell(root, EVIL, bernoulli(4, 60, 0.4))
    failed = np.vstack([bernoulli(3, 60, 0.5), np.full((1, 60), np.nan)])
    add_cell(root, "trm", failed, overrides={"model.n": 1, "model.supervision_steps": 4})
    return root


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return report_of(Store(root), Question(published=True))


def test_the_report_shows_the_numbers_of_the_comparison(root: Path, report: Report) -> None:
    found = compare_cells(Store(root), Question())
    for cell in found.cells:
        assert f">{percent(cell.interval.mean)}<" in report.html
        assert f">{interval_text(cell.interval)}<" in report.html
    for difference in json.loads(FORMATS["json"](found))["differences"]:
        assert html.escape(difference["explanation"]) in html.unescape(report.html) or (
            difference["explanation"] in html.unescape(report.html)
        )


def test_names_are_shown_as_text(report: Report) -> None:
    assert report.html.count("<script") == 1  # the page's own
    assert EVIL not in report.html
    assert html.escape(EVIL) in report.html


def test_the_report_needs_nothing_from_elsewhere(report: Report) -> None:
    class Links(HTMLParser):
        found: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            for name, value in attrs:
                outside = name in ("src", "href", "xlink:href") and not (value or "").startswith(
                    "#"
                )
                if outside or tag in ("link", "iframe", "img"):
                    self.found.append(f"{tag} {name}={value}")

    links = Links()
    links.feed(report.html)
    assert links.found == []
    assert "@import" not in report.html
    assert set(re.findall(r"url\((.)", report.html)) <= {"#"}


def test_ids_are_unique_across_the_pictures(report: Report) -> None:
    ids = re.findall(r'\bid="([^"]+)"', report.html)
    assert len(ids) == len(set(ids))


def test_failures_and_provenance_are_at_the_end(report: Report) -> None:
    end = report.html[report.html.index("Cautions and failures") :]
    assert "out of memory" in end
    assert "provenance.packages.torch" in end


def test_puzzles_of_another_data_set_are_not_drawn(report: Report) -> None:
    assert "The puzzles are not drawn: " in report.html


def test_the_same_results_give_the_same_page(root: Path) -> None:
    store = Store(root)
    found = compare_cells(store, Question())
    pages = {render_report(found, [], "now") for _ in range(2)}
    assert len(pages) == 1


def test_costs_far_apart_have_plain_numbers_on_their_axis(tmp_path: Path) -> None:
    add_cell(tmp_path, "fast", bernoulli(3, 20, 0.5), row={"train_seconds": 5.0})
    add_cell(tmp_path, "slow", bernoulli(3, 20, 0.6), row={"train_seconds": 5000.0})
    page = report_of(Store(tmp_path), Question()).html
    assert "mathdefault" not in page
    assert re.search(r"<text[^>]*>100</text>", page)


def test_figures_are_files_as_well(report: Report, tmp_path: Path) -> None:
    written = save_figures(report.plots[:1], tmp_path / "figures")
    assert sorted(path.suffix for path in written) == [".png", ".svg"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_the_puzzles_on_which_models_differ_are_drawn(tiny_results: Path, tmp_path: Path) -> None:
    """A second cell is made from the first one's rows, with one puzzle solved instead of none."""
    shutil.copytree(tiny_results, tmp_path / "results")
    store = Store(tmp_path / "results")
    for row in store.trials():
        name = f"{row['trial_id']}-{row['evaluation_id']}"
        puzzles = store.read("puzzles", names=[name]).to_pylist()
        cell_id = "0123456789ab"
        names = {"cell_id": cell_id, "trial_id": trial_hash(cell_id, row["seed"])}
        other = {**names, "model": "other", "score": 1 / len(puzzles)}
        store.write("trials", f"{other['trial_id']}-{row['evaluation_id']}", [row | other])
        changed = [
            puzzle | {"trial_id": other["trial_id"], "score": float(i == 5)}
            for i, puzzle in enumerate(puzzles)
        ]
        store.write("puzzles", f"{other['trial_id']}-{row['evaluation_id']}", changed)
    report = report_of(store, Question())
    assert "The puzzles are not drawn" not in report.html
    assert f"{puzzles[5]['puzzle_id']}, mean over seeds: " in report.html
    assert "<p>other, seed 0</p>" in report.html


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_shows_all_of_it_without_errors(
    report: Report, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><iframe style="border:0" width="{width}"'
        f' height="30000" srcdoc="{html.escape(report.html)}"></iframe>'
        f"<script>window.onload = () => {{ {MEASURE} }}</script>"
    )
    assert CHROMIUM
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    done = subprocess.run(
        [CHROMIUM, *options, f"--user-data-dir={tmp_path}/profile", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=300,
    )
    match = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    found = json.loads(html.unescape(match[1]))
    assert "CONSOLE" not in done.stderr
    assert found["pictures"] == len(report.plots) > 0
    assert found["scripts"] == 1
    assert found["width"] <= width
    assert found["cut"] == []
    assert width < 900 or found["scrolled"] == [], "a phone moves wide tables sideways"
    assert found["texts"] == []
