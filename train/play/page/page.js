// The page: it asks the server for a frame, draws it, and asks for the next one.
import { Field, fit, onColours, signed } from "./field.js";
import { drawCurve, rose } from "./curve.js";
import { format } from "./format.js";
import { drawRow, nodeRows } from "./nodes.js";

const $ = id => document.getElementById(id);

async function ask(path, body) {
  const reply = await fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.error);
  return said;
}

const subject = await ask("subject").catch(e => { say(e.message, true); throw e; });
const input = new Field($("input"), subject.input, 306), target = new Field($("target"), subject.target, 306);
const rows = nodeRows(subject.nodes, input, target);

let frame, energies = [], changed = new Set(), playing = false, until = 0, busy = false, wanted = null;
// What a test measures: frames drawn, and when.
const drawn = window.drawn = { frames: 0, since: 0, until: 0 };

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

function draw() {
  if (!frame) return;
  const all = frame.nodes.reduce((sum, n) => sum + Math.max(0, n.energy), 0);
  frame.nodes.forEach((now, i) => {
    drawRow(rows[i], now, all);
    if (rows[i].port) rows[i].port.take(now.latent);
  });
  drawCurve($("curve"), energies, until, changed);
  $("input-free").textContent = freedom(input, input.image ? "pixels" : "units", input.image ? input.shape[2] : 1);
  $("target-free").textContent = target.classes ? (target.free() ? frame.finite ? "free, now " + best() : "free" : "clamped to " + best()) : freedom(target, "units", 1);
  drawn.frames++;
}

function freedom(field, what, each) {
  const free = field.free() / each, all = field.units / each;
  return free === 0 ? "clamped" : free === all ? "free" : `${free} of ${all} ${what} are free`;
}

function best() {
  const values = target.values;
  return target.names[values.indexOf(Math.max(...values))];
}

function report() {
  const step = energies.length - 1;
  if (!frame.finite) return say(`Diverged at step ${step}: the energy is no number any longer. Lower the rate, or let the guard keep it.`, true);
  const rising = !changed.has(step) && rose(energies, step);
  if (step > 0 && frame.nodes.every(n => !n.error || n.error.every(x => x === 0))) return say(`Step ${step}, energy ${format(energies[step])}: no errors, nothing is left to settle${target.free() ? "; clamp the " + $("target-title").textContent.toLowerCase() : ""}`);
  say(`Step ${step}, energy ${format(energies[step])}${rising ? " and rising" : ""}, rate ${format(frame.rate)}${frame.rate < settings().rate * 0.999 ? " (held by the guard)" : ""}`, rising);
}

function settings() {
  return { method: $("method").value, rate: +(10 ** $("rate").value).toPrecision(3), unguarded: !$("guard").checked, start: $("start").value };
}

// begin asks for what is wanted: latents that begin anew, or go on from here. Of several
// wishes while the server is busy the last counts.
function begin(here) {
  wanted = { here: here && (wanted ? wanted.here : true) };
  return pump();
}

// pump asks for one frame after the other, while there is something to ask for.
async function pump() {
  if (busy) return;
  busy = true;
  try {
    for (let next = performance.now(); wanted || playing;) {
      if (wanted) {
        const { here } = wanted, was = frame;
        wanted = null;
        frame = await ask("begin", { session: subject.session, ...settings(), here, input: held(input), target: held(target) });
        if (!here || !was || !was.finite) {
          energies = [];
          changed.clear();
          until = steps();
          for (const r of rows) r.peaks = { latent: 0, error: 0 };
        }
        if (energies.length) { // the same place, where clamps were changed
          energies.pop();
          changed.add(energies.length);
        }
        energies.push(frame.energy);
      } else {
        frame = await ask("step", { session: subject.session });
        energies.push(frame.energy);
        if (energies.length > until || !frame.finite) play(false);
      }
      await new Promise(requestAnimationFrame);
      draw();
      report();
      const speed = +$("speed").value;
      next = speed > 60 ? 0 : Math.max(next + 1000 / speed, performance.now());
      while (playing && !wanted && performance.now() < next - 4) await new Promise(requestAnimationFrame);
    }
  } catch (e) {
    wanted = null;
    play(false);
    say(e.message, true);
  }
  busy = false;
}

const held = field => ({ values: field.values, fixed: field.fixed });

function play(on) {
  playing = on;
  $("play").textContent = on ? "Pause" : "Settle";
  drawn[on ? "since" : "until"] = performance.now();
}

// settle settles on for as many steps as are asked for.
function settle() {
  play(true);
  until = energies.length - 1 + steps();
  pump();
}

