// Drawing on canvases: the raster, and lines.

// Blue against orange and purple against ochre stay apart for colour-blind readers; neighbours differ in lightness.
export const LIGHT = ["#1b3f73", "#d2571c", "#0d5947", "#c2588a", "#472a78", "#a87400", "#303030", "#3585bd"];
export const DARK = ["#8db8f2", "#f08a4b", "#4fc3a1", "#f2a0c4", "#b79cf0", "#e0b040", "#d0d0d0", "#58b6e8"];
// Bursts are black or white and wide, plateaus wider: they differ from spikes without colour, too.
const MARKS = { light: { burst: "#000000", plateau: "#00798c" }, dark: { burst: "#ffffff", plateau: "#2fd0e0" } };
const GUTTER = 86;
const GAP = 6;
/** In the order in which they are drawn, so that bursts are seen among plateaus and spikes. */
const KINDS = ["plateau", "event", "spike", "burst"];
/** Spikes of a population on screen that are drawn larger. */
const FEW = 3000;

export function colour(k, theme) { return (theme === "dark" ? DARK : LIGHT)[k % LIGHT.length]; }
export function markColour(kind, theme) { return MARKS[theme][kind]; }

function rgb(text) {
  const n = parseInt(text.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

function styleOf(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

/** A canvas at the resolution of the screen; its context, and its size in CSS pixels. */
export function fitted(canvas) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, ratio };
}

export function plotWidth(canvas) { return Math.max(50, canvas.clientWidth - GUTTER); }
export function gutter() { return GUTTER; }

/** Round numbers for an axis. */
export function ticks(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((each) => each >= rough * 0.999);
  const at = (each) => {
    const found = [];
    for (let k = Math.ceil(low / each - 1e-9); k * each <= high + 1e-9 * each; k++) found.push(k * each);
    return found;
  };
  const found = at(step);
  return found.length > 1 ? { values: found, step } : { values: at(step / 2), step: step / 2 };
}

export function timeText(ms, step) {
  const seconds = Math.abs(step) >= 500;
  const digits = Math.max(0, Math.ceil(-Math.log10((seconds ? step / 1000 : step) * 1.0001)));
  return seconds ? `${(ms / 1000).toFixed(Math.min(6, digits))} s` : `${ms.toFixed(Math.min(6, digits))} ms`;
}

function timeAxis(context, width, height, start, stop) {
  const { values, step } = ticks(start, stop, (width - GUTTER) / 110);
  context.fillStyle = styleOf("--soft");
  context.strokeStyle = styleOf("--line");
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "top";
  context.beginPath();
  for (const t of values) {
    const x = GUTTER + ((t - start) / (stop - start)) * (width - GUTTER);
    context.moveTo(x, height - 18);
    context.lineTo(x, height - 14);
    const text = timeText(t, step);
    const half = context.measureText(text).width / 2;
    context.textAlign = "left";
    context.fillText(text, Math.min(width - 2 * half, Math.max(GUTTER, x - half)), height - 13);
  }
  context.stroke();
}

/** Where each population is in the raster: top and height in CSS pixels. Small ones get at least 14 pixels. */
export function lanes(populations, height) {
  const shown = populations.filter((each) => each.shown);
  const room = height - 20 - GAP * (shown.length - 1);
  const weight = shown.map((each) => Math.sqrt(each.size) + 4);
  const total = weight.reduce((a, b) => a + b, 0);
  let top = 0;
  return shown.map((population, k) => {
    const tall = Math.max(6, (room * weight[k]) / total);
    const lane = { population, top, height: tall };
    top += tall + GAP;
    return lane;
  });
}

/** Draw the raster of a window, with lines at some times. keys: kinds of event of a population, with its key in pieces. */
export function drawRaster(canvas, populations, pieces, start, stop, theme, lines = []) {
  const { context, width, height, ratio } = fitted(canvas);
  context.clearRect(0, 0, width, height);
  const wide = Math.max(1, Math.round((width - GUTTER) * ratio));
  const high = Math.max(1, Math.round((height - 20) * ratio));
  const image = context.createImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  const at = lanes(populations, height);
  for (const lane of at) {
    const box = { top: Math.round(lane.top * ratio), height: Math.max(1, Math.round(lane.height * ratio)), wide, high };
    const few = pieces.reduce((sum, each) => sum + (each.events[lane.population.keys.spike]?.times?.length ?? 1e4), 0) < FEW;
    for (const kind of KINDS) {
      const key = lane.population.keys[kind];
      if (key === undefined) continue;
      const shade = kind === "spike" || kind === "event" ? lane.population.shade : markColour(kind, theme);
      const range = rangeOfCounts(pieces, key);
      for (const piece of pieces) {
        const found = piece.events[key];
        if (!found) continue;
        const to = { from: piece.from ?? piece.start, to: piece.to ?? piece.stop, start, stop };
        if (found.times) drawEvents(pixels, box, piece, found, lane.population.size, to, rgb(shade), kind, ratio, few);
        else drawCounts(pixels, box, piece, found, lane.population.size, to, rgb(shade), range);
      }
    }
  }
  context.putImageData(image, GUTTER * ratio, 0);
  context.fillStyle = styleOf("--soft");
  for (const t of lines) context.fillRect(GUTTER + ((t - start) / (stop - start)) * (width - GUTTER), 0, 1, height - 20);
  labelLanes(context, at);
  timeAxis(context, width, height, start, stop);
}

function drawEvents(pixels, box, piece, found, size, window, [r, g, b], kind, ratio, few) {
  const { wide, high, top, height } = box;
  const ink = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  const scale = wide / (window.stop - window.start);
  const mark = height / size;
  const roomy = few || mark >= 2.5 * ratio;
  const across = roomy ? { burst: 3, plateau: 5 }[kind] ?? 2 : { plateau: 2 }[kind] ?? 1;
  const thick = Math.max(1, Math.round(across * ratio));
  const tall = Math.max(1, Math.round(mark * 0.85), few ? Math.round(2 * ratio) : 0);
  const from = window.from - piece.start - 1e-9, to = window.to - piece.start;
  for (let k = 0; k < found.times.length; k++) {
    const t = found.times[k];
    if (t < from || t > to) continue;
    const x = Math.floor((piece.start + t - window.start) * scale);
    if (x < 0 || x >= wide) continue;
    const y = top + Math.floor(found.ids[k] * mark);
    for (let i = y; i < Math.min(y + tall, high, top + height); i++) {
      for (let j = x; j < Math.min(x + thick, wide); j++) pixels[i * wide + j] = ink;
    }
  }
}

/** The counts, as they are coded, between which shades are told apart: those that few cells of all pieces are beyond. */
function rangeOfCounts(pieces, key) {
  const seen = new Uint32Array(256);
  let n = 0;
  for (const piece of pieces) {
    const counts = piece.events[key]?.counts;
    if (!counts) continue;
    for (let k = 0; k < counts.length; k += 7) seen[counts[k]]++;
    n += Math.ceil(counts.length / 7);
  }
  let high = 255, above = seen[255], low = 0, below = seen[0];
  while (high > 16 && above < n / 200) above += seen[--high];
  while (low < high - 16 && below < n / 200) below += seen[++low];
  return { low, high };
}

function drawCounts(pixels, box, piece, found, size, window, [r, g, b], range) {
  const { wide, high, top, height } = box;
  const { counts, rows, group } = found;
  const columns = piece.columns;
  const shades = new Uint32Array(256);
  for (let c = 1; c < 256; c++) {
    const a = Math.round(255 * Math.min(1, 0.14 + 0.86 * Math.max(0, (c - range.low) / (range.high - range.low))));
    shades[c] = ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
  }
  const perPixel = (window.stop - window.start) / wide;
  const first = Math.max(0, Math.ceil((window.from - window.start) / perPixel - 0.5));
  const last = Math.min(wide, Math.ceil((window.to - window.start) / perPixel - 0.5));
  const columnOf = new Int32Array(Math.max(0, last - first));
  for (let x = first; x < last; x++) {
    columnOf[x - first] = Math.floor((window.start + (x + 0.5) * perPixel - piece.start) / piece.width);
  }
  const cells = size / height;
  for (let y = 0; y < height && top + y < high; y++) {
    const row = Math.min(rows - 1, Math.floor(((y + 0.5) * cells) / group));
    const out = (top + y) * wide, from = row * columns;
    for (let x = first; x < last; x++) {
      const column = columnOf[x - first];
      if (column >= 0 && column < columns) {
        const shade = shades[counts[from + column]];
        if (shade) pixels[out + x] = shade;
      }
    }
  }
}

function labelLanes(context, at) {
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { population, top, height } of at) {
    context.fillStyle = population.shade;
    context.fillRect(GUTTER - 5, top, 3, height);
    context.fillText(clipped(context, population.name, GUTTER - 12), GUTTER - 9, top + height / 2);
    if (height > 34) {
      context.fillStyle = styleOf("--soft");
      context.fillText(population.size.toLocaleString("en"), GUTTER - 9, top + height / 2 + 13);
    }
  }
}

