// What draws units: an image, a grid, or bars; and what points at them.
import { format } from "./format.js";

const style = getComputedStyle(document.documentElement);
const dark = matchMedia("(prefers-color-scheme: dark)");
let colours;

// rgb reads a colour of page.css, #rgb or #rrggbb.
function rgb(name) {
  let hex = style.getPropertyValue("--" + name).trim().slice(1);
  if (hex.length === 3) hex = [...hex].map(c => c + c).join("");
  return [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16));
}

function readColours() {
  colours = Object.fromEntries(["low", "zero", "high", "black", "white", "bad", "accent", "text", "quiet", "line", "surface"].map(name => [name, rgb(name)]));
}
readColours();
export const onColours = change => dark.addEventListener("change", () => { readColours(); change(); });
export const css = name => `rgb(${colours[name].join(" ")})`;

const between = (a, b, share) => a.map((x, i) => x + (b[i] - x) * share);

// signed returns the colour of x, from −1 to 1.
export const signed = x => between(colours.zero, x < 0 ? colours.low : colours.high, Math.min(1, Math.sqrt(Math.abs(x))));

// wide returns how many units of a vector stand side by side: such that no row is short,
// where that is no long strip.
function wide(units) {
  const best = Math.sqrt(units);
  for (let n = Math.ceil(best); n <= 3 * best; n++) if (units % n === 0) return n;
  return Math.ceil(best * 1.3);
}

// layout says how units are laid out: in tiles of height by width, one a channel, or as
// one image in colour; or as bars.
export function layout(shape, { picture = false, bars = shape.length === 1 && shape[0] <= 20 } = {}) {
  if (bars) return { bars: true, columns: shape.reduce((a, b) => a * b, 1), rows: 1 };
  const across1 = shape.length === 1 && wide(shape[0]);
  const [height, width, channels] = shape.length === 3 ? shape
    : shape.length === 2 ? [1, shape[0], shape[1]]
    : [Math.ceil(shape[0] / across1), across1, 1];
  const colour = picture && channels === 3;
  const tiles = colour ? 1 : channels;
  const across = shape.length === 2 ? 1 : Math.ceil(Math.sqrt(tiles * height / width));
  const gap = tiles > 1 ? 1 : 0;
  return { height, width, channels, colour, picture, tiles, across, gap,
    columns: across * (width + gap) - gap, rows: Math.ceil(tiles / across) * (height + gap) - gap };
}

// place says in which cell a unit is.
function place(l, unit) {
  if (l.bars) return [unit, 0];
  const pixel = Math.floor(unit / l.channels), tile = l.colour ? 0 : unit % l.channels;
  return [(tile % l.across) * (l.width + l.gap) + pixel % l.width, Math.floor(tile / l.across) * (l.height + l.gap) + Math.floor(pixel / l.width)];
}

// fit gives a canvas a size on the page, and as many dots as the screen has there.
export function fit(canvas, width, height) {
  const dots = devicePixelRatio || 1, w = Math.round(width * dots), h = Math.round(height * dots);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const at = canvas.getContext("2d");
  at.setTransform(dots, 0, 0, dots, 0, 0);
  at.clearRect(0, 0, width, height);
  return at;
}

const scratch = document.createElement("canvas");

// drawGrid draws one cell a unit, of so many dots of the page. An image's values go from
// low to high; others are signed, on a scale.
export function drawGrid(canvas, l, values, { cell, low, high, scale }) {
  const at = fit(canvas, l.columns * cell, l.rows * cell);
  scratch.width = l.columns;
  scratch.height = l.rows;
  const small = scratch.getContext("2d", { willReadFrequently: true }), image = small.createImageData(l.columns, l.rows);
  for (let unit = 0; unit < values.length; unit++) {
    const [x, y] = place(l, unit), v = values[unit], to = 4 * (y * l.columns + x);
    if (l.colour) {
      image.data[to + unit % 3] = v === null ? 255 : 255 * (v - low) / (high - low);
      image.data[to + 3] = 255;
      continue;
    }
    const colour = v === null ? colours.bad : l.picture ? between(colours.black, colours.white, Math.max(0, Math.min(1, (v - low) / (high - low)))) : signed(v / scale);
    image.data.set(colour, to);
    image.data[to + 3] = 255;
  }
  small.putImageData(image, 0, 0);
  at.imageSmoothingEnabled = cell < 1;
  at.drawImage(scratch, 0, 0, l.columns * cell, l.rows * cell);
  return at;
}

// drawBars draws a bar a unit from the line of 0, or of the nearest value there is, on
// axes from low to high, one for all or one a unit.
export function drawBars(canvas, values, { width, height, low, high, names = null, colour = null, text = null }) {
  const room = height - (names ? 15 : 0), at = fit(canvas, width, height), wide = width / values.length;
  at.font = "11px system-ui, sans-serif";
  at.textAlign = "center";
  values.forEach((v, i) => {
    const [from, to] = [low[i % low.length], high[i % high.length]];
    const y = x => room - room * Math.max(0, Math.min(1, (x - from) / (to - from))), zero = y(0);
    const left = i * wide + Math.min(2, wide / 8), w = Math.max(1, wide - Math.min(4, wide / 4));
    at.fillStyle = css("zero");
    at.fillRect(left, 0, w, room);
    at.fillStyle = v === null ? css("bad") : colour ? colour(i, v) : css(v < 0 ? "low" : "high");
    const top = v === null ? 0 : Math.min(y(v), zero), tall = v === null ? room : Math.max(1, Math.max(y(v), zero) - top);
    at.fillRect(left, top, w, tall);
    if (text && wide >= 34) { // above the bar, or in it
      at.fillStyle = css(top < 16 && tall > 16 ? "surface" : "text");
      at.fillText(text(v), i * wide + wide / 2, top < 16 ? top + 13 : top - 4);
    }
    if (names && wide >= 9) {
      at.fillStyle = css("text");
      at.fillText(shorten(at, names[i], wide), i * wide + wide / 2, height - 3);
    }
  });
  return at;
}

