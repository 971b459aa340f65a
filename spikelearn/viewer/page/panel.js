// The selected part of the network: what it is, its values with sliders, a switch, its weights.

import { colour, drawHistogram, drawMatrix } from "./plots.js";

function element(kind, attributes = {}, ...children) {
  const found = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (value !== false) found.setAttribute(name, value === true ? "" : value);
  }
  found.append(...children);
  return found;
}

/** The range of a slider around a value: from 0 to twice of it, or 30 mV to both sides, or 500 pA around 0. */
export function rangeOf({ value, unit }) {
  if (unit === "mV" && value !== 0) return [value - 30, value + 30];
  if (value > 0) return [0, 2 * value];
  if (value < 0) return [2 * value, 0];
  return unit === "pA" ? [-500, 500] : unit === "Hz" ? [0, 100] : unit === "mV" ? [-30, 30] : [0, 1];
}

export class Panel {
  constructor(root, ask, live) {
    this.root = root;
    this.ask = ask;
    this.live = live;
    this.part = undefined;
  }

  show(part, { weights, theme }) {
    this.part = part;
    this.theme = theme;
    this.weights = weights;
    this.inputs = new Map();
    this.root.replaceChildren();
    if (!part) return;
    const named = part.is === "drive" ? `drive of ${part.target}` : part.name;
    this.root.append(element("h3", {}, named), element("p", { class: "about" }, about(part)));
    if (this.live && (part.is === "projection" || part.is === "drive")) this.root.append(this.switchOf(part));
    if (this.live && part.is === "population" && !part.source) this.root.append(this.cellOf(part));
    part.values.forEach((each) => this.root.append(this.valueOf(part, each)));
    if (this.live && !part.values.length && part.is !== "projection") {
      this.root.append(element("p", { class: "about" }, "It has no values that can be changed."));
    }
    if (weights) {
      this.histogram = element("canvas", { role: "img", "aria-label": "histogram of weights" });
      this.matrix = element("canvas", { class: "matrix", role: "img", "aria-label": "matrix of mean weights" });
      this.summary = element("p", { class: "about" }, "reading weights …");
      this.root.append(element("h3", {}, "Weights"), this.histogram, this.summary, this.matrix,
        element("p", { class: "about" }, "rows: sources, columns: targets; the fuller the colour, the larger"));
      this.ask("weights", { part: part.key });
    }
  }

  switchOf(part) {
    const text = part.is === "projection" ? (part.off ? "Undo the lesion" : "Lesion (switch off)") : part.off ? "Switch on" : "Switch off";
    return element("button", { id: "switch", "aria-pressed": String(part.off),
      onclick: () => this.ask("switch", { part: part.key, on: part.off }) }, text);
  }

  /** Chooses a cell by its number, as a click on its row in the raster does. */
  cellOf(part) {
    const number = element("input", { id: "cell", type: "number", min: 0, max: part.size - 1, step: 1, value: 0 });
    const choose = () => this.ask("choose", { part: part.key, cell: Math.max(0, Math.min(part.size - 1, Math.round(Number(number.value)))) });
    return element("div", { class: "value" }, element("label", { for: "cell" }, "cell"),
      element("button", { id: "choose", onclick: choose }, "Show / hide voltage"), number, element("small", {}));
  }

  valueOf(part, each) {
    const id = `value-${each.name}`;
    const known = each.value !== null;
    const [low, high] = known ? rangeOf(each) : [0, 1];
    const number = element("input", { id, type: "number", step: "any", value: known ? String(Number(each.value.toPrecision(6))) : "",
      placeholder: known ? "" : each.note ?? "", title: known ? each.meaning : `${each.meaning}; ${each.note}` });
    const slider = element("input", { type: "range", min: low, max: high, step: (high - low) / 200, disabled: !known,
      value: known ? each.value : 0, "aria-label": `${each.name}, ${each.meaning}` });
    const set = (value) => { if (Number.isFinite(value)) this.ask("set", { part: part.key, name: each.name, value }); };
    let waiting;
    slider.addEventListener("input", () => {
      number.value = Number(Number(slider.value).toPrecision(6));
      clearTimeout(waiting);
      waiting = setTimeout(() => set(Number(slider.value)), 60);
    });
    number.addEventListener("change", () => { if (number.value !== "") set(Number(number.value)); });
    this.inputs.set(each.name, { slider, number });
    return element("div", { class: "value" }, element("label", { for: id, title: each.meaning }, each.name), slider, number,
      element("small", {}, each.unit));
  }

  /** Values as the network has them now. */
  take(values) {
    for (const each of values) {
      const inputs = this.inputs?.get(each.name);
      if (!inputs || each.value === null) continue;
      const { slider, number } = inputs;
      if (slider.disabled || each.value < Number(slider.min) || each.value > Number(slider.max)) {
        const [low, high] = rangeOf(each);
        Object.assign(slider, { min: low, max: high, step: (high - low) / 200, disabled: false });
      }
      if (document.activeElement !== number) number.value = Number(each.value.toPrecision(6));
      if (document.activeElement !== slider) slider.value = each.value;
    }
  }

  drawWeights(found) {
    if (!this.part || found.key !== this.part.key || !this.histogram) return;
    drawHistogram(this.histogram, found, colour(0, this.theme));
    drawMatrix(this.matrix, found.matrix, this.theme);
    this.summary.textContent = found.n
      ? `${found.n.toLocaleString("en")} synapses, mean ${Number(found.mean.toPrecision(4))} ${found.unit}` : "no synapses";
  }
}

function about(part) {
  if (part.is === "population") return `${part.size.toLocaleString("en")} ${part.model}`;
  if (part.is === "projection") return part.text;
  return part.is === "drive" ? part.text : "modulator";
}
