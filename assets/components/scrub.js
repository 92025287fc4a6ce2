// Checkpoints to drag through. All answers are here already, so that nothing waits for the server
// while a finger moves; a rerun of the page keeps the place.
const PLACES = new WeakMap();

function put(root, selector, text) {
  const part = root.querySelector(selector);
  if (part.textContent !== text) part.textContent = text;
}

function face(one) {
  const box = document.createElement("figure");
  const picture = document.createElement("img");
  picture.src = one.uri;
  picture.alt = one.title;
  const title = document.createElement("figcaption");
  title.textContent = one.title;
  const base = document.createElement("p");
  base.textContent = "base " + one.says[0];
  const now = document.createElement("p");
  now.className = "now";
  box.append(picture);
  if (one.answers) box.append(drawn(one.target, "Target"));
  box.append(title);
  if (one.answers) box.append(drawn(one.answers[0], "What the base model answers"));
  box.append(base);
  if (one.answers) box.append(drawn("", "What the checkpoint answers", "now"));
  box.append(now);
  return box;
}

function drawn(uri, alt, name = "") {
  const picture = document.createElement("img");
  if (uri) picture.src = uri;
  return Object.assign(picture, { alt, className: name });
}

function show(root, s) {
  const { data, at } = s;
  const stop = data.stops[at];
  const input = root.querySelector("input");
  input.value = at;
  input.setAttribute("aria-valuetext", `${stop.name}, ${stop.figure}`);
  put(root, ".own h3", stop.name);
  put(root, ".own strong", stop.figure);
  put(root, ".own p", stop.remark);
  put(root, ".odt-verdict", stop.sentence);
  root.querySelectorAll(".odt-faces figure").forEach((box, k) => {
    const one = data.faces[k];
    const right = one.right[at]; // not of numbers and pictures
    put(box, "p.now", (right === undefined ? "" : right ? "✓ " : "✗ ") + one.says[at]);
    if (one.answers) box.querySelector("img.now").src = one.answers[at];
    box.classList.toggle("wrong", right === false);
    box.classList.toggle("first", at === 0);
  });
  const graph = root.querySelector(".odt-plot-graph");
  if (s.drawn) s.Plotly.restyle(graph, { x: [[at]], y: [[data.marks[at]]] }, [data.traces.length]);
}

async function draw(root, s) {
  s.Plotly = await plotly(s.data.src);
  const { data } = s;
  const colours = palette(root);
  const seen = JSON.stringify([data, colours]);
  if (seen === s.seen) return;
  const graph = root.querySelector(".odt-plot-graph");
  const here = { type: "scatter", mode: "markers", x: [s.at], y: [data.marks[s.at]], hoverinfo: "skip",
    showlegend: false, cliponaxis: false,
    marker: { size: 22, color: "rgba(0,0,0,0)", line: { color: "@own", width: 4 } } };
  await s.Plotly.react(graph, painted([...data.traces, here], colours),
    painted(layout(data, getComputedStyle(root).fontFamily), colours), options(data));
  Object.assign(s, { seen, drawn: true });
  put(root, ".odt-plot-wait", "");
  beneath(root, s);
  graph.removeAllListeners?.("plotly_afterplot");
  graph.on("plotly_afterplot", () => beneath(root, s));
  graph.removeAllListeners?.("plotly_click");
  graph.on("plotly_click", ({ points: [point] }) => go(root, s, Math.round(point.x)));
}

// The handle moves exactly above the chart's points. A handle is 16 px wide.
function beneath(root, s) {
  const axis = root.querySelector(".odt-plot-graph")._fullLayout?.xaxis;
  if (!axis) return;
  const [first, last] = [0, s.data.stops.length - 1].map((at) => axis._offset + axis.l2p(at));
  const input = root.querySelector("input");
  input.style.marginLeft = `${first - 8}px`;
  input.style.width = `${last - first + 16}px`;
}

function go(root, s, at) {
  s.at = Math.max(0, Math.min(s.data.stops.length - 1, at));
  s.name = s.data.stops[s.at].name;
  show(root, s);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".odt-scrub");
  let s = PLACES.get(root);
  if (!s) {
    PLACES.set(root, (s = { turn: Promise.resolve() }));
    root.querySelector("input").addEventListener("input", (event) => go(root, s, Number(event.target.value)));
  }
  const before = s.data && JSON.stringify(s.data.faces);
  s.data = data;
  const known = data.stops.findIndex((stop) => stop.name === s.name);
  const input = root.querySelector("input");
  input.max = data.stops.length - 1;
  put(root, ".base h3", data.stops[0].name);
  put(root, ".base strong", data.stops[0].figure);
  put(root, ".base p", data.stops[0].remark);
  if (before !== JSON.stringify(data.faces)) root.querySelector(".odt-faces").replaceChildren(...data.faces.map(face));
  root.querySelector(".odt-plot").style.height = data.height + "px";
  root.querySelector(".odt-plot").setAttribute("aria-label", data.label);
  go(root, s, known >= 0 ? known : data.stops.length - 1);
  // One drawing at a time, in order.
  s.turn = s.turn.then(() => draw(root, s)).catch((error) => {
    put(root, ".odt-plot-wait", "The chart cannot be drawn: " + error.message);
  });
}
