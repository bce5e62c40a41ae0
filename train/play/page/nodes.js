// The rows of the nodes: name, latent, error and energy of each.
import { drawBars, drawGrid, layout } from "./field.js";
import { format } from "./format.js";

// nodeRows makes a row for each node, with a head above them.
export function nodeRows(nodes, ...ports) {
  const head = document.createElement("div"), rows = nodes.map(node => row(node, ports));
  head.className = "row head";
  for (const text of ["Node", "Latent", "Error"]) head.append(Object.assign(document.createElement("span"), { textContent: text }));
  document.getElementById("rows").append(head, ...rows.map(r => r.element));
  return rows;
}

// row makes the row of a node, which may be one of the ports.
function row(node, ports) {
  const port = ports.find(p => p.node === node.name), image = port && port.image;
  const l = layout(node.shape, { picture: image });
  if (image) Object.assign(l, port.layout);
  const shape = port ? port.shape : node.shape;
  const size = image ? `${shape[0]} × ${shape[1]} pixels` + (shape[2] > 1 ? " in colour" : "") : shape.join(" × ") + (shape.length > 1 ? "" : shape[0] === 1 ? " unit" : " units");
  const r = { node, port, layout: l, peaks: { latent: 0, error: 0 }, latent: document.createElement("canvas"), error: document.createElement("canvas"),
    latentText: document.createElement("p"), errorText: document.createElement("p"), energy: document.createElement("p") };
  const title = document.createElement("h3"), about = document.createElement("p"), element = document.createElement("div");
  title.textContent = node.name;
  about.innerText = `${size}\npredicted by ${node.predictedBy.join(", ") || "none"}`;
  const cell = (...of) => { const d = document.createElement("div"); d.append(...of); return d; };
  element.className = "row";
  r.latent.setAttribute("role", "img");
  r.latent.setAttribute("aria-label", `latent of ${node.name}`);
  element.append(cell(title, about, r.energy), cell(r.latent, r.latentText), cell(...(node.predictedBy.length ? [r.error, r.errorText] : [])));
  return Object.assign(r, { element });
}

// drawRow draws a node as it is now, with its share of all energy.
export function drawRow(r, now, all) {
  const width = r.latent.parentElement.clientWidth, predicted = r.node.predictedBy.length > 0;
  drawPart(r, "latent", now.latent, width);
  if (predicted) drawPart(r, "error", now.error, width);
  r.energy.textContent = predicted ? "energy " + format(now.energy) : "";
  if (predicted && now.energy > 0 && all > 0) r.energy.textContent += ` (${Math.round(100 * now.energy / all)}\u00a0%)`;
}

// drawPart draws the latents or the errors of a node.
function drawPart(r, part, values, of) {
  const known = values.filter(v => v !== null), peak = known.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  r.peaks[part] = Math.max(r.peaks[part], peak);
  const scale = r.peaks[part] || 1, text = r[part + "Text"], canvas = r[part], room = of - 4;
  const picture = part === "latent" && r.layout.picture, l = picture ? r.layout : { ...r.layout, picture: false, colour: false };
  if (l.bars) {
    const one = part === "latent" && r.port ? r.port : { low: [-scale], high: [scale] };
    drawBars(canvas, values, { width: Math.min(room, Math.max(40, 18 * values.length)), height: 64, low: one.low, high: one.high, names: r.port && r.port.classes && r.port.names });
  } else {
    const tall = Math.max(90, Math.min(150, 4 * l.rows)), cell = Math.min(room / l.columns, tall / l.rows, 14);
    canvas.className = "grid";
    drawGrid(canvas, l, values, { cell, low: r.port && r.port.low[0], high: r.port && r.port.high[0], scale });
  }
  if (known.length < values.length) text.textContent = "no numbers any longer";
  else if (part === "error" && r.peaks.error === 0) text.textContent = "none";
  else text.textContent = picture || l.bars && part === "latent" && r.port ? "" : `± ${format(scale)}` + (part === "error" ? `, now ${format(peak)}` : "");
  if (part === "error" && r.node.predictions > 1) text.textContent += ", of the first of " + r.node.predictions + " predictions";
}
