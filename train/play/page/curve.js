// The energy at each step, on axes.
import { css, fit } from "./field.js";
import { format } from "./format.js";

// ticks returns round numbers of an axis.
function ticks(low, high, most) {
  const size = 10 ** Math.floor(Math.log10((high - low) / most)), step = [1, 2, 5, 10].map(m => m * size).find(s => (high - low) / s <= most);
  const all = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) all.push(i * step);
  return all;
}

// rose reports whether a step raised the energy.
export const rose = (energies, step) => step > 0 && energies[step] > energies[step - 1] * (1 + 1e-4);

// drawCurve draws energies, of which null is none, from step 0 to the last of so many.
// Before some of them clamps were changed.
export function drawCurve(canvas, energies, steps, changed) {
  const box = canvas.getBoundingClientRect(), width = Math.floor(box.width), height = 240, at = fit(canvas, width, height);
  canvas.style.width = "";
  const left = 52, right = width - 12, top = 22, bottom = height - 36;
  const known = energies.filter(e => e !== null), low = Math.min(...known), high = Math.max(...known);
  const last = Math.max(steps, energies.length - 1, 1), x = step => left + (right - left) * step / last;
  const log = known.length > 0 && low > 0 && high / low > 20;
  let from = log ? Math.floor(Math.log10(low)) : Math.min(0, low), to = log ? Math.ceil(Math.log10(high)) : Math.max(0, high);
  if (!known.length || !(to > from)) [from, to] = [0, 1];
  const y = e => { const v = log ? Math.log10(e) : e; return bottom - (bottom - top) * (v - from) / (to - from); };

  at.font = "11px system-ui, sans-serif";
  at.lineWidth = 1;
  at.strokeStyle = css("line");
  at.fillStyle = css("quiet");
  at.textAlign = "right";
  for (const v of log ? ticks(from, to, 5).filter(Number.isInteger) : ticks(from, to, 5)) {
    const value = log ? 10 ** v : v, at_ = Math.round(y(value)) + 0.5;
    at.beginPath();
    at.moveTo(left, at_);
    at.lineTo(right, at_);
    at.stroke();
    at.fillText(format(value), left - 6, at_ + 4);
  }
  at.textAlign = "center";
  for (const step of ticks(0, last, 6).filter(Number.isInteger)) at.fillText(step, x(step), bottom + 15);
  at.fillText("steps", (left + right) / 2, height - 5);
  at.textAlign = "left";
  at.fillText(log ? "energy, logarithmic" : "energy", 4, 11);

  at.lineWidth = 2;
  at.lineJoin = "round";
  for (let i = 1; i < energies.length; i++) {
    if (energies[i] === null || energies[i - 1] === null) continue;
    at.strokeStyle = css(changed.has(i) ? "quiet" : rose(energies, i) ? "bad" : "accent");
    at.setLineDash(changed.has(i) ? [2, 3] : []);
    at.beginPath();
    at.moveTo(x(i - 1), y(energies[i - 1]));
    at.lineTo(x(i), y(energies[i]));
    at.stroke();
  }
  at.setLineDash([]);
  const end = energies.length - 1;
  at.fillStyle = css(energies[end] === null ? "bad" : "accent");
  if (known.length) {
    at.beginPath();
    at.arc(x(end), energies[end] === null ? top : y(energies[end]), 3.5, 0, 7);
    at.fill();
  }
}