function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(text.slice(0, end) + "…").width > room) end--;
  return `${text.slice(0, end)}…`;
}

/** Draw curves, each a list of points [t, v] in pieces, on a common axis. */
export function drawCurves(canvas, curves, start, stop, { axis = false, fromZero = false, marks = [] } = {}) {
  const { context, width, height, ratio } = fitted(canvas);
  context.clearRect(0, 0, width, height);
  const foot = axis ? 20 : 4, head = 4;
  let low = Infinity, high = -Infinity;
  for (const { t, v } of curves) {
    for (let k = 0; k < v.length; k++) {
      if (t[k] < start || t[k] > stop || Number.isNaN(v[k])) continue;
      if (v[k] < low) low = v[k];
      if (v[k] > high) high = v[k];
    }
  }
  if (!(low <= high)) { low = 0; high = 1; }
  if (fromZero) { low = Math.min(0, low); high = Math.max(high, low + 1e-3); }
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) { low -= 0.5; high += 0.5; }
  const room = height - foot - head;
  const y = (v) => head + room * (1 - (v - low) / (high - low));
  const scale = (width - GUTTER) / (stop - start);
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.strokeStyle = styleOf("--line");
  context.lineWidth = 1;
  context.beginPath();
  const grid = ticks(low, high, Math.max(2, room / 34));
  for (const v of grid.values) {
    context.moveTo(GUTTER, y(v));
    context.lineTo(width, y(v));
    context.fillStyle = styleOf("--soft");
    context.fillText(Number(v.toPrecision(6)).toString(), GUTTER - 9, Math.max(7, Math.min(height - foot - 2, y(v))));
  }
  context.stroke();
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();
  // Lines of one pixel of the screen take a fortieth of the time of thicker ones, so each is drawn twice.
  context.lineWidth = 1 / ratio;
  for (const curve of curves) {
    context.strokeStyle = curve.shade;
    context.setLineDash(curve.dash ?? []);
    const path = new Path2D();
    let pen = false;
    for (let k = 0; k < curve.v.length; k++) {
      const v = curve.v[k];
      if (Number.isNaN(v)) continue;
      const x = GUTTER + (curve.t[k] - start) * scale;
      if (pen) path.lineTo(x, y(v)); else path.moveTo(x, y(v));
      pen = true;
    }
    context.stroke(path);
    context.translate(0.5 / ratio, 0.5 / ratio);
    context.stroke(path);
    context.translate(-0.5 / ratio, -0.5 / ratio);
  }
  context.setLineDash([]);
  for (const { t, shade } of marks) {
    const x = GUTTER + (t - start) * scale;
    context.fillStyle = shade;
    context.beginPath();
    context.moveTo(x, head + 7);
    context.lineTo(x - 3.5, head);
    context.lineTo(x + 3.5, head);
    context.fill();
  }
  context.restore();
  if (axis) timeAxis(context, width, height, start, stop);
}

