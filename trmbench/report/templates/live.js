"use strict";
const SVG = "http://www.w3.org/2000/svg", WIDTH = 300, HEIGHT = 100;
const byId = id => document.getElementById(id);
const add = (parent, name, text, kind) => {
  const part = document.createElement(name);
  if (text !== undefined) part.textContent = text;
  if (kind) part.className = kind;
  parent.append(part);
  return part;
};

// A curve in its box: steps from left to right, values from their least to their greatest.
function path(points, column, last, low, high) {
  const known = points.filter(point => point[column] !== null);
  const range = high - low || 1;
  return known.map((point, place) => {
    const x = WIDTH * point[0] / (last || 1), y = HEIGHT * (1 - (point[column] - low) / range);
    return `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
}

function draw(trial) {
  const card = document.createElement("article");
  card.dataset.trial = trial.trial_id;
  add(card, "h3", trial.label);
  const left = trial.seconds_left === null ? "" : `, about ${words(trial.seconds_left)} left`;
  const total = trial.total ? ` of ${trial.total.toLocaleString("en")}` : "";
  add(card, "p", `step ${trial.step.toLocaleString("en")}${total}${left}`, "soft");
  if (trial.total) {
    const bar = add(card, "progress");
    [bar.max, bar.value] = [trial.total, trial.step];
  }
  const losses = trial.points.map(point => point[1]).filter(value => value !== null);
  const last = trial.total || trial.step;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  for (const [kind, column, low, high] of [
    ["loss", 1, 0, Math.max(...losses, 1e-9)], ["exact", 2, 0, 1]]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", kind);
    line.setAttribute("d", path(trial.points, column, last, low, high));
    svg.append(line);
  }
  card.append(svg);
  const end = trial.points.at(-1);
  const key = add(card, "p");
  add(key, "span", end && end[1] !== null ? `loss ${end[1].toFixed(3)} ` : "", "key-loss");
  add(key, "span", end && end[2] !== null ? `exact ${(100 * end[2]).toFixed(1)} %` : "", "key-exact");
  add(card, "p", `${trial.trial_id}, ${trial.process}`, "soft");
  return card;
}

const words = seconds => seconds < 100 ? `${Math.max(1, Math.round(seconds))} s`
  : seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;

const frame = byId("report");
const fit = () => {
  const page = frame.contentDocument;
  if (page && page.body) frame.style.height = `${page.documentElement.scrollHeight}px`;
};
frame.addEventListener("load", fit);
addEventListener("resize", fit);

let shown = null;
async function look() {
  try {
    const found = await (await fetch("/live.json")).json();
    byId("said").textContent = found.said;
    byId("trials").replaceChildren(...found.trials.map(draw));
    if (found.version !== shown) {
      shown = found.version;
      frame.src = `/report?${shown}`;
    }
  } catch {
    byId("said").textContent = "trmbench view does not answer any more.";
  }
  setTimeout(look, 2000);
}
look();
