// What all Plotly charts of the Evaluate page share: colours by role, the layout they begin with.
// A custom property may say light-dark(…); only a used colour is resolved. A contrast theme puts its own
// in place of every colour that is used, but for here.
function used(root, name) {
  root.style.forcedColorAdjust = "none";
  root.style.color = `var(${name})`;
  const [r, g, b] = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
  root.style.color = root.style.forcedColorAdjust = "";
  return [r, g, b];
}

function palette(root) {
  const names = { own: "--odt-own", base: "--odt-quiet", soft: "--odt-base-soft", line: "--odt-line",
    card: "--odt-card", text: "--st-text-color", quiet: "--odt-quiet" };
  return Object.fromEntries(Object.entries(names).map(([role, name]) => [role, used(root, name)]));
}

function painted(value, colours) {
  if (Array.isArray(value)) return value.map((one) => painted(one, colours));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, painted(one, colours)]));
  const match = typeof value === "string" && value.match(/^@(\w+)(?::(\d+))?$/);
  if (!match || !colours[match[1]]) return value;
  const [r, g, b] = colours[match[1]];
  return match[2] ? `rgba(${r},${g},${b},${match[2] / 100})` : `rgb(${r},${g},${b})`;
}

function merged(under, over) {
  const both = { ...under };
  for (const [key, value] of Object.entries(over || {}))
    both[key] = value && typeof value === "object" && !Array.isArray(value)
      ? merged(under[key] || {}, value) : value;
  return both;
}

function layout(data, font) {
  const axis = { gridcolor: "@line", zeroline: false, linecolor: "@line", automargin: true,
    tickfont: { size: 13 }, title: { standoff: 8, font: { size: 13 } }, fixedrange: true };
  return merged({ height: data.height, margin: { l: 48, r: 12, t: 30, b: 40 },
    paper_bgcolor: "@card", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest", dragmode: false,
    font: { family: font, size: 14, color: "@text" }, xaxis: axis, yaxis: axis, xaxis2: axis, yaxis2: axis,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    hoverlabel: { bgcolor: "@card", bordercolor: "@line", font: { color: "@text" } } }, data.layout[0]);
}

function options(data) {
  return { responsive: true, displaylogo: false, showTips: false, displayModeBar: "hover",
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: { format: "png", scale: 3, filename: data.file } };
}
