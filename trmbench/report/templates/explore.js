"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Models on and off: a row or a line that concerns a model which is off disappears.
const off = new Set();
function showModels() {
  for (const part of all("[data-cells]"))
    part.classList.toggle("off", part.dataset.cells.split(" ").some(cell => off.has(cell)));
}
for (const box of all("#models input")) {
  box.addEventListener("change", () => {
    box.checked ? off.delete(box.value) : off.add(box.value);
    showModels();
  });
}

// Sorting: by number where both texts begin with one, else by text; again turns the order.
const value = row => column => row.cells[column].textContent.trim();
const asNumber = text => {
  const found = text.replace(/,(?=\d{3})/g, "").match(/^[-+<]?\s*\d+(\.\d+)?/);
  if (!found) return NaN;
  const scale = / min\b/.test(text) ? 60 : / h\b/.test(text) ? 3600 : / d\b/.test(text) ? 86400
    : / kB/.test(text) ? 1e3 : / MB/.test(text) ? 1e6 : / GB/.test(text) ? 1e9 : 1;
  return scale * parseFloat(found[0].replace(/[<+\s]/g, ""));
};
function compareTexts(a, b) {
  const [x, y] = [asNumber(a), asNumber(b)];
  if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
  return isNaN(x) ? a.localeCompare(b) : x - y;
}
for (const head of all("table.sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0], column = head.cellIndex;
    const falling = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const rows = [...body.rows].sort((a, b) => compareTexts(value(a)(column), value(b)(column)));
    body.append(...(falling ? rows.reverse() : rows));
  });
}

// Values on hover: the nearest mark of a figure that is still shown.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
document.body.append(tip);
for (const figure of all("figure[data-marks]")) {
  const marks = JSON.parse(figure.dataset.marks), svg = figure.querySelector("svg");
  figure.addEventListener("pointermove", event => {
    const place = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse());
    let nearest = null, least = 14;
    for (const mark of marks) {
      const distance = Math.hypot(mark[0] - place.x, mark[1] - place.y);
      if (distance < least && !off.has(String(mark[3]))) [nearest, least] = [mark, distance];
    }
    tip.hidden = !nearest;
    if (!nearest) return;
    tip.textContent = nearest[2];
    const left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(4, left) + scrollX}px`;
    tip.style.top = `${event.clientY + 14 + scrollY}px`;
  });
  figure.addEventListener("pointerleave", () => { tip.hidden = true; });
}

// A puzzle's refinement: one supervision step at a time.
for (const player of all(".player")) {
  const slider = player.querySelector("input");
  const frames = all(".frame", player.parentElement);
  const show = () => frames.forEach((frame, i) => { frame.hidden = i !== slider.value - 1; });
  slider.addEventListener("input", show);
  player.hidden = false;
  show();
}