async function toggle() {
  if (playing) return play(false);
  if (frame && !frame.finite) await begin(false);
  settle();
}

async function stepOnce() {
  play(false);
  if (busy || !frame) return;
  busy = true;
  try {
    frame = await ask("step", { session: subject.session });
    energies.push(frame.energy);
    draw();
    report();
  } catch (e) { say(e.message, true); }
  busy = false;
  if (wanted || playing) pump();
}

const steps = () => Math.round((10 ** $("steps").value).toPrecision(2));

// edit goes on from here with other clamps, and settles if asked to.
async function edit(go = playing) {
  input.draw();
  target.draw();
  await begin(true);
  if (go) settle();
}

async function example() {
  try {
    const found = await ask("example?at=" + Math.floor(Math.random() * 1e9));
    input.values = found.input.map(v => v ?? 0);
    input.fixed = found.input.map(v => +(v !== null)); // what is missing is free
    target.fixed.fill(0);
    play(false);
    await begin(false);
    settle();
  } catch (e) { say(e.message, true); }
}

function clear() {
  input.values = input.values.map((_, i) => input.image ? input.low[0] : Math.max(input.lowOf(i), Math.min(0, input.highOf(i))));
  input.fixed.fill(1);
  target.fixed.fill(0);
  play(false);
  begin(false);
}

// clampClass clamps a class, or frees the target where it is clamped to it.
function clampClass(k) {
  const was = !target.free() && target.values[k] === 1;
  target.fixed.fill(was ? 0 : 1);
  if (!was) target.values = target.values.map((_, i) => +(i === k));
  if ($("generate").checked) input.fixed.fill(0);
  edit(true);
}

// use uses the mouse's tool on a place of a field, where a bar is pulled to a share.
function use(field, { at, share }, tool) {
  if (field === target && target.classes) return;
  for (const unit of field.unitsAt(at)) {
    if (tool === "free") field.fixed[unit] = 0;
    else if (tool === "clamp") field.fixed[unit] = 1;
    else if (!field.image) field.set(unit, field.lowOf(unit) + share * (field.highOf(unit) - field.lowOf(unit)));
    else field.set(unit, tool === "erase" ? field.low[0] : field.high[0]);
  }
  if (field.image && field.shape[0] >= 16 && (tool === "draw" || tool === "free" || tool === "erase")) {
    const w = field.layout.width, x = at % w;
    for (const [near, is] of [[at - 1, x > 0], [at + 1, x < w - 1], [at - w, at >= w], [at + w, at < field.places - w]]) {
      if (!is) continue;
      for (const unit of field.unitsAt(near)) {
        if (tool === "free") field.fixed[unit] = 0;
        else if (tool === "erase") field.set(unit, field.low[0]);
        else field.set(unit, Math.max(field.values[unit], (field.low[0] + 2 * field.high[0]) / 3)); // a soft pen
      }
    }
  }
}

// tell says, to whoever rests the mouse there or listens, what is at a place.
function tell(field, at) {
  const unit = field.unitsAt(at)[0], w = field.layout.width;
  const where = field.image ? `row ${Math.floor(at / w) + 1}, column ${at % w + 1}` : field.names[at];
  field.canvas.title = `${where}: ${format(field.values[unit])}, ${field.fixed[unit] ? "clamped" : "free"}`;
  field.canvas.setAttribute("aria-label", field.canvas.title);
}

const tool = () => document.querySelector("[name=tool]:checked").value;

