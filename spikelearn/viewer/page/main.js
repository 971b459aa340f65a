// The page: what the server sends is kept in pieces, and drawn once for each frame of the screen.

import { Graph } from "./graph.js";
import { Panel } from "./panel.js";
import { Frames, Tiles } from "./pieces.js";
import { colour, curveOf, drawCurves, drawRaster, gutter, lanes, markColour, plotWidth, rateOf, timeText } from "./plots.js";
import { FileSource, SocketSource, pieceOf } from "./wire.js";

const $ = (id) => document.getElementById(id);
const WEIGHTS_EVERY = 1000;
/** The network stands while its weights are read; it runs for so many times as long before they are read again. */
const WEIGHTS_SHARE = 30;
let weightsDue = 0;
const MOST_SHOWN = 12;

const state = {
  structure: undefined, live: false, frames: new Frames(), tiles: undefined, window: undefined,
  start: 0, span: 1000, follow: true, network: {}, populations: [], plots: new Map(), chosen: "",
  theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", dirty: true, frameCount: 0, pan: 0,
};

const embedded = document.getElementById("content") !== null;
const source = new (embedded ? FileSource : SocketSource)(receive);
const ask = (action, named) => source.ask(action, named);
let panel;
const graph = new Graph($("graph"), select);

function receive(message) {
  const act = RECEIVED[message.what];
  if (act) act(message);
  state.dirty = true;
}

const RECEIVED = {
  structure: (message) => show(message),
  frame: (message) => {
    state.frames.add(pieceOf(message), state.span);
    state.network = message.state;
    state.frameCount++;
    requestAnimationFrame(() => ask("drawn"));
  },
  tile: (message) => state.tiles.add(message, pieceOf(message)),
  window: (message) => { state.window = pieceOf(message); },
  values: (message) => {
    const part = state.structure.parts.find((each) => each.key === message.key);
    part.values = message.values;
    if (part.key === state.chosen) panel.take(message.values);
  },
  switched: (message) => {
    const part = state.structure.parts.find((each) => each.key === message.key);
    part.off = message.off;
    showGraph();
    if (part.key === state.chosen) select(part.key);
  },
  weights: (message) => {
    panel.drawWeights(message);
    weightsDue = performance.now() + Math.max(WEIGHTS_EVERY, WEIGHTS_SHARE * 1000 * (message.took ?? 0));
  },
  recorded: (message) => notice(message.on ? "" : `The recording is in ${message.path}`),
  error: (message) => {
    notice(message.text);
    const part = state.structure?.parts.find((each) => each.key === state.chosen);
    if (message.about === "weights") weightsDue = Infinity;
    if (message.about === "set" && part) panel.take(part.values);
  },
  closed: () => notice("The connection has ended: the network is no longer there, or too many pages look at it.", true),
};

let hiding;
function notice(text, forGood = false) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
  clearTimeout(hiding);
  if (!forGood) hiding = setTimeout(() => notice("", true), 15000);
}

function show(structure) {
  const first = state.structure === undefined;
  state.structure = structure;
  state.live = structure.mode === "live";
  document.title = `${structure.title} · spikelearn`;
  $("title").textContent = structure.title;
  $("title").title = structure.title;
  if (first) {
    panel = new Panel($("part"), ask, state.live);
    $("running").hidden = !state.live;
    if (!state.live) {
      state.tiles = new Tiles(source, structure);
      state.follow = false;
      state.start = structure.start;
      state.span = structure.length;
    }
  }
  const events = Object.entries(structure.events);
  const withEvents = structure.populations.filter((each) => events.some(([, e]) => e.of === each.name));
  state.populations = withEvents.map((each, k) => ({
    ...each, shown: k < MOST_SHOWN, number: k,
    keys: Object.fromEntries(events.filter(([, e]) => e.of === each.name).map(([key, e]) => [e.kind, key])),
  }));
  const hidden = Math.max(0, withEvents.length - MOST_SHOWN);
  const total = events.reduce((sum, [, e]) => sum + (e.n ?? 0), 0);
  state.note = [
    total ? `${total.toLocaleString("en")} events` : "", hidden ? `${hidden} more populations are not drawn` : "",
    structure.left_out ?? "",
  ].filter(Boolean).join("; ");
  showGraph();
  makeSamplePlots();
  if (first) setTimeout(() => sendView(), 0);
  else if (state.chosen) graph.mark(state.chosen);
}

