// A Plotly figure that Python describes; colours are roles ("@own", "@base", "@own:20" with an
// opacity in percent), so that a chart looks the same on every page and follows the theme.
const STATE = new WeakMap();
const GAP = 3;  // px between the cells of a matrix
const SMALLEST = 7;  // px of a figure that can be read

// Figures that stand on cells (a trace's meta) are as large as the longest fits, at most of the size
// that Python gives; where nobody could read them, the colour and the pointer have to say it.
function fit(root, graph, s, Plotly) {
  const at = s.data.traces.findIndex((one) => one.meta === "on cells");
  const { text = [], textfont } = s.data.traces[at] ?? {};
  if (!text.length) return;
  const axis = graph._fullLayout.xaxis, room = Math.abs(axis.l2p(1) - axis.l2p(0)) - GAP;
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `100px ${getComputedStyle(root).fontFamily}`;
  const widest = Math.max(...text.map((one) => pen.measureText(one).width)) / 100;  // of its size
  const size = Math.max(1, Math.floor(Math.min(textfont.size, 0.8 * room, room / widest))) || 1;
  const now = graph.data[at], visible = size >= SMALLEST;
  if (now.textfont.size !== size || (now.visible ?? true) !== visible)
    Plotly.restyle(graph, { "textfont.size": size, visible }, [at]);
}

async function draw(root, s) {
  const Plotly = await plotly(s.data.src);
  const { data } = s;
  const graph = root.querySelector(".odt-plot-graph");
  const colours = palette(root);
  const seen = JSON.stringify([data.traces, data.layout, data.height, colours]);
  if (seen === s.seen) return;
  const full = layout(data, getComputedStyle(root).fontFamily);
  for (const axis of ["xaxis2", "yaxis2"])
    if (!data.traces.some((one) => one[axis[0] + "axis"] === axis[0] + "2")) delete full[axis];
  await Plotly.react(graph, painted(data.traces, colours), painted(full, colours), options(data));
  s.seen = seen;
  graph.removeAllListeners?.("plotly_afterplot");
  graph.on("plotly_afterplot", () => fit(root, graph, s, Plotly));  // of another width, too
  fit(root, graph, s, Plotly);
  root.querySelector(".odt-plot-wait").textContent = "";
  graph.removeAllListeners?.("plotly_click");
  if (data.clicks)
    graph.on("plotly_click", ({ points: [{ x, y }] }) => s.click("clicked", { x, y }));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".odt-plot");
  let s = STATE.get(root);
  if (!s) STATE.set(root, (s = { turn: Promise.resolve() }));
  s.data = data;
  s.click = setTriggerValue;
  // A square in it is as high as the width leaves it: nothing blank follows on a narrow screen.
  root.querySelector(".odt-plot-graph").style.height =
    data.beside == null ? data.height + "px" : `min(${data.height}px, 100cqw + ${data.beside}px)`;
  root.style.cursor = data.clicks ? "pointer" : "";
  root.setAttribute("aria-label", data.label);
  // One drawing at a time, in order.
  s.turn = s.turn.then(() => draw(root, s)).catch((error) => {
    root.querySelector(".odt-plot-wait").textContent = "The chart cannot be drawn: " + error.message;
  });
}
