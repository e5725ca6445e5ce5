from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.text import Text

from trmbench.errors import TrmbenchError
from trmbench.gallery.drawing import (
    CHANGED_RIGHT,
    CHANGED_WRONG,
    WRONG,
    draw,
    mark,
    to_html,
    to_image,
    to_text,
)
from trmbench.gallery.frames import picture
from trmbench.gallery.strips import Refinement, frames, page, save_refinement


def render(tokens: np.ndarray) -> Text:
    """Four cells in a square, `<` for 9."""
    signs = ["<" if token == 9 else str(token) for token in tokens]
    return Text.assemble((signs[0], "bold red"), signs[1], "\n", signs[2], signs[3])


LABEL = np.array([0, 2, 3, 4], dtype=np.uint8)
REFINEMENT = Refinement(
    title="<b>trm</b> seed 0",
    puzzle_id="p1",
    render=render,
    render_answer=lambda answer, label: render(np.where(label, answer, label)),
    question=np.array([9, 1, 1, 1], dtype=np.uint8),
    label=LABEL,
    answers=np.array([[5, 1, 1, 4], [6, 2, 7, 4]], dtype=np.uint8),
    latents={"z": np.array([[9, 9, 9, 9], [1, 1, 1, 1]], dtype=np.uint8)},
    halt_probability=np.array([0.1, 0.9]),
)


def test_a_drawing_keeps_signs_and_lines() -> None:
    drawing = draw(render(LABEL))
    assert ["".join(sign for sign, _ in line) for line in drawing] == ["02", "34"]
    assert to_text(drawing).plain == "02\n34"


def test_marks_tell_changed_from_wrong() -> None:
    previous, now, right = (draw(Text(text)) for text in ("aabb", "abab", "abba"))
    styles = [style for _, style in mark(now, previous, right)[0]]
    assert styles[0].bgcolor is None
    assert styles[1].bgcolor == CHANGED_RIGHT.bgcolor
    assert styles[2].bgcolor == CHANGED_WRONG.bgcolor
    assert styles[3].bgcolor == WRONG.bgcolor


def test_drawings_of_other_shapes_differ_where_one_ends() -> None:
    marked = mark(draw(Text("ab\nc")), None, draw(Text("a")))
    assert [style.bgcolor is not None for line in marked for _, style in line] == [
        False,
        True,
        True,
    ]


def test_html_is_escaped() -> None:
    assert to_html(draw(Text("<b>&", "red"))).endswith(">&lt;b&gt;&amp;</span>")


def test_a_frame_counts_what_is_wrong_where_something_is_asked() -> None:
    first, second = frames(REFINEMENT)
    assert first.caption == "step 1: 2 wrong, halts with 10 %"
    assert second.caption == "step 2: 1 wrong, halts with 90 %"
    assert list(second.drawings) == ["y", "z"]
    changed = {
        (y, x): style.bgcolor
        for y, line in enumerate(second.drawings["y"])
        for x, (_, style) in enumerate(line)
    }
    assert changed[0, 0] is None  # nothing is asked there
    assert changed[0, 1] == CHANGED_RIGHT.bgcolor
    assert changed[1, 0] == CHANGED_WRONG.bgcolor


def test_the_page_escapes_and_holds_every_step() -> None:
    text = page(REFINEMENT)
    assert "<b>trm</b>" not in text
    assert text.count('<section class="frame">') == 2
    assert "http" not in text.replace("http-equiv", "")


def test_files_are_written_by_their_suffix(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    save_refinement(REFINEMENT, tmp_path / "a.html")
    save_refinement(REFINEMENT, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(TrmbenchError, match="cannot save"):
        save_refinement(REFINEMENT, tmp_path / "a.gif")


def test_the_strip_shows_the_marks() -> None:
    image = picture([[*REFINEMENT.given(), *frames(REFINEMENT)]])
    colours = {colour for _, colour in image.getcolors(maxcolors=1 << 20)}
    assert (0x2E, 0x7D, 0x32) in colours  # changed, now right
    blocks = to_image(draw(Text("██", "#112233")))
    assert (0x11, 0x22, 0x33) in {colour for _, colour in blocks.getcolors()}