function shadeOf(part) {
  const found = state.populations.find((each) => part.is === "population" && each.name === part.name);
  return found && colour(found.number, state.theme);
}

function showGraph() {
  document.documentElement.dataset.theme = state.theme;
  $("theme").textContent = state.theme === "dark" ? "Light" : "Dark";
  for (const each of state.populations) each.shade = colour(each.number, state.theme);
  $("raster-note").replaceChildren(state.note);
  for (const kind of ["burst", "plateau"]) {
    if (Object.values(state.structure.events).some((each) => each.kind === kind)) {
      $("raster-note").append(swatch(markColour(kind, state.theme)), `${kind}s`);
    }
  }
  graph.show(state.structure.parts, state.theme, shadeOf);
  const off = state.structure.parts.filter((each) => each.off).length;
  $("graph-note").textContent = off ? `${off} off` : "";
}

function select(key) {
  state.chosen = key;
  weightsDue = performance.now() + WEIGHTS_EVERY;
  const part = state.structure.parts.find((each) => each.key === key);
  const weights = part?.is === "projection" && (state.live || state.structure.weights.includes(key));
  panel.show(part, { weights, theme: state.theme });
}

/** One plot for each variable, with the cells of one population that are recorded. */
function makeSamplePlots() {
  const groups = new Map();
  for (const [key, each] of Object.entries(state.structure.samples)) {
    const name = `${each.of} (${each.unit})`;
    groups.set(name, [...(groups.get(name) ?? []), [key, each]]);
  }
  state.plots = new Map();
  const made = [];
  for (const [name, entries] of groups) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    const title = document.createElement("h2");
    const of = entries[0][1];
    title.append(`${of.of} `);
    const legend = document.createElement("small");
    title.append(legend);
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.append(title, canvas);
    made.push(plot);
    canvas.setAttribute("aria-label", `${entries.map(([, e]) => e.variable).join(", ")} of ${of.of}`);
    state.plots.set(name, { canvas, entries, legend, legendOf: "" });
  }
  $("samples").replaceChildren(...made);
}

function swatch(shade) {
  const made = document.createElement("span");
  made.className = "swatch";
  made.style.background = shade;
  return made;
}

/** Where trials begin, if there are few in a window. */
function trialStarts(start, stop) {
  const found = [];
  for (const each of state.structure.trials ?? []) {
    const long = each.durations.reduce((a, b) => a + b, 0);
    if ((stop - start) / long > 60) continue;
    for (let k = Math.max(0, Math.ceil((start - each.start) / long)); k < each.n && each.start + k * long <= stop; k++) {
      found.push(each.start + k * long);
    }
  }
  return found;
}

const DASHES = [[], [5, 3], [1.5, 2.5]];

function legendFor(plot) {
  const mark = `${state.theme}${plot.entries.map(([k, e]) => k + e.ids).join()}`;
  if (plot.legendOf === mark) return;
  plot.legendOf = mark;
  plot.legend.replaceChildren();
  let k = 0;
  for (const [, each] of plot.entries) {
    plot.legend.append(`  ${each.variable}${each.unit ? ` (${each.unit})` : ""}`);
    each.ids.forEach((id) => {
      const isCell = state.structure.populations.some((p) => p.name === each.of);
      plot.legend.append(swatch(colour(k++, state.theme)), isCell || each.ids.length > 1 ? `${id}` : "");
    });
    if (each.all > each.ids.length) plot.legend.append(`  (${each.ids.length} of ${each.all.toLocaleString("en")})`);
  }
}

function draw() {
  requestAnimationFrame(draw);
  if (!state.structure || !state.dirty) return;
  state.dirty = false;
  const { live } = state;
  if (live && state.follow) state.start = (state.network.now ?? 0) - state.span;
  const start = state.start, stop = state.start + state.span;
  let pieces;
  if (!live) pieces = state.tiles.within(start, stop, plotWidth($("raster")) * Math.min(2, devicePixelRatio || 1));
  else if (state.follow) pieces = state.frames.within(start, stop);
  else pieces = state.window ? [state.window] : state.frames.within(start, stop);
  drawRaster($("raster"), state.populations, pieces, start, stop, state.theme, trialStarts(start, stop));
  drawRates(pieces, start, stop);
  for (const plot of state.plots.values()) drawSamples(plot, pieces, start, stop);
  showState();
}

