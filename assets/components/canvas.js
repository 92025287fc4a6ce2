// A drawing canvas for Streamlit components v2. The default export runs again on every rerun that
// touches the element, so whatever must outlive a rerun is kept in STATE and handlers are properties.
const STATE = new WeakMap();
const UNITS = 280;  // strokes and the reported PNG are in these units, whatever the screen's density
const PATIENCE = 2000;  // milliseconds that a press on a locked button counts

// Drawings that the server has not spoken of yet, and those that it refused: they come back on a blank
// sheet, after one another. Both outlive the element, as the outbox does.
const SENT = [], REFUSED = [];
// What is on each sheet, by its name: it is there again after another page, too, until Python asks for
// a blank one.
const LEFT = {};

function hear({ done, refused }) {
  while (SENT.length && SENT[0].n <= done) {
    const { n, strokes } = SENT.shift();
    if (refused.includes(n)) REFUSED.push(strokes);
  }
}

function trace(ctx, stroke, pen) {
  ctx.lineWidth = pen; ctx.lineCap = ctx.lineJoin = "round";
  ctx.beginPath();
  if (stroke.length === 1) { ctx.arc(...stroke[0], pen / 2, 0, 7); ctx.fill(); return; }
  ctx.moveTo(...stroke[0]);
  for (const point of stroke.slice(1)) ctx.lineTo(...point);
  ctx.stroke();
}

// What Python gets is dark ink on white paper in both themes.
function asPng(strokes, pen) {
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = UNITS;
  const ctx = sheet.getContext("2d");
  ctx.fillStyle = "#fff"; ctx.fillRect(0, 0, UNITS, UNITS);
  ctx.fillStyle = ctx.strokeStyle = "#000";
  strokes.forEach((stroke) => trace(ctx, stroke, pen));
  return sheet.toDataURL("image/png");
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".pad");
  const part = (name) => root.querySelector("." + name);
  const canvas = root.querySelector("canvas");
  const fresh = !STATE.has(root);
  let s = STATE.get(root);
  if (data.add) { confirmActs(data.done, fresh, setTriggerValue); hear(data); }
  if (!s) {
    const left = LEFT[data.sheet];
    const strokes = left && left.epoch === data.epoch ? left.strokes : [];
    s = LEFT[data.sheet] = { strokes, past: [], live: null, pointer: null, epoch: data.epoch };
    STATE.set(root, s);
  } else if (s.epoch !== data.epoch) {  // Python asks for a blank sheet
    Object.assign(s, { epoch: data.epoch, strokes: [], past: [], live: null });
  }
  s.data = data;

  root.classList.toggle("plain", !data.add);
  part("prompt").textContent = data.prompt || "";
  part("what").textContent = data.what || "";
  part("what").classList.toggle("long", widthOf(data.what || "") > 4);
  part("hint").textContent = data.hint || "";
  part("add").textContent = data.add || "";
  part("add").hidden = !data.add;
  canvas.setAttribute("aria-label", data.label);
  canvas.style.width = canvas.style.height = `min(${data.size}px, var(--odt-canvas, ${data.size}px))`;
  const density = Math.max(1, window.devicePixelRatio || 1);
  const side = Math.round(data.size * density);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const ctx = canvas.getContext("2d");

  function redraw() {
    comeBack();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, side, side);
    ctx.scale(side / UNITS, side / UNITS);
    ctx.strokeStyle = ctx.fillStyle = getComputedStyle(root).color;
    s.strokes.forEach((stroke) => trace(ctx, stroke, data.pen));
    if (s.live) trace(ctx, s.live, data.pen);
    part("undo").disabled = !s.past.length;
    part("clear").disabled = !s.strokes.length;
    part("add").disabled = !s.strokes.length;
    part("add").ariaDisabled = String(Boolean(data.locked));
  }
  function comeBack() {
    if (!data.add || s.strokes.length || s.live || !REFUSED.length) return;
    Object.assign(s, { strokes: REFUSED.shift(), past: [] });  // Undo would lose it
  }
  function report() {
    if (!data.reports) return;
    setStateValue("drawing", { epoch: s.epoch, png: s.strokes.length ? asPng(s.strokes, data.pen) : null });
  }
  function become(strokes) { s.past.push(s.strokes); s.strokes = strokes; redraw(); report(); }
  function undo() { if (s.past.length) { s.strokes = s.past.pop(); redraw(); report(); } }
  function add() {
    if (!data.add || !s.strokes.length) return;
    // What unlocks it may be on its way: a field tells what was typed when the press takes its focus.
    if (data.locked) { s.pressed = performance.now(); return; }
    const n = sendAct({ png: asPng(s.strokes, data.pen), what: data.what }, setTriggerValue);
    SENT.push({ n, strokes: s.strokes });
    Object.assign(s, { strokes: [], past: [] }); redraw(); canvas.focus({ preventScroll: true });
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    const to = (v, from, span) => Math.round(((v - from) / span) * UNITS * 10) / 10;
    return [to(event.clientX, box.left, box.width), to(event.clientY, box.top, box.height)];
  }

  canvas.onpointerdown = (e) => {
    if (s.live || (e.pointerType === "mouse" && e.button !== 0)) return;
    try { canvas.setPointerCapture(e.pointerId); } catch { /* the pointer is already gone */ }
    Object.assign(s, { pointer: e.pointerId, live: [at(e)] });
    canvas.focus({ preventScroll: true }); redraw(); e.preventDefault();
  };
  canvas.onpointermove = (e) => {
    if (!s.live || e.pointerId !== s.pointer) return;
    const events = e.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [e]) s.live.push(at(one));
    redraw();
  };
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    if (!s.live || e.pointerId !== s.pointer) return;
    const stroke = s.live;
    Object.assign(s, { live: null, pointer: null });
    become([...s.strokes, stroke]);
  };
  part("undo").onclick = undo;
  part("clear").onclick = () => become([]);
  part("add").onclick = add;
  root.onkeydown = (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "z" && (s.past.length || s.strokes.length || s.live)) undo();
    else if (e.key === "Enter" && e.target === canvas) add();
    else return;
    e.preventDefault(); e.stopPropagation();
  };
  redraw();
  if (fresh && s.strokes.length) report();
  if (s.pressed && !data.locked) {
    const soon = performance.now() - s.pressed < PATIENCE;
    s.pressed = 0;
    if (soon) add();
  }
}
