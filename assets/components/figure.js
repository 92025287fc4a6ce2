// A Plotly figure that Python describes; colours are roles ("@own", "@base", "@own:20" with an
// opacity in percent), so that a chart looks the same on every page and follows the theme.
const STATE = new WeakMap();

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