function drawRates(pieces, start, stop) {
  const least = Math.max(state.structure.dt, pieces.length ? pieces[0].width : 1, niceBin(state.span / 150));
  const curves = state.populations.filter((each) => each.shown).map((each) => ({
    ...rateOf(pieces, each.keys.spike ?? Object.values(each.keys)[0], each.size, least), shade: each.shade,
  }));
  state.rates = Object.fromEntries(state.populations.filter((p) => p.shown).map((p, k) => [p.name, mean(curves[k].v)]));
  drawCurves($("rates"), curves, start, stop, { fromZero: true });
}

function niceBin(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((k) => k * power).find((each) => each >= rough * 0.999);
}

function mean(values) { return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN; }

function drawSamples(plot, pieces, start, stop) {
  legendFor(plot);
  const curves = [], marks = [];
  let k = 0;
  plot.entries.forEach(([key, each], row) => {
    each.ids.forEach((id, cell) => {
      curves.push({ ...curveOf(pieces, key, cell), shade: colour(k++, state.theme), dash: DASHES[row % DASHES.length] });
      if (row === 0) marks.push(...marksOf(pieces, each.of, id));
    });
  });
  drawCurves(plot.canvas, curves, start, stop, { marks });
}

/** Bursts and plateaus of a cell, where events are there one by one. */
function marksOf(pieces, name, cell) {
  const found = [];
  for (const kind of ["burst", "plateau"]) {
    for (const piece of pieces) {
      const events = piece.events[`${name}/${kind}`];
      if (!events?.times) continue;
      events.ids.forEach((id, k) => {
        if (id === cell) found.push({ t: piece.start + events.times[k], shade: markColour(kind, state.theme) });
      });
    }
  }
  return found;
}

function showState() {
  const { network } = state;
  const [long, unit] = state.span >= 1000 ? [state.span / 1000, "s"] : [state.span, "ms"];
  $("span").textContent = `${Number(long.toPrecision(3))} ${unit}`;
  if (!state.live) {
    $("clock").textContent = `${timeText(state.start, state.span / 10)} – ${timeText(state.start + state.span, state.span / 10)}`;
    return;
  }
  const now = network.now ?? 0;
  const speed = network.achieved ?? 0;
  if (network.built === false) $("clock").textContent = "building the network …";
  else $("clock").textContent = `${(now / 1000).toFixed(2)} s · ${speed ? `${Number(speed.toPrecision(2))}× real time` : "paused"}`;
  if (document.activeElement !== $("speed") && network.speed) showSpeed(network.speed >= 1e6 ? 2.1 : Math.log10(network.speed));
  $("pause").textContent = network.paused ? "Go on" : "Pause";
  $("record").setAttribute("aria-pressed", String(Boolean(network.recording)));
  $("record").textContent = network.recording ? "Stop recording" : "Record";
  if (network.error) notice(network.error, true);
}

// Moving in time.

function move(start, span) {
  const { structure, live } = state;
  const least = 10 * structure.dt;
  if (live) {
    const now = state.network.now ?? 0;
    span = Math.min(Math.max(span, least), 20000);
    state.follow = !state.network.paused || start + span >= now - 1e-6 * span;
    state.start = Math.max(-span / 2, Math.min(start, now - span));
  } else {
    span = Math.min(Math.max(span, least), structure.length);
    state.start = Math.max(structure.start, Math.min(start, structure.start + structure.length - span));
  }
  const zoomed = span !== state.span;
  state.span = span;
  state.dirty = true;
  if (live) moved(zoomed);
}

let asking;
function moved(zoomed) {
  if (zoomed) sendView();
  if (!state.network.paused) return;
  clearTimeout(asking);
  asking = setTimeout(() => { state.follow = false; ask("window", { start: state.start, stop: state.start + state.span }); }, 30);
}

function sendView() {
  if (!state.live) return;
  ask("view", { width: state.span / Math.min(1500, Math.max(200, plotWidth($("raster")))), span: state.span });
  state.frames.clear();
}

function zoom(factor, at = 0.5) {
  const middle = state.live && state.follow ? 1 : at;
  const span = state.span * factor;
  move(state.start + middle * (state.span - span), span);
}