/** Points of one recorded cell from pieces: each sample, or least and greatest of each column. */
export function curveOf(pieces, key, cell) {
  const t = [], v = [];
  for (const piece of pieces) {
    const found = piece.samples[key];
    if (!found || cell >= found.k) continue;
    const from = (piece.from ?? piece.start) - 1e-9, to = piece.to ?? piece.stop;
    if (found.times) {
      const n = found.times.length;
      for (let k = 0; k < n; k++) {
        const time = piece.start + found.times[k];
        if (time >= from && time <= to) { t.push(time); v.push(found.values[cell * n + k]); }
      }
    } else {
      for (let k = 0; k < piece.columns; k++) {
        const time = piece.start + (k + 0.5) * piece.width;
        if (time < from || time > to) continue;
        t.push(time, time);
        v.push(found.low[cell * piece.columns + k], found.high[cell * piece.columns + k]);
      }
    }
  }
  return { t, v };
}

/** The rate of a population, Hz, in bins of at least `least` ms. */
export function rateOf(pieces, key, size, least) {
  const t = [], v = [];
  let count = 0, begun = NaN, until = NaN;
  const close = () => {
    if (until > begun) { t.push((begun + until) / 2); v.push((count * 1000) / (size * (until - begun))); }
    count = 0;
  };
  for (const piece of pieces) {
    const totals = piece.events[key]?.totals;
    if (!totals) continue;
    const from = piece.from ?? piece.start, to = piece.to ?? piece.stop;
    for (let k = 0; k < piece.columns; k++) {
      const time = piece.start + k * piece.width;
      if (time < from - 1e-9 || time > to - 0.5 * piece.width) continue;
      // Bins begin at whole multiples of `least`, so that curves do not flicker while they move.
      const bin = Math.floor(time / least + 1e-6);
      if (Number.isNaN(begun) || bin !== Math.floor(begun / least + 1e-6)) { close(); begun = time; }
      count += totals[k];
      until = time + piece.width;
    }
  }
  if (until - begun >= 0.99 * least) close();
  return { t, v };
}

