// Messages between the page and the server: text is JSON, bytes are a header and arrays (see frames.py).

const TYPES = { f: Float32Array, u: Uint32Array, b: Uint8Array, d: Float64Array };

/** The header of a message, with its arrays as views of the buffer. */
export function unpacked(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = Math.ceil((4 + length) / 8) * 8;
  header.arrays = header.arrays.map(([kind, size]) => {
    const array = new TYPES[kind](buffer, at, size);
    at += Math.ceil(array.byteLength / 8) * 8;
    return array;
  });
  return header;
}

/** A message as a piece of time to draw: its events and samples with their arrays. */
export function pieceOf(message) {
  const array = (number) => (number === undefined ? undefined : message.arrays[number]);
  const piece = {
    start: message.start, width: message.width, columns: message.columns,
    stop: message.start + message.width * message.columns, whole: message.whole === true, events: {}, samples: {},
  };
  for (const [key, each] of Object.entries(message.events ?? {})) {
    piece.events[key] = {
      times: array(each.times), ids: array(each.ids), counts: array(each.counts), totals: array(each.totals),
      rows: each.rows, group: each.group,
    };
  }
  for (const [key, each] of Object.entries(message.samples ?? {})) {
    piece.samples[key] = {
      k: each.k, times: array(each.times), values: array(each.values), low: array(each.low), high: array(each.high),
    };
  }
  return piece;
}

/** The server behind this page. */
export class SocketSource {
  constructor(on) {
    this.on = on;
    const url = new URL("socket", location.href);
    url.protocol = "ws:";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => on(typeof data === "string" ? JSON.parse(data) : unpacked(data));
    this.socket.onclose = () => on({ what: "closed" });
  }

  ask(action, named = {}) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: action, ...named }));
  }
}

/** What is inside this page, of a page that was written as one file. */
export class FileSource {
  constructor(on) {
    this.on = on;
    this.content = JSON.parse(document.getElementById("content").textContent);
    queueMicrotask(() => on({ what: "structure", ...this.content.structure }));
  }

  async ask(action, named = {}) {
    if (action === "weights") {
      const found = this.content.weights[named.part];
      if (found) this.on(found);
      return;
    }
    const text = this.content.tiles[`${named.level}/${named.index}`];
    if (action !== "tile" || text === undefined) return;
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    this.on(unpacked(await new Response(stream).arrayBuffer()));
  }
}