function shift(share) { move(state.start + share * state.span, state.span); }

const pause = (on) => { ask("pause", { on }); if (!on) { state.follow = true; state.window = undefined; state.frames.clear(); } };
const step = () => { ask("step", { duration: Math.max(state.structure.dt, state.span / 100) }); state.follow = true; state.window = undefined; };

const KEYS = {
  " ": () => state.live && pause(!state.network.paused),
  ".": () => state.live && step(),
  0: () => state.live && ask("restart"),
  r: () => state.live && ask("record", { on: !state.network.recording }),
  d: () => toggleTheme(),
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
  ArrowLeft: () => shift(-0.1), ArrowRight: () => shift(0.1),
  Home: () => move(state.structure.start ?? 0, state.span), End: () => move(Infinity, state.span),
};

function toggleTheme() {
  state.theme = state.theme === "dark" ? "light" : "dark";
  showGraph();
  if (state.chosen) select(state.chosen);
  state.dirty = true;
}

document.addEventListener("keydown", (event) => {
  const inside = event.target.closest("input, select, textarea, summary");
  const onButton = event.target.closest("button") && (event.key === " " || event.key === "Enter");
  if (inside || onButton || event.ctrlKey || event.metaKey || event.altKey || !state.structure) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

$("pause").addEventListener("click", () => pause(!state.network.paused));
$("step").addEventListener("click", step);
$("restart").addEventListener("click", () => ask("restart"));
$("record").addEventListener("click", () => ask("record", { on: !state.network.recording }));
$("theme").addEventListener("click", toggleTheme);
$("narrow").addEventListener("click", () => zoom(0.5));
$("wide").addEventListener("click", () => zoom(2));
function showSpeed(power) {
  $("speed").value = power;
  $("speed-text").textContent = power > 2 ? "fastest" : `${Number((10 ** power).toPrecision(2))}×`;
}
$("speed").addEventListener("input", () => {
  const power = Number($("speed").value);
  showSpeed(power);
  ask("speed", { value: power > 2 ? 1e6 : 10 ** power });
});

const raster = $("raster");
let dragged;
raster.addEventListener("wheel", (event) => {
  event.preventDefault();
  const at = (event.offsetX - gutter()) / plotWidth(raster);
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) shift((event.deltaX || event.deltaY) / plotWidth(raster));
  else zoom(2 ** Math.max(-1, Math.min(1, event.deltaY / 200)), Math.max(0, Math.min(1, at)));
}, { passive: false });
raster.addEventListener("pointerdown", (event) => {
  raster.setPointerCapture(event.pointerId);
  dragged = { x: event.offsetX, y: event.offsetY, start: state.start, moved: false };
});
raster.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const by = event.offsetX - dragged.x;
  if (Math.abs(by) > 3) dragged.moved = true;
  if (dragged.moved) move(dragged.start - (by / plotWidth(raster)) * state.span, state.span);
});
raster.addEventListener("pointerup", (event) => {
  if (dragged && !dragged.moved) pick(event.offsetY);
  dragged = undefined;
});

/** Show the voltage of the cell whose row was clicked. */
function pick(y) {
  const lane = lanes(state.populations, raster.clientHeight).find((each) => y >= each.top && y < each.top + each.height);
  if (!lane) return;
  const key = `population:${lane.population.name}`;
  graph.mark(key);
  select(key);
  const cell = Math.min(lane.population.size - 1, Math.floor(((y - lane.top) / lane.height) * lane.population.size));
  if (state.live) ask("choose", { part: key, cell });
}

setInterval(() => {
  const part = state.structure?.parts.find((each) => each.key === state.chosen);
  if (!state.live || part?.is !== "projection" || state.network.paused || performance.now() < weightsDue) return;
  weightsDue = performance.now() + 10 * WEIGHTS_EVERY;
  ask("weights", { part: part.key });
}, WEIGHTS_EVERY / 4);

addEventListener("resize", () => { state.dirty = true; sendView(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  state.theme = event.matches ? "dark" : "light";
  if (state.structure) showGraph();
  state.dirty = true;
});
document.documentElement.dataset.theme = state.theme;
globalThis.spikelearnView = state;
requestAnimationFrame(draw);