/** Draw a histogram. */
export function drawHistogram(canvas, { low, high, counts, unit }, shade) {
  const { context, width, height } = fitted(canvas);
  context.clearRect(0, 0, width, height);
  if (!counts.length) return;
  const most = Math.max(...counts);
  const wide = width / counts.length;
  context.fillStyle = shade;
  counts.forEach((count, k) => {
    const tall = (height - 16) * (count / most);
    context.fillRect(k * wide + 0.5, height - 16 - tall, Math.max(1, wide - 1), tall);
  });
  context.fillStyle = styleOf("--soft");
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillText(`${Number(low.toPrecision(4))} ${unit}`, 0, height - 13);
  context.textAlign = "right";
  context.fillText(`${Number(high.toPrecision(4))} ${unit}`, width, height - 13);
}

/** Draw a matrix of weights: from few to many in lightness, so that it reads in grey too. */
export function drawMatrix(canvas, matrix, theme) {
  const rows = matrix.length, columns = rows ? matrix[0].length : 0;
  if (!columns) return;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  let low = Infinity, high = -Infinity;
  for (const row of matrix) {
    for (const each of row) {
      if (each !== null) { low = Math.min(low, each); high = Math.max(high, each); }
    }
  }
  const [r, g, b] = rgb(colour(0, theme));
  matrix.forEach((row, i) => row.forEach((each, j) => {
    if (each === null) return;
    const a = high > low ? 0.08 + 0.92 * ((each - low) / (high - low)) : 0.6;
    image.data.set([r, g, b, Math.round(255 * a)], 4 * (i * columns + j));
  }));
  context.putImageData(image, 0, 0);
}
