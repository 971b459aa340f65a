// Pieces of time that are there to be drawn: the last frames of a running network, or tiles of a recorded run.

const TILES_KEPT = 300;

/** The frames of a running network, as far back as the screen reaches. */
export class Frames {
  constructor() { this.pieces = []; }

  add(piece, span) {
    if (piece.columns === 0) return;
    const last = this.pieces.at(-1);
    if (last && piece.start < last.stop - 0.5 * piece.width) {
      this.pieces = this.pieces.filter((each) => each.stop <= piece.start + 0.5 * piece.width);
    }
    this.pieces.push(piece);
    const first = this.pieces.findIndex((each) => each.stop > piece.stop - 1.2 * span);
    if (first > 64 || (first > 0 && this.pieces.length > 600)) this.pieces.splice(0, first);
  }

  within(start, stop) { return this.pieces.filter((each) => each.stop > start && each.start < stop); }
  clear() { this.pieces = []; }
}

/** The tiles of a recorded run: what is missing is asked for, and meanwhile a coarser one is drawn. */
export class Tiles {
  constructor(source, structure) {
    this.source = source;
    this.start = structure.start;
    this.length = structure.length;
    this.deepest = structure.deepest ?? 40;
    this.there = new Map();
    this.asked = new Set();
  }

  add(message, piece) {
    const key = `${message.level}/${message.index}`;
    this.asked.delete(key);
    this.there.set(key, piece);
    if (this.there.size > TILES_KEPT) {
      for (const old of this.there.keys()) {
        if (!old.startsWith("0/")) { this.there.delete(old); break; }
      }
    }
  }

  /** The pieces to draw in a window of so many pixels, coarse ones where finer are still missing. */
  within(start, stop, pixels) {
    const wanted = Math.floor(Math.log2((this.length / (stop - start)) * (pixels / 256)));
    const level = Math.max(0, Math.min(this.deepest, wanted));
    const span = this.length / 2 ** level;
    const first = Math.max(0, Math.floor((start - this.start) / span));
    const last = Math.min(2 ** level - 1, Math.floor((stop - this.start) / span));
    const found = new Map();
    for (let index = first; index <= last; index++) {
      const [key, piece] = this.nearest(level, index);
      if (piece) {
        const from = this.start + index * span;
        const before = found.get(key);
        found.set(key, { piece, from: before ? before.from : from, to: from + span });
      }
    }
    return [...found.values()].map(({ piece, from, to }) => ({ ...piece, from, to }));
  }

  nearest(level, index) {
    for (let l = level, i = index; l >= 0; l--, i = Math.floor(i / 2)) {
      const key = `${l}/${i}`;
      const piece = this.there.get(key);
      if (piece) {
        if (l < level && !piece.whole) this.want(level, index);
        this.there.delete(key);
        this.there.set(key, piece);
        return [key, piece];
      }
    }
    this.want(0, 0);
    return ["", undefined];
  }

  want(level, index) {
    const key = `${level}/${index}`;
    if (this.asked.has(key) || this.asked.size > 12) return;
    this.asked.add(key);
    this.source.ask("tile", { level, index });
  }
}