function shorten(at, text, width) {
  while (text.length > 1 && at.measureText(text).width > width - 1) text = text.slice(0, -1);
  return text;
}

// Field is a node of which the page holds values and clamps: the input or the target.
export class Field {
  constructor(canvas, port, width) {
    Object.assign(this, port, { canvas, width });
    this.image = port.shape.length === 3;
    this.layout = layout(port.shape, { picture: this.image, bars: !this.image });
    this.cell = this.image ? width / this.layout.columns : 0;
    this.units = port.shape.reduce((a, b) => a * b, 1);
    this.names = port.names || Array.from({ length: this.units }, (_, i) => String(i));
    this.values = Array.from({ length: this.units }, (_, i) => Math.max(this.lowOf(i), Math.min(0, this.highOf(i))));
    if (this.image) this.values.fill(this.low[0]);
    this.fixed = new Array(this.units).fill(0);
    this.cursor = 0;
    this.places = this.image ? this.units / port.shape[2] : this.units; // what one points at
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.draw());
  }

  lowOf(unit) { return this.low[unit % this.low.length]; }
  highOf(unit) { return this.high[unit % this.high.length]; }
  unitsAt(at) { return this.image ? Array.from({ length: this.shape[2] }, (_, c) => at * this.shape[2] + c) : [at]; }
  free() { return this.fixed.reduce((n, x) => n + 1 - x, 0); }

  // take takes what free units are at.
  take(latent) {
    for (let i = 0; i < this.units; i++) if (!this.fixed[i] && latent[i] !== null) this.values[i] = latent[i];
    this.shown = latent;
    this.draw();
  }

  set(unit, value) {
    this.values[unit] = Math.max(this.lowOf(unit), Math.min(this.highOf(unit), value));
    this.fixed[unit] = 1;
  }

  // at returns the place and, on bars, the share of the height that a pointer is at.
  at(event) {
    const box = this.canvas.getBoundingClientRect(), x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    const inside = v => Math.max(0, Math.min(0.9999, v));
    if (!this.image) return { at: Math.floor(inside(x) * this.units), share: 1 - inside(y * this.height / (this.height - 15)) };
    return { at: Math.floor(inside(y) * this.layout.height) * this.layout.width + Math.floor(inside(x) * this.layout.width) };
  }

  draw() {
    const values = this.values.map((v, i) => this.fixed[i] || !this.shown ? v : this.shown[i]);
    if (this.image) {
      const at = drawGrid(this.canvas, this.layout, values, { cell: this.cell, low: this.low[0], high: this.high[0] });
      this.outline(at);
      return;
    }
    this.height = this.classes ? 96 : 150;
    const best = values.indexOf(Math.max(...values));
    const at = drawBars(this.canvas, values, { width: this.width, height: this.height, low: this.low, high: this.high, names: this.names, text: this.classes ? null : format,
      colour: i => css(this.classes && i === best ? "accent" : this.fixed[i] ? "text" : "quiet") });
    const wide = this.width / this.units;
    at.strokeStyle = css("accent");
    at.lineWidth = 1.5;
    for (let i = 0; i < this.units; i++) if (!this.fixed[i]) { at.setLineDash([3, 2]); at.strokeRect(i * wide + 1.5, 1, wide - 3, this.height - 17); }
    at.setLineDash([]);
    if (document.activeElement === this.canvas && this.canvas.matches(":focus-visible")) at.strokeRect(this.cursor * wide + 0.75, 0.75, wide - 1.5, this.height - 1.5);
  }

  // outline draws a line between what is free and what is clamped, about what is free.
  outline(at) {
    const { height, width } = this.layout, c = this.cell, free = i => !this.fixed[i * this.shape[2]];
    at.strokeStyle = css("accent");
    at.lineWidth = 2;
    at.setLineDash([4, 3]);
    at.beginPath();
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      if (!free(y * width + x)) continue;
      const edge = (x0, y0, x1, y1) => { at.moveTo(x0, y0); at.lineTo(x1, y1); };
      const [l, r, t, b] = [Math.max(1, x * c), Math.min(width * c - 1, (x + 1) * c), Math.max(1, y * c), Math.min(height * c - 1, (y + 1) * c)];
      if (x === 0 || !free(y * width + x - 1)) edge(l, t, l, b);
      if (x === width - 1 || !free(y * width + x + 1)) edge(r, t, r, b);
      if (y === 0 || !free((y - 1) * width + x)) edge(l, t, r, t);
      if (y === height - 1 || !free((y + 1) * width + x)) edge(l, b, r, b);
    }
    at.stroke();
    at.setLineDash([]);
    at.strokeStyle = css("line");
    at.lineWidth = 1;
    at.strokeRect(0.5, 0.5, width * c - 1, height * c - 1);
    if (document.activeElement === this.canvas && this.canvas.matches(":focus-visible")) {
      at.strokeStyle = css("accent");
      at.lineWidth = 2;
      at.strokeRect((this.cursor % width) * c + 1, Math.floor(this.cursor / width) * c + 1, c - 2, c - 2);
    }
  }
}
