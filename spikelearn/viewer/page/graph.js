// The graph of populations and projections; a box or an arrow is selected with the pointer or the keyboard.

import { colour } from "./plots.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 104, HIGH = 40, ACROSS = 66, DOWN = 84;

function made(kind, attributes, parent) {
  const found = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  parent?.append(found);
  return found;
}

export class Graph {
  constructor(svg, choose) {
    this.svg = svg;
    this.choose = choose;
    this.chosen = "";
  }

  show(parts, theme, shadeOf) {
    this.svg.replaceChildren();
    const nodes = parts.filter((each) => each.x !== undefined);
    if (!nodes.length) return;
    const top = Math.max(...nodes.map((each) => each.y));
    const at = new Map(nodes.map((each) => [`${each.is}:${each.name}`, [each.x * ACROSS, (top - each.y) * DOWN]]));
    const xs = [...at.values()].map(([x]) => x), ys = [...at.values()].map(([, y]) => y);
    const [left, right] = room(Math.min(...xs) - WIDE / 2 - 26, Math.max(...xs) + WIDE / 2 + 26, 300);
    const [above, below] = room(Math.min(...ys) - HIGH / 2 - 34, Math.max(...ys) + HIGH / 2 + 40, 180);
    this.svg.setAttribute("viewBox", `${left} ${above} ${right - left} ${below - above}`);
    const defs = made("defs", {}, this.svg);
    for (const [id, shape] of [["point", "M0,0 L8,4 L0,8 z"], ["bar", "M3,0 L5,0 L5,8 L3,8 z"], ["dot", "M4,1 A3,3 0 1 1 3.9,1 z"]]) {
      const marker = made("marker", { id, viewBox: "0 0 8 8", refX: id === "bar" ? 4 : 7, refY: 4, markerWidth: 7,
        markerHeight: 7, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" }, defs);
      made("path", { d: shape, fill: "context-stroke", stroke: "none" }, marker);
    }
    const links = new Map();
    for (const part of parts) {
      if (part.is === "projection") {
        const key = `${part.source}>${part.target}`;
        links.set(key, [...(links.get(key) ?? []), part]);
      }
    }
    for (const group of links.values()) {
      group.forEach((part, k) => this.link(part, k, group.length, at, links.has(`${part.target}>${part.source}`)));
    }
    nodes.forEach((part) => this.box(part, at.get(`${part.is}:${part.name}`), shadeOf(part) ?? colour(6, theme)));
    for (const part of parts) {
      if (part.is === "drive") this.drive(part, parts, at);
    }
  }

  item(part, label) {
    const group = made("g", { class: "box", tabindex: 0, role: "button", "aria-label": label, "data-key": part.key }, this.svg);
    if (part.key === this.chosen) group.classList.add("chosen");
    made("title", {}, group).textContent = label;
    const choose = () => { this.mark(part.key); this.choose(part.key); };
    group.addEventListener("click", choose);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); choose(); }
    });
    return group;
  }

  mark(key) {
    this.chosen = key;
    for (const each of this.svg.querySelectorAll("g.box")) each.classList.toggle("chosen", each.dataset.key === key);
  }

  box(part, [x, y], shade) {
    const about = part.is === "population" ? `${part.size.toLocaleString("en")} ${part.model}` : "modulator";
    const group = this.item(part, `${part.name}: ${about}`);
    made("rect", { x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: part.is === "population" ? 4 : 18,
      stroke: shade }, group);
    this.write({ x, y: y - 2, "font-weight": 600 }, short(part.name, 16), group);
    this.write({ x, y: y + 12, class: "about" }, short(about, 20), group);
  }

  write(attributes, text, group) {
    const written = made("text", attributes, group);
    written.textContent = text;
    if (written.getComputedTextLength() <= WIDE - 8) return;
    written.setAttribute("textLength", WIDE - 8);
    written.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }

  link(part, k, n, at, back) {
    const from = at.get(`population:${part.source}`), to = at.get(`${part.to}:${part.target}`);
    if (!from || !to) return;
    const group = this.item(part, `${part.name}: ${part.source} to ${part.target}, ${part.port}${part.rule ? `, ${part.rule}` : ""}${part.off ? ", off" : ""}`);
    let d;
    if (part.source === part.target) {
      const [x, y] = from, apart = Math.min(1, 4 / n) * k, w = 16 + 9 * apart, tall = 26 + 12 * apart;
      d = `M${x - w},${y + HIGH / 2} C${x - w - 6},${y + HIGH / 2 + tall} ${x + w + 6},${y + HIGH / 2 + tall} ${x + w},${y + HIGH / 2 + 1}`;
    } else {
      const bend = (back || n > 1 ? 0.16 : 0) + 0.14 * k;
      const [a, b] = [edge(from, to, bend), edge(to, from, -bend)];
      const mx = (a[0] + b[0]) / 2 - (b[1] - a[1]) * bend, my = (a[1] + b[1]) / 2 + (b[0] - a[0]) * bend;
      d = `M${a} Q${mx},${my} ${b}`;
    }
    made("path", { d, class: `link${part.sign < 0 ? " minus" : ""}${part.off ? " off" : ""}`,
      "marker-end": `url(#${part.sign < 0 ? "bar" : part.sign > 0 ? "point" : "dot"})` }, group);
    made("path", { d, class: "hit" }, group);
  }

  drive(part, parts, at) {
    const place = at.get(`population:${part.target}`);
    if (!place) return;
    const beside = parts.filter((each) => each.is === "drive" && each.target === part.target).indexOf(part);
    const [x, y] = [place[0] - WIDE / 2 + 14 + 16 * beside, place[1] - HIGH / 2];
    const group = this.item(part, `drive of ${part.target}: ${part.text}${part.off ? ", off" : ""}`);
    made("path", { d: `M${x},${y - 14} L${x},${y - 1}`, class: `link${part.off ? " off" : ""}`, "marker-end": "url(#point)" }, group);
    made("circle", { cx: x, cy: y - 18, r: 5 }, group);
  }
}

/** Where a bent line to another box leaves this one. */
function edge([x, y], [u, v], bend) {
  const dx = u - x - (v - y) * bend, dy = v - y + (u - x) * bend;
  const share = Math.min(dx ? (WIDE / 2 + 2) / Math.abs(dx) : 1, dy ? (HIGH / 2 + 2) / Math.abs(dy) : 1);
  return [x + dx * share, y + dy * share];
}

/** A range of at least this size, so that small graphs are not drawn large. */
function room(low, high, least) {
  const more = Math.max(0, least - (high - low)) / 2;
  return [low - more, high + more];
}

function short(text, most) { return text.length > most ? `${text.slice(0, most - 1)}…` : text; }
