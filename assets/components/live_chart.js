// A Plotly graph that outlives reruns: a tick only appends the points that are new, so nothing is
// remounted, the height stays and a zoom stays. Every tick carries the whole curves (a lost tick
// then loses nothing); what is already drawn is skipped by count.
const STATE = new WeakMap();
// Pixels beside the plot of a card, for the numbers of its axis and the last point.
const LEFT = 44, RIGHT = 8;
const NARROW = 340;  // below it two columns of names overlap
const CONFIG = { displayModeBar: false, showTips: false, doubleClick: "reset+autosize" };

function palette(root) {
  const css = getComputedStyle(root);
  const of = (name) => css.getPropertyValue(name).trim();
  return { own: of("--st-link-color"), base: of("--st-gray-color"), text: of("--st-gray-text-color"),
    grid: of("--st-border-color"), font: of("--st-font"), paper: of("--st-background-color") };
}

function asTrace(series, colours, large) {
  return { name: series.name, x: series.x, y: series.y, mode: series.marks ? "lines+markers" : "lines",
    opacity: series.faint ? 0.45 : 1, hovertemplate: series.hover,
    line: { color: colours[series.role], width: (series.role === "base" ? 1.5 : 2) * (large ? 1.6 : 1), dash: series.dash },
    marker: { size: large ? 9 : 5, symbol: series.marks || "circle", color: colours[series.role] } };
}

function layout(data, colours, revision, { low, lines, left }) {
  const axis = { gridcolor: colours.grid, zeroline: false, linecolor: colours.grid, automargin: false };
  const top = data.large ? 34 : 26 + 18 * (lines - 1);
  return { autosize: true, margin: { l: data.large ? 56 : LEFT, r: RIGHT, t: top, b: data.large ? 40 : low ? 20 : 30 }, uirevision: revision,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "x",
    font: { family: colours.font, size: data.large ? 14 : 11, color: colours.text },
    legend: { orientation: "h", x: left, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", itemwidth: 30, maxheight: 1,
      ...(lines > 1 ? { entrywidth: lines === 2 ? 0.5 : 1, entrywidthmode: "fraction" } : {}) },
    hoverlabel: { bgcolor: colours.paper, font: { color: colours.text } },
    // A little further than the last point, which is a mark.
    xaxis: { ...axis, range: [0, 1.015 * data.x_max], title: { text: low ? "" : data.x_title, standoff: 4 }, showgrid: false },
    yaxis: { ...axis, nticks: low ? 4 : 0, tickformat: data.percent ? ".0%" : "",
      ...(data.y_range ? { range: data.y_range } : { rangemode: "tozero" }) } };
}

// Four names need two lines in a card, four in a narrow one; a low graph has no room for the axis' name.
function room(data, graph) {
  const lines = data.series.length < 4 || data.large ? 1 : graph.clientWidth < NARROW ? 4 : 2;
  // Two long names a line need the space above the axis' numbers, too: a share of the plot's width.
  const left = lines === 2 ? (4 - LEFT) / (graph.clientWidth - LEFT - RIGHT) : 0;
  return { lines, left, low: graph.clientHeight < (lines === 4 ? 190 : 150) };
}

async function draw(root, s) {
  // An empty chart lets the page come first: five megabytes of script are a lot to read.
  if (!s.data.series.length && !window.__odtPlotly) {
    s.later ??= setTimeout(() => { plotly(s.data.src); next(root, s); }, 1200);
    return;
  }
  const Plotly = await plotly(s.data.src);
  const { data } = s;  // the newest: ticks may have passed while Plotly loaded
  const graph = root.querySelector(".odt-chart-graph");
  const colours = palette(root);
  const space = room(data, graph);
  s.watch ??= watch(root, s);
  if (!data.series.length) {  // a graph that is there already shows its first point much sooner
    await Plotly.react(graph, [], layout(data, colours, data.run, space), CONFIG);
    s.names = null;
    return;
  }
  const look = JSON.stringify([colours, space, data.y_range]);
  const names = JSON.stringify([data.run, data.x_max, data.series.map((one) => one.name)]);
  if (s.names !== names || s.look !== look) {  // another run, theme or axis
    await Plotly.react(graph, data.series.map((one) => asTrace(one, colours, data.large)),
      layout(data, colours, data.run, space), CONFIG);
    Object.assign(s, { names, look, counts: data.series.map((one) => one.x.length) });
    return;
  }
  const longer = data.series.map((_, i) => i).filter((i) => data.series[i].x.length > s.counts[i]);
  if (!longer.length) return;
  const tail = (axis) => longer.map((i) => data.series[i][axis].slice(s.counts[i]));
  const update = { x: tail("x"), y: tail("y") };
  longer.forEach((i) => { s.counts[i] = data.series[i].x.length; });
  await Plotly.extendTraces(graph, update, longer);
}

// The style sheet may change the size at any time, not only with the window.
function watch(root, s) {
  const graph = root.querySelector(".odt-chart-graph");
  const watcher = new ResizeObserver(() => {
    if (!root.isConnected) {  // its page was left
      watcher.disconnect();
      s.watch = null;
      return;
    }
    s.turn = s.turn.then(() => graph.clientHeight && graph.data && window.Plotly.Plots.resize(graph));
    next(root, s);
  });
  watcher.observe(graph);
  return watcher;
}

// One drawing at a time, in order.
function next(root, s) {
  s.turn = s.turn.then(() => draw(root, s)).catch((error) => {
    root.querySelector(".odt-chart-wait").textContent = "The chart cannot be drawn: " + error.message;
  });
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".odt-chart");
  let s = STATE.get(root);
  if (!s) STATE.set(root, (s = { turn: Promise.resolve() }));
  s.data = data;
  // The graph keeps its height where look.css folds the place of an empty one.
  root.style.height = root.querySelector(".odt-chart-graph").style.height = `var(--odt-chart, ${data.height}px)`;
  root.setAttribute("aria-label", data.label);
  root.querySelector(".odt-chart-wait").textContent = data.wait || "";
  root.classList.toggle("empty", !data.series.length);
  next(root, s);
}