for (const field of [input, target]) {
  let last = null;
  const point = event => {
    const here = field.at(event);
    if (field.image && last) { // all places on the way
      const w = field.layout.width, [x0, y0, x1, y1] = [last.at % w, Math.floor(last.at / w), here.at % w, Math.floor(here.at / w)], n = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
      for (let i = 1; i < n; i++) use(field, { at: Math.round(y0 + (y1 - y0) * i / n) * w + Math.round(x0 + (x1 - x0) * i / n) }, tool());
    }
    use(field, here, event.shiftKey || event.button === 2 || event.buttons === 2 ? "free" : tool());
    field.cursor = here.at;
    last = here;
    edit();
  };
  field.canvas.addEventListener("pointerdown", event => {
    field.canvas.setPointerCapture(event.pointerId);
    if (field === target && target.classes) return clampClass(field.at(event).at);
    last = null;
    point(event);
  });
  field.canvas.addEventListener("pointermove", event => {
    if (event.buttons && last) return point(event);
    tell(field, field.at(event).at);
  });
  field.canvas.addEventListener("pointerup", () => {
    if (last && !playing) settle();
    last = null;
  });
  field.canvas.addEventListener("contextmenu", event => event.preventDefault());
  field.canvas.addEventListener("keydown", event => {
    const w = field.image ? field.layout.width : field.units;
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: field.image ? -w : 0, ArrowDown: field.image ? w : 0 }[event.key];
    const at = field.cursor;
    if (move === undefined && event.key !== "Enter" && event.key !== "f") return;
    event.preventDefault();
    event.stopPropagation();
    if (field === target && target.classes && move === undefined) clampClass(at);
    else if (move) field.cursor = Math.max(0, Math.min(field.places - 1, at + move));
    else if (move === 0) { // a bar is pulled
      const step = (field.highOf(at) - field.lowOf(at)) / 20;
      field.set(at, field.values[at] + (event.key === "ArrowUp" ? step : -step));
      edit();
    } else {
      const share = (field.values[at] - field.lowOf(at)) / (field.highOf(at) - field.lowOf(at));
      use(field, { at, share }, event.key === "f" ? (field.fixed[field.unitsAt(at)[0]] ? "free" : "clamp") : tool());
      edit();
    }
    tell(field, field.cursor);
    field.draw();
  });
}

const keys = { " ": toggle, s: stepOnce, r: () => again(), e: example, Delete: clear };
addEventListener("keydown", event => {
  const on = event.target.tagName;
  if (event.ctrlKey || event.altKey || event.metaKey || on === "SELECT" || (on === "INPUT" || on === "BUTTON") && event.key === " ") return;
  const named = target.names.indexOf(event.key), k = named >= 0 ? named : /^\d$/.test(event.key) ? +event.key : -1;
  if (keys[event.key]) keys[event.key]();
  else if (target.classes && k >= 0 && k < target.units) clampClass(k);
  else return;
  event.preventDefault();
});

async function again() {
  await begin(false);
  settle();
}

function options(select, names, chosen) {
  select.append(...names.map(name => new Option(name, name, name === chosen, name === chosen)));
}

function outputs() {
  $("rate-out").value = format(settings().rate);
  $("steps-out").value = steps();
  $("speed-out").value = $("speed").value > 60 ? "fastest" : $("speed").value + " / s";
}

options($("method"), subject.methods.map(m => m.name), subject.inference.method);
options($("start"), subject.starts, subject.inference.start);
$("rate").value = Math.log10(subject.inference.rate);
$("steps").value = Math.log10(Math.max(20, subject.inference.steps)); // fewer are no film
$("guard").checked = !subject.inference.unguarded;
$("method").addEventListener("change", () => {
  $("rate").value = Math.log10(subject.methods.find(m => m.name === $("method").value).rate);
  outputs();
  again();
});
for (const id of ["rate", "guard"]) $(id).addEventListener("input", () => { outputs(); edit(); });
$("steps").addEventListener("input", () => { outputs(); if (playing) until = energies.length - 1 + steps(); });
$("speed").addEventListener("input", outputs);
$("start").addEventListener("change", again);
$("play").addEventListener("click", toggle);
$("step").addEventListener("click", stepOnce);
$("again").addEventListener("click", again);
$("example").addEventListener("click", example);
$("example").disabled = !subject.examples;
$("clear").addEventListener("click", clear);
$("free-all").addEventListener("click", () => { input.fixed.fill(0); edit(true); });
$("clamp-all").addEventListener("click", () => { input.fixed.fill(1); edit(true); });
addEventListener("resize", draw);

function legend() {
  const at = fit($("key"), 160, 10);
  for (let x = 0; x < 160; x++) {
    at.fillStyle = `rgb(${signed(x / 80 - 1).join(" ")})`;
    at.fillRect(x, 0, 1, 10);
  }
}
onColours(() => { legend(); draw(); });
legend();
outputs();

$("network").textContent = `${subject.title}: ${subject.nodes.map(n => `${n.name} ${n.shape.join("×")}`).join(", ")}`;
if (!input.image) {
  $("tool-erase").hidden = true;
  $("tool-draw").lastChild.textContent = "sets";
}
$("target-title").textContent = target.classes ? "Class" : "Target";
$("input-help").textContent = (input.image ? "" : "This network has no image: each number of its input is a bar to pull. ") + "What is free is inside the dashed line. Shift or the right button frees.";
$("target-help").textContent = target.classes ? "Click a class to clamp it, and again to free it." : "Pull a bar to clamp it; shift or the right button frees it.";
$("generate").parentElement.hidden = !target.classes;
input.fixed.fill(1);
if (subject.examples) example();
else begin(false);
